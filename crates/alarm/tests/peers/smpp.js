// An SMS provider on loopback for the tests of src/smpp: the independent package `smpp` (node-smpp) in server mode.
// Events go to standard output, orders come from standard input, one JSON object a line each.
"use strict";

const fs = require("fs");
const readline = require("readline");
const smpp = require("smpp");

// What the next requests get: lists are used up from the front, then everything is answered well.
const mood = { bind: [], submit: [], enquire: [] };
let session = null;
let submitted = 0;

function tell(event, fields) {
  process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");
}

function text(message) {
  const body = message && message.message !== undefined ? message.message : message;
  return typeof body === "string" ? body : Buffer.from(body || "").toString("hex");
}

function header(message) {
  const udh = message && message.udh;
  if (!udh) return "";
  const parts = Array.isArray(udh) ? udh : [udh];
  return parts.map((part) => Buffer.from(part).toString("hex")).join("");
}

// One entry: {status}, {delay} in milliseconds, {hang: true}, {drop: true}.
function react(which, pdu, from, fields) {
  const how = mood[which].shift() || {};
  if (how.hang) return;
  if (how.drop) return void from.socket.destroy();
  const answer = () => from.send(pdu.response({ command_status: how.status || 0, ...fields }));
  if (how.delay) setTimeout(answer, how.delay);
  else answer();
  return how;
}

function serve(opened) {
  session = opened;
  tell("session", {});
  opened.on("error", () => {});
  opened.on("close", () => tell("close", {}));
  opened.on("bind_transceiver", (pdu) => {
    const { system_id, password, system_type, interface_version } = pdu;
    tell("bind", { system_id, password, system_type, interface_version, sequence: pdu.sequence_number });
    const known = password === "pass-5309";
    if (!known) mood.bind.unshift({ status: smpp.ESME_RINVPASWD });
    react("bind", pdu, opened, { system_id: "simulator" });
  });
  opened.on("submit_sm", (pdu) => {
    const fields = ["source_addr_ton", "source_addr_npi", "source_addr", "dest_addr_ton", "dest_addr_npi",
      "destination_addr", "esm_class", "data_coding", "registered_delivery"];
    const said = Object.fromEntries(fields.map((name) => [name, pdu[name]]));
    const message = pdu.message_payload !== undefined ? pdu.message_payload : pdu.short_message;
    submitted += 1;
    tell("submit", { ...said, sequence: pdu.sequence_number, number: submitted,
      payload: pdu.message_payload !== undefined, text: text(message), udh: header(message) });
    react("submit", pdu, opened, { message_id: "msg-" + submitted });
  });
  opened.on("enquire_link", (pdu) => {
    tell("enquire", {});
    react("enquire", pdu, opened, {});
  });
  opened.on("unbind", (pdu) => {
    tell("unbind", {});
    opened.send(pdu.response());
  });
  for (const name of ["deliver_sm_resp", "enquire_link_resp", "unbind_resp", "generic_nack"]) {
    opened.on(name, (pdu) => tell(name, { status: pdu.command_status, sequence: pdu.sequence_number }));
  }
}

function obey(order) {
  if (order.mood) mood[order.mood].push(...order.entries);
  if (order.send) session[order.send](order.fields || {});
  if (order.octets) {
    const fields = { ...order.fields, short_message: { message: Buffer.from(order.octets, "hex") } };
    session.deliver_sm(fields);
  }
  if (order.raw) session.socket.write(Buffer.from(order.raw, "hex"));
  if (order.drop) session.socket.destroy();
}

const [certificate, key] = process.argv.slice(2);
const options = certificate ? { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) } : {};
const server = smpp.createServer(options, serve);
server.on("error", () => {});
server.listen(0, "127.0.0.1", () => tell("listening", { port: server.address().port }));
const orders = readline.createInterface({ input: process.stdin });
orders.on("line", (line) => {
  obey(JSON.parse(line));
  tell("obeyed", {});
});
// Whoever started this is gone.
orders.on("close", () => process.exit(0));
