// Sign-in, what waits, approval of exactly what is shown, another phrase, a further passkey.
import { Ceremony } from "./ceremony.js";
import { Session, transferId } from "./client.js";
import { Problem, createPasskey } from "./passkey.js";
import { phraseFields } from "./phrase-field.js";
import { showPayload, showTransfers } from "./transfer.js";
import { say, text } from "./texts.js";

const find = (selector) => document.querySelector(selector);
const fields = phraseFields();
const sections = [...document.querySelectorAll("main > section")];
const session = new Session();
const ceremony = new Ceremony(fields, go);
let chosen = null;

function go(id) {
  sections.forEach((section) => { section.hidden = section.id !== id; });
  Object.values(fields).forEach((field) => field.clear());
  find(`#${id} h2`).focus();
}

/** Runs one act of the section: its button works again when it is over, its words are gone before anything is sent. */
async function perform(section, fieldId, act) {
  const status = find(`#${section} .status`);
  const button = find(`#${section} button`);
  const phrase = fields[fieldId].read();
  if (phrase === null) return say(status, text("not-yet-words"), "bad");
  fields[fieldId].clear();
  button.disabled = true;
  say(status, text("working"));
  try {
    await act(phrase.words);
    say(status, "");
  } catch (error) {
    say(status, explain(error), "bad");
  } finally {
    button.disabled = false;
  }
}

function explain(error) {
  if (error instanceof Problem) return error.message;
  if (error instanceof DOMException) return text(error.name === "InvalidStateError" ? "device-known" : "device-refused");
  return text("no-connection");
}

function signIn() {
  const by = find("#by").value.trim();
  if (by === "") return say(find("#sign-in .status"), text("name-first"), "bad");
  return perform("sign-in", "sign-in-words", async (words) => {
    await session.signIn(by, words);
    find("#by").value = "";
    find("#who").textContent = text("signed-in-as", by);
    await look();
  });
}

async function look(message = "") {
  const { transfers } = await session.read("/v1/transfers?status=pending");
  showTransfers(find("#transfers"), transfers, choose);
  go("inside");
  say(find("#inside .status"), message, "good");
}

/** Shows a transfer for approval: the payload itself, whose hash is the id, and nothing else that the server says of it. */
async function choose(id) {
  const transfer = await session.read(`/v1/transfers/${id}`);
  chosen = null;
  go("approve");
  find("#payload").replaceChildren();
  const same = (await transferId(transfer.payload)) === id;
  find("#approve-this").disabled = !same;
  if (!same) return say(find("#approve .status"), text("altered"), "bad");
  showPayload(find("#payload"), transfer.payload, id);
  chosen = id;
  return say(find("#approve .status"), "");
}

function approve() {
  const id = chosen;
  if (id === null) return say(find("#approve .status"), text("altered"), "bad");
  return perform("approve", "approve-words", async (words) => {
    await session.act(`/v1/transfers/${id}/approve`, { payload_hash: id }, words);
    chosen = null;
    await look(text("approved"));
  });
}

function drawPhrase() {
  const language = find("input[name=list]:checked").value;
  return perform("another-phrase", "old-words", async (words) => {
    const drawn = await session.act("/v1/me/phrase", { language }, words);
    find("#alone").checked = false;
    ceremony.begin(drawn);
  }).then(() => { find("#draw").disabled = !find("#alone").checked; });
}

function addPasskey() {
  return perform("further-passkey", "device-words", async (words) => {
    const device = await createPasskey(session.by);
    await session.act("/v1/me/devices", { device }, words);
    await look(text("device-proposed"));
  });
}

function leave() {
  chosen = null;
  find("#transfers").replaceChildren();
  find("#payload").replaceChildren();
  find("#who").textContent = "";
  go("sign-in");
  say(find("#sign-in .status"), text("signed-out"));
  return session.signOut();
}

find("#enter").addEventListener("click", signIn);
find("#again").addEventListener("click", () => look().catch((error) => say(find("#inside .status"), explain(error), "bad")));
find("#approve-this").addEventListener("click", approve);
find("#draw").addEventListener("click", drawPhrase);
find("#make").addEventListener("click", addPasskey);
find("#leave").addEventListener("click", leave);
find("#alone").addEventListener("change", (event) => { find("#draw").disabled = !event.target.checked; });
document.querySelectorAll("[data-go]").forEach((button) => button.addEventListener("click", () => go(button.dataset.go)));
for (const [id, press] of [["sign-in-words", signIn], ["approve-words", approve], ["device-words", addPasskey]]) {
  find(`#${id}`).addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.defaultPrevented) press(); });
}
addEventListener("pagehide", () => session.forget());
