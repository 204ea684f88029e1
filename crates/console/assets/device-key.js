// A device key in a browser (Ed25519), for who has no passkey yet: the first sign-in after `rempart enrol`, and the demo. The key file is read
// once; from then on the browser holds a key that it signs with and never gives out, until its owner signs out (ADR 0029).
import { fromHex, toHex } from "./passkey.js";

const DATABASE = "rempart";
const KEYS = "device-keys";
const VERSION = 1;
/** An Ed25519 private key as PKCS #8, all but the key: Web Crypto imports none without it (RFC 8410). */
const PKCS8 = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]);
const KEY_FILE_CHARACTERS_MAX = 4096;

function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

async function withKeys(mode, act) {
  const open = await database();
  try {
    return await new Promise((resolve, reject) => {
      const asked = act(open.transaction(KEYS, mode).objectStore(KEYS));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } finally {
    open.close();
  }
}

/** Reads a key file as `rempart enrol` writes it and keeps its key; returns whose it is, or `null` when it is no person's key file. */
export async function keepKeyFile(text) {
  let file;
  try {
    file = JSON.parse(text.slice(0, KEY_FILE_CHARACTERS_MAX));
  } catch {
    return null;
  }
  const { version, person, kind, seed } = file ?? {};
  if (version !== VERSION || kind !== "person" || typeof person !== "string" || !/^[0-9a-f]{64}$/.test(seed)) return null;
  const wrapped = Uint8Array.from([...PKCS8, ...fromHex(seed)]);
  const key = await crypto.subtle.importKey("pkcs8", wrapped, { name: "Ed25519" }, false, ["sign"]);
  wrapped.fill(0);
  await withKeys("readwrite", (keys) => keys.put(key, person));
  return person;
}

/** A signature with the kept key of a person, in hexadecimal digits; `null` when there is none. */
export async function signWithKey(person, challenge) {
  const key = await withKeys("readonly", (keys) => keys.get(person));
  return key === undefined ? null : toHex(new Uint8Array(await crypto.subtle.sign("Ed25519", key, challenge)));
}

/** Forgets every kept key: when somebody signs out, and on a device that is handed on. */
export async function forgetKeys() {
  await withKeys("readwrite", (keys) => keys.clear());
}
