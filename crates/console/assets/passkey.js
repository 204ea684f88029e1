// Passkeys in the browser: the challenge is the command (G1). What the device signs is computed here from exactly what is sent; the server
// computes it again from what it received. An ES module; the same text runs in node, where a test compares its hashes with the server's.

const REQUEST_DOMAIN = "rempart/request/v1";
const COMMAND_DOMAIN = "rempart/command/v1";
const PASSKEY_DOMAIN = "rempart/passkey/v1";
const PASSKEY_OWNER_DOMAIN = "rempart/passkey-owner/v1";
const LENGTH_BYTES = 8;
const CEREMONY_MS = 120000;

const utf8 = (text) => new TextEncoder().encode(text);

/** Bytes as base64url without padding. */
export function toBase64Url(buffer) {
  let text = "";
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

/** Bytes as lower-case hexadecimal digits. */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of hexadecimal digits. */
export function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new TypeError("not lower-case hexadecimal digits");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** RFC 8785 for what commands are made of. A number that another program could read differently is an error: send it as text. */
export function canonicalJson(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError("only integers up to 2^53: send larger ones as text");
    return String(value + 0);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("half of a surrogate pair");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return "[" + value.map(canonicalJson).join(",") + "]";
  if (typeof value !== "object") throw new TypeError("not JSON");
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  if (keys.some((key) => !/^[\x20-\x7e]*$/.test(key))) throw new TypeError("a key is not ASCII");
  return "{" + keys.sort().map((key) => JSON.stringify(key) + ":" + canonicalJson(value[key])).join(",") + "}";
}

/** SHA-256 over a domain and parts, each preceded by its length as 8 bytes, big endian. */
export async function hashParts(domain, parts) {
  const all = [utf8(domain), ...parts];
  const bytes = new Uint8Array(all.reduce((sum, part) => sum + LENGTH_BYTES + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of all) {
    view.setBigUint64(at, BigInt(part.length));
    bytes.set(part, at + LENGTH_BYTES);
    at += LENGTH_BYTES + part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The hash of a request: method, path without query, idempotency key, command. */
export function requestHash(method, path, key, command) {
  return hashParts(REQUEST_DOMAIN, [method, path, key, canonicalJson(command)].map(utf8));
}

/** What a passkey signs for a request. `nonce` as the server gave it. */
export function commandChallenge(request, nonce) {
  return hashParts(COMMAND_DOMAIN, [request, fromHex(nonce)]);
}

/** What a device signs when it makes a passkey for somebody. */
export async function creationChallenge(by, nonce) {
  const owner = await hashParts(PASSKEY_OWNER_DOMAIN, [utf8(by)]);
  return hashParts(PASSKEY_DOMAIN, [owner, fromHex(nonce)]);
}

/** An answer that is a problem document. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? String(status));
    this.status = status;
    this.code = body.code;
  }
}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

function post(path, body, headers = {}, method = "POST") {
  const json = { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang || "en" };
  return fetch(path, { method, headers: { ...json, ...headers }, body: JSON.stringify(body), credentials: "same-origin", cache: "no-store" });
}

/** A nonce, good once, for that name, for two minutes. */
export async function nonceFor(by) {
  return (await answer(await post("/v1/challenge", { by }))).nonce;
}

let site;
// The passkey that this tab's commands were signed with: the later ones are asked of it alone, and no second one is made on its device. It is
// remembered from page to page, until the tab is closed or sign-in is shown; an id, and no secret.
const USED = "passkey";
const tab = globalThis.sessionStorage;

function usedAlone() {
  const id = tab?.getItem(USED) ?? null;
  return id === null ? [] : [{ type: "public-key", id: fromBase64Url(id) }];
}

/** Forgets which passkey was used: somebody else may be next. */
export function forgetPasskey() {
  tab?.removeItem(USED);
}

/** The relying party and its algorithms; asked for once. */
async function passkeySite() {
  site ??= await answer(await fetch("/v1/passkeys", { credentials: "same-origin" }));
  return site;
}

/** Makes a passkey for somebody on this device: `{"passkey": …}`, as `device` is given to `/v1/me/devices` and `/v1/enrolments`. */
export async function createPasskey(by) {
  const [{ relying_party: id, algorithms }, nonce] = await Promise.all([passkeySite(), nonceFor(by)]);
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: await creationChallenge(by, nonce),
      rp: { id, name: "Rempart" },
      // A handle that says nothing of anybody: the nonce.
      user: { id: fromHex(nonce), name: by, displayName: by },
      pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "direct",
      excludeCredentials: usedAlone(),
      // So that a responder's dossier key can follow from it; an authenticator that cannot do it makes the passkey all the same.
      extensions: { prf: {} },
      timeout: CEREMONY_MS,
    },
  });
  const { clientDataJSON, attestationObject } = made.response;
  return { passkey: { nonce, client_data: toBase64Url(clientDataJSON), attestation_object: toBase64Url(attestationObject) } };
}

/** Has a passkey of this device sign a challenge. The device knows its passkeys: none is named before the first was used, so nobody learns which there are. */
export async function assertPasskey(challenge) {
  const { relying_party: rpId } = await passkeySite();
  const publicKey = { challenge, rpId, allowCredentials: usedAlone(), userVerification: "required", timeout: CEREMONY_MS };
  const { rawId, response } = await navigator.credentials.get({ publicKey });
  return {
    id: toBase64Url(rawId),
    client_data: toBase64Url(response.clientDataJSON),
    authenticator_data: toBase64Url(response.authenticatorData),
    signature: toBase64Url(response.signature),
  };
}

/** A new idempotency key. */
export function newKey() {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}

/** The word of this person's device: a key that the browser keeps for them, or else a passkey. */
async function signed(by, challenge) {
  const { signWithKey } = await import("./device-key.js");
  const signature = await signWithKey(by, challenge).catch(() => null);
  return signature === null ? { passkey: await assertPasskey(challenge) } : { signature };
}

/**
 * Sends a command of a person, confirmed on their device. `key` is the idempotency key: give the same one to repeat the command, never for
 * another. `phrase` is what was typed, and is kept nowhere here.
 */
export async function sendCommand({ method = "POST", path, by, command, phrase, key = newKey() }) {
  const nonce = await nonceFor(by);
  const challenge = await commandChallenge(await requestHash(method, path, key, command), nonce);
  const proof = { by, nonce, ...(await signed(by, challenge)) };
  const accepted = await answer(await post(path, { command, proof, phrase }, { "Idempotency-Key": key }, method));
  if (proof.passkey) tab?.setItem(USED, proof.passkey.id);
  return accepted;
}
