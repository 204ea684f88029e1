// The age identity that follows from a passkey (G9): the same key on every device that has it, derived and never stored. An ES module; the
// same text runs in node, where a test compares it with the published vectors and with age's own program in JavaScript.

/** What the passkey's PRF is evaluated on: `prf.eval.first`. */
export const PASSKEY_PRF_INPUT = new TextEncoder().encode("rempart/dossier/passkey/v1");

const IDENTITY_DOMAIN = new TextEncoder().encode("rempart/dossier/identity/v1");
const PRF_BYTES = 32;
const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** An X25519 private key as PKCS #8, all but the key: Web Crypto imports none without it (RFC 8410). */
const PKCS8 = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32]);

function checksum(values) {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((part, bit) => { if ((top >>> bit) & 1) sum ^= part; });
  }
  return (sum ^ 1) >>> 0;
}

/** Bech32 (BIP 173) of bytes under a lower-case name. */
export function bech32(name, bytes) {
  const values = [];
  let rest = 0, bits = 0;
  for (const byte of bytes) {
    rest = ((rest << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) { bits -= 5; values.push((rest >>> bits) & 31); }
  }
  if (bits > 0) values.push((rest << (5 - bits)) & 31);
  const letters = Array.from(name, (letter) => letter.charCodeAt(0));
  const spread = [...letters.map((code) => code >>> 5), 0, ...letters.map((code) => code & 31)];
  const sum = checksum([...spread, ...values, 0, 0, 0, 0, 0, 0]);
  for (let place = 25; place >= 0; place -= 5) values.push((sum >>> place) & 31);
  return name + "1" + values.map((value) => LETTERS[value]).join("");
}

/** A private key that Web Crypto uses, and its public half. The bytes are not kept. */
export async function pointOf(key) {
  const wrapped = new Uint8Array([...PKCS8, ...key]);
  const secret = await crypto.subtle.importKey("pkcs8", wrapped, "X25519", true, ["deriveBits"]);
  wrapped.fill(0);
  // Web Crypto gives the public half only inside an export.
  const { x } = await crypto.subtle.exportKey("jwk", secret);
  const point = Uint8Array.from(atob(x.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return { secret, point };
}

/** The 32 bytes of an age identity that follow from what a PRF gave. */
async function keyFromPrf(output) {
  const given = new Uint8Array(output);
  if (given.length !== PRF_BYTES) throw new TypeError("a PRF gives 32 bytes");
  const material = await crypto.subtle.importKey("raw", given, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: IDENTITY_DOMAIN };
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, 8 * PRF_BYTES));
}

/** The identity (`AGE-SECRET-KEY-1…`) and the recipient (`age1…`) that follow from what a PRF gave. */
export async function identityFromPrf(output) {
  const key = await keyFromPrf(output);
  const { point } = await pointOf(key);
  const identity = bech32("age-secret-key-", key).toUpperCase();
  key.fill(0);
  return { identity, recipient: bech32("age", point) };
}

/** The same for opening: one identity, which stays inside Web Crypto. */
export async function identitiesFromPrf(output) {
  const key = await keyFromPrf(output);
  const identity = await pointOf(key);
  key.fill(0);
  return [identity];
}

/** What the passkey of this device gives for a dossier key; `undefined` when it has no PRF. The assertion around it is thrown away. */
export async function evaluatePrf() {
  const { relying_party: rpId } = await (await fetch("/v1/passkeys", { credentials: "omit" })).json();
  const publicKey = {
    challenge: crypto.getRandomValues(new Uint8Array(32)), rpId, userVerification: "required",
    extensions: { prf: { eval: { first: PASSKEY_PRF_INPUT } } },
  };
  const made = await navigator.credentials.get({ publicKey });
  return made.getClientExtensionResults().prf?.results?.first;
}
