// A new phrase: shown once, typed back once, gone. What was drawn is compared here and nowhere else, and is forgotten as soon as it was typed,
// given up, or the page is left.
import { readPhrase } from "./phrase.js";
import { PhraseField, showPicture } from "./phrase-field.js";
import { say, text } from "./texts.js";

const find = (selector) => document.querySelector(selector);

/** Shows one of the page's stages by its id, and nothing of the others. */
export function stage(id) {
  document.querySelectorAll("[data-stage]").forEach((section) => { section.hidden = section.id !== id; });
  find(`#${id} h2`)?.focus();
}

export class Ceremony {
  #drawn = null;

  constructor() {
    this.field = new PhraseField(find("#back-words"));
    find("#know").addEventListener("click", () => this.hide());
    find("#typed").addEventListener("click", () => this.compare());
    find("#give-up").addEventListener("click", () => this.end(false));
    this.field.element.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.defaultPrevented) this.compare(); });
    addEventListener("pagehide", () => this.forget());
  }

  /** Shows what the server drew. */
  begin({ phrase, fingerprint, motion }) {
    this.#drawn = readPhrase(phrase);
    const words = this.#drawn.words.map((word) => Object.assign(document.createElement("li"), { textContent: word }));
    find("#drawn ol").replaceChildren(...words);
    showPicture(find("#drawn .picture"), this.#drawn);
    find("#fingerprint").textContent = fingerprint;
    if (motion) find("#motion a").href = `/motions/${encodeURIComponent(motion)}`;
    find("#motion").hidden = !motion;
    stage("shown");
  }

  /** Takes the words out of the page. */
  hide() {
    find("#drawn ol").replaceChildren();
    showPicture(find("#drawn .picture"), null);
    stage("typed-back");
    this.field.focus();
  }

  compare() {
    const typed = this.field.read();
    const status = find("#typed-back .status");
    if (typed === null) return say(status, text("not-yet-words"), "bad");
    this.field.clear();
    const same = this.#drawn !== null && typed.words.every((word, at) => word === this.#drawn.words[at]);
    if (!same) return say(status, text("typed-wrong"), "bad");
    return this.end(true);
  }

  end(known) {
    this.forget();
    find("#done-known").hidden = !known;
    find("#done-lost").hidden = known;
    stage("done");
  }

  forget() {
    this.#drawn = null;
    find("#drawn ol").replaceChildren();
    showPicture(find("#drawn .picture"), null);
    this.field.clear();
  }
}
