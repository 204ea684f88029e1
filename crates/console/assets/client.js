// A person's session with the interface under /v1. Its token lives in a private field here and nowhere else: no cookie, no storage.
import { Problem, forgetPasskey, hashParts, sendCommand, toHex } from "./passkey.js";

/** The id of a transfer: the hash of the payload that is shown. */
export const transferId = async (payload) => toHex(await hashParts("rempart/transfer/v1", [new TextEncoder().encode(payload)]));

/** One exchange with the server that no device signs. */
export async function exchange(method, path, headers, body) {
  const language = { "Accept-Language": document.documentElement.lang };
  const response = await fetch(path, { method, headers: { ...language, ...headers }, body, cache: "no-store", credentials: "omit", redirect: "error" });
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}

/** From sign-in to sign-out, or until the page is left. */
export class Session {
  #token = null;
  by = null;

  async signIn(by, words) {
    this.by = by;
    const grant = await this.act("/v1/session", {}, words);
    this.#token = grant.token;
  }

  read(path) {
    return exchange("GET", path, { Authorization: `Bearer ${this.#token}` });
  }

  /** A command: the device signs it as it stands here, and the three words go with it once. */
  act(path, command, words) {
    return sendCommand({ path, by: this.by, command, phrase: words.join(" ") });
  }

  async signOut() {
    const token = this.#token;
    this.forget();
    if (token !== null) await exchange("DELETE", "/v1/session", { Authorization: `Bearer ${token}` }).catch(() => {});
  }

  forget() {
    this.#token = null;
    this.by = null;
    forgetPasskey();
  }
}
