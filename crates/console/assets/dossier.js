// A dossier, opened where the responder is (G9). The identity is read from a file, a paste or a passkey, and is used in this page only: no
// request of it carries anything but the signed wish to have the sealed bytes. What was opened is shown, never stored, and goes with the page.
import { AgeError, open, readIdentities, isLocked } from "./age.js";
import { evaluatePrf, identitiesFromPrf } from "./dossier-key.js";
import { say } from "./texts.js";

const FORMAT = "rempart-dossier/1";
/** How far the clocks of a sealer and of the server may be apart, and how long sealing and handing in may take. */
const APART_MS = 48 * 3600 * 1000;
const IDENTITY_BYTES_MAX = 64 * 1024;

const find = (selector) => document.querySelector(selector);
const LOCALE = document.documentElement.lang === "fr" ? "fr-FR" : "en-GB";

/** What the page itself says: its texts stand in it, hidden. */
const said = (code) => find(`#dossier-texts [data-text="${code}"]`)?.textContent ?? code;

let identities = [];
let handed = null;

// ---- the identity ----

/** The bytes of the file that was chosen, or of what was pasted. */
async function chosen() {
  const [file] = find("#identity-file").files;
  if (file) {
    if (file.size > IDENTITY_BYTES_MAX) throw new AgeError("no-key");
    return new Uint8Array(await file.arrayBuffer());
  }
  const pasted = find("#identity-text").value.trim();
  if (pasted === "") throw new AgeError("none-chosen");
  return new TextEncoder().encode(pasted);
}

async function fromFile() {
  const file = await chosen();
  find("#identity-locked").hidden = !isLocked(file);
  const passphrase = find("#identity-passphrase").value;
  if (isLocked(file) && passphrase === "") find("#identity-passphrase").focus();
  return readIdentities(file, passphrase);
}

async function fromPasskey() {
  const first = await evaluatePrf();
  if (first === undefined) throw new AgeError("no-prf");
  return identitiesFromPrf(first);
}

async function use(read) {
  const status = find("#identity .status");
  say(status, said("reading"));
  try {
    identities = await read();
    clearTyped();
    say(status, said("ready"), "good");
    if (handed !== null) await show();
  } catch (error) {
    say(status, reason(error), "bad");
  }
}

function reason(error) {
  if (error instanceof AgeError) return said(error.code);
  return said(error instanceof DOMException && error.name === "NotAllowedError" ? "no-passkey" : "browser");
}

function clearTyped() {
  find("#identity-file").value = "";
  find("#identity-text").value = "";
  find("#identity-passphrase").value = "";
  find("#identity-locked").hidden = true;
}

// ---- the packet ----

const sealedBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function show() {
  const status = find("#opening");
  if (identities.length === 0) return say(status, said("key-first"), "bad");
  say(status, said("reading"));
  const parts = [];
  for (const sealed of handed.packets) parts.push(await one(sealed));
  find("#opened").replaceChildren(...parts);
  // What is shown stands at the top, unless another key is needed.
  asks(parts.some((part) => part.querySelector(".bad") !== null));
  find("#away").hidden = false;
  say(status, "");
  find("#opened").focus();
}

/** Whether the page asks for a key and for the words. */
function asks(does) {
  find("#identity").hidden = !does;
  find("#open-dossier").closest("section").hidden = !does;
}

/** One revision: what it says of itself first, then what is in it. */
async function one(sealed) {
  const card = fill(find("#revision-sheet"), {});
  const known = handed.revisions.find((revision) => revision.revision === sealed.revision);
  put(card, "revision", String(sealed.revision));
  put(card, "kept_at", known ? when(known.kept_at) : "");
  card.querySelector("[data-forced]").hidden = known?.free !== false;
  try {
    const plain = await open(sealedBytes(sealed.sealed), identities);
    const whole = understood(new TextDecoder().decode(plain));
    plain.fill(0);
    put(card, "sealed_at", when(whole.binding.sealed_at));
    present(card, whole, doubts(whole.binding, sealed.revision, known));
  } catch (error) {
    card.querySelector("[data-packet]").append(paragraph(reason(error), "bad"));
  }
  return card;
}

function understood(text) {
  let whole;
  try {
    whole = JSON.parse(text);
  } catch {
    throw new AgeError("no-packet");
  }
  if (whole?.format !== FORMAT) throw new AgeError(String(whole?.format).startsWith("rempart-dossier/") ? "newer" : "no-packet");
  if (typeof whole.packet?.name !== "string" || typeof whole.binding?.person !== "string") throw new AgeError("no-packet");
  return whole;
}

/** What the sealed text says of itself and what was asked for, where they do not agree. */
function doubts(binding, revision, known) {
  const apart = known ? Math.abs(new Date(known.kept_at) - new Date(binding.sealed_at)) : 0;
  return [
    ["doubt-organisation", binding.organisation !== handed.organisation],
    ["doubt-person", binding.person !== handed.person],
    ["doubt-revision", binding.revision !== revision],
    ["doubt-time", !(apart <= APART_MS)],
  ].filter(([, is]) => is).map(([code]) => code);
}

/** Nothing of a packet with doubts is shown until somebody says so. */
function present(card, whole, found) {
  const place = card.querySelector("[data-packet]");
  const sheet = () => place.replaceChildren(...warnings(found), fill(find("#packet-sheet"), whole.packet), ...photo(whole.packet));
  if (found.length === 0) return sheet();
  const despite = document.createElement("button");
  despite.type = "button";
  despite.className = "bad";
  despite.textContent = said("despite");
  despite.addEventListener("click", sheet);
  return place.replaceChildren(...warnings(found), despite);
}

const warnings = (found) => found.map((code) => paragraph(said(code), "notice bad"));

function paragraph(text, kind) {
  const made = document.createElement("p");
  made.className = kind;
  made.textContent = text;
  return made;
}

function photo(packet) {
  const bytes = typeof packet.photo === "string" ? packet.photo : "";
  const kind = bytes.startsWith("/9j/") ? "jpeg" : bytes.startsWith("iVBORw0KGgo") ? "png" : "";
  if (kind === "") return [];
  const image = document.createElement("img");
  image.alt = said("photo");
  image.className = "photo";
  image.src = `data:image/${kind};base64,${bytes}`;
  return [image];
}

function when(at) {
  const date = new Date(at);
  return Number.isNaN(date.valueOf()) ? "" : date.toLocaleString(LOCALE, { dateStyle: "medium", timeStyle: "short" });
}

function put(root, way, text) {
  const place = root.querySelector(`[data-way="${way}"]`);
  place.querySelector("dd").textContent = text;
  place.hidden = text === "";
}

/** A copy of a template with the values that there are; what has none is left out. */
function fill(template, value) {
  const root = template.content.firstElementChild.cloneNode(true);
  for (const part of root.querySelectorAll("[data-each]")) {
    const list = [value[part.dataset.each] ?? []].flat();
    part.replaceWith(...list.map((item) => filled(part.cloneNode(true), item)));
  }
  return filled(root, value);
}

function filled(root, value) {
  for (const place of root.querySelectorAll("[data-way]")) {
    if (place.closest("[data-each]") !== (root.matches("[data-each]") ? root : null)) continue;
    const text = value[place.dataset.way];
    if (typeof text === "string") place.querySelector("dd").textContent = text;
    place.hidden = typeof text !== "string";
  }
  return root;
}

// ---- the page ----

/** Everything that was opened, and every key, leaves the page. */
function putAway() {
  identities = [];
  handed = null;
  clearTyped();
  find("#opened").replaceChildren();
  find("#away").hidden = true;
  asks(true);
  say(find("#opening"), "");
  say(find("#identity .status"), "");
}

find("#identity-use").addEventListener("click", () => use(fromFile));
find("#identity-passkey").addEventListener("click", () => use(fromPasskey));
find("#identity-file").addEventListener("change", () => use(fromFile));
find("#identity-passphrase").addEventListener("keydown", (event) => { if (event.key === "Enter") use(fromFile); });
find("#put-away").addEventListener("click", () => { putAway(); find("#identity-file").focus(); });
document.addEventListener("acted", (event) => {
  if (!Array.isArray(event.detail?.packets)) return;
  // The page stays: what was handed over is in this variable alone.
  event.preventDefault();
  handed = event.detail;
  event.target.querySelector("button:not([type=button])").disabled = false;
  show().catch((error) => say(find("#opening"), reason(error), "bad"));
});
addEventListener("pagehide", putAway);
document.querySelectorAll("#identity button").forEach((button) => { button.disabled = false; });
