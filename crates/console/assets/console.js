// What every page of the console does: acts that a device signs, lists that renew themselves, waits that count down. Nothing of what was
// typed is kept; the three words leave their field when they are sent.
import { say, text } from "./texts.js";

const WAITING_MS = 1000;
const language = document.documentElement.lang;

// ---- acts ----

/** Puts a value into a command under a way such as `outputs.0.amount`. */
function put(command, way, value) {
  const parts = way.split(".");
  const last = parts.pop();
  let at = command;
  parts.forEach((part, index) => {
    const next = parts[index + 1] ?? last;
    at[part] ??= /^\d+$/.test(next) ? [] : {};
    at = at[part];
  });
  at[last] = value;
}

/** What a field says, or `undefined` when it says nothing. */
async function valueOf(input) {
  const typed = input.value.trim();
  switch (input.dataset.kind) {
    case "yes": return input.checked;
    case "lines": return input.value === "" ? undefined : input.value;
    case "moment": return typed === "" ? undefined : new Date(typed).toISOString();
    case "names": return typed.split(/[\s,]+/).filter((name) => name !== "");
    case "passkey": return (await import("./passkey.js")).createPasskey(document.body.dataset.by);
    case "file": return input.files[0] ? fileOf(await input.files[0].arrayBuffer()) : undefined;
    default: return typed === "" ? undefined : typed;
  }
}

/** A file in base64. A transaction that was saved as text is that already. */
function fileOf(buffer) {
  const begins = String.fromCharCode(...new Uint8Array(buffer, 0, Math.min(6, buffer.byteLength)));
  return begins === "cHNidP" ? new TextDecoder().decode(buffer).trim() : base64(buffer);
}

function base64(buffer) {
  let bytes = "";
  for (const byte of new Uint8Array(buffer)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}

/** The command that a form stands for. */
export async function commandOf(form) {
  const command = JSON.parse(form.dataset.command);
  for (const input of form.querySelectorAll("[data-field]")) {
    if (input.type === "radio" && !input.checked) continue;
    const value = await valueOf(input);
    if (value !== undefined) put(command, input.dataset.field, value);
  }
  return command;
}

export function explain(error) {
  if (error instanceof DOMException) return text(error.name === "InvalidStateError" ? "device-known" : "device-refused");
  return error.status === undefined ? text("no-connection") : error.message;
}

/** What the device is asked to sign for: the operation, and the command, which must be the one whose payload was shown, where one was. */
async function signedBy(form) {
  const [path, method = "POST"] = form.dataset.act.split(" ").reverse();
  const command = await commandOf(form);
  const payload = form.querySelector("[data-payload]");
  if (payload !== null && payload.childElementCount === 0) {
    // The connection is slow: it is shown now, and nothing is signed before it was looked at.
    await opened(form);
    throw Object.assign(new Error(text("look-first")), { status: 0 });
  }
  const shown = payload === null || await (await import("./transfer.js")).isShown(payload, command.payload_hash);
  if (!shown) throw Object.assign(new Error(text("altered")), { status: 0 });
  return { method, path, command };
}

/** One act: the words are out of the field before anything is sent. Other scripts of a page listen to `acted` on the form. */
async function perform(form) {
  const status = form.querySelector(".status");
  const button = form.querySelector("button:not([type=button])");
  const field = await fieldOf(form);
  const phrase = field.read();
  if (phrase === null) return say(status, text("not-yet-words"), "bad");
  field.clear();
  button.disabled = true;
  say(status, text("working"));
  try {
    const { sendCommand } = await import("./passkey.js");
    const by = document.body.dataset.by ?? form.querySelector("[data-by]").value.trim();
    const accepted = await sendCommand({ ...await signedBy(form), by, phrase: phrase.words.join(" ") });
    say(status, text("done"), "good");
    delete form.dataset.keep;
    const event = new CustomEvent("acted", { detail: accepted, bubbles: true, cancelable: true });
    if (form.dispatchEvent(event)) go(form, accepted);
  } catch (error) {
    say(status, explain(error), "bad");
    button.disabled = false;
  }
}

function go(form, accepted) {
  const then = form.dataset.then;
  if (then === undefined) return location.reload();
  // An act after which the page is the same as before: what was said of it stays until the page is left.
  if (then === "") return undefined;
  return location.assign(then.replace(/\{(\w+)\}/g, (whole, name) => encodeURIComponent(accepted[name] ?? "")));
}

// ---- the three words: their script and lists are loaded when a field is first used ----

const fields = new WeakMap();

async function fieldOf(form) {
  const element = form.querySelector("fieldset.phrase");
  if (!fields.has(element)) {
    const { PhraseField } = await import("./phrase-field.js");
    if (!fields.has(element)) fields.set(element, new PhraseField(element));
  }
  return fields.get(element);
}

document.addEventListener("focusin", (event) => {
  const form = event.target.closest?.("form.act");
  if (!form) return;
  // From now on a page that renews itself leaves the form alone.
  form.dataset.keep = "";
  if (event.target.closest("fieldset.phrase")) fieldOf(form);
});
document.addEventListener("toggle", (event) => {
  const form = event.target.open ? event.target.querySelector?.("form.act") : null;
  if (form) fieldOf(form).then(() => opened(form));
}, true);

/** What is to be approved is shown before anything is asked. */
async function opened(form) {
  const payload = form.querySelector("[data-payload]");
  if (payload) await (await import("./transfer.js")).showPayload(payload, JSON.parse(form.dataset.command).payload_hash);
  // Somebody who is in the form already stays where they are.
  if (!form.contains(document.activeElement)) (payload ?? form.querySelector("input, select, textarea"))?.focus();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.act")) return;
  event.preventDefault();
  perform(event.target);
});
addEventListener("pagehide", () => document.querySelectorAll("fieldset.phrase input").forEach((input) => { input.value = ""; }));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

function ready() {
  document.querySelectorAll("form.act button[disabled]").forEach((button) => { button.disabled = false; });
  if (document.querySelector("time[data-until], time[data-since], time[data-due]")) setClock().then(count);
}

// ---- waits that count down ----

/** How far this device's clock is from the server's: waits are the server's. */
let ahead = 0;

async function setClock() {
  const answer = await fetch("/assets/icon.svg", { cache: "no-store" }).catch(() => null);
  const theirs = Date.parse(answer?.headers.get("date") ?? "");
  if (!Number.isNaN(theirs)) ahead = Date.now() - theirs;
}

/** The server's time. */
export const now = () => Date.now() - ahead;

const relative = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "short" });

/** `in 47 hr 59 min` beside a moment to come. */
function count() {
  for (const time of document.querySelectorAll("time[data-until]")) {
    const left = Math.ceil((new Date(time.dateTime) - now()) / 1000);
    let shown = time.nextElementSibling;
    if (!shown?.classList.contains("left")) {
      shown = document.createElement("span");
      shown.className = "left soft";
      time.after(shown);
    }
    shown.textContent = left > 0 ? ` ${spoken(left)}` : "";
  }
}

function spoken(seconds) {
  const days = Math.floor(seconds / 86400);
  if (days >= 3) return relative.format(days, "day");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return `${relative.format(hours, "hour")} ${String(minutes).padStart(2, "0")} min`;
  return minutes > 0 ? relative.format(minutes, "minute") : relative.format(seconds, "second");
}

setInterval(count, WAITING_MS);

// ---- pages that renew themselves ----

function live() {
  const stream = new EventSource(`/live?at=${encodeURIComponent(location.pathname + location.search)}`);
  stream.addEventListener("changed", async () => {
    await htmx.ajax("GET", location.href, { target: "#main", select: "#main", swap: "outerMorph" });
    ready();
    document.querySelector("#said").textContent = text("renewed");
  });
  addEventListener("pagehide", () => stream.close());
}

if (document.body.dataset.live !== undefined) addEventListener("DOMContentLoaded", live);
ready();
