// A receiver of webhooks that has only our public key (`whpk_` and base64) and checks it with node's own library.
// usage: webhook_server.mjs PUBLIC_KEY
import { createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http";

const raw = Buffer.from(process.argv[2].replace(/^whpk_/, ""), "base64");
const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": offered } = request.headers;
    const signed = Buffer.concat([Buffer.from(`${id}.${time}.`), body]);
    const fits = (text) =>
      text.startsWith("v1a,") && verify(null, signed, key, Buffer.from(text.slice(4), "base64"));
    const believed = Math.abs(Date.now() / 1000 - Number(time)) < 300 && offered.split(" ").some(fits);
    response.writeHead(believed ? 200 : 401).end();
    console.log(JSON.stringify({ believed, id, body: JSON.parse(body) }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`ready ${server.address().port}`));
