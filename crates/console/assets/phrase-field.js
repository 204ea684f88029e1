// The field of three words: completion from the public lists, forgiveness for accents and case, a check that uses no secret, the picture.
// What is typed stays in the three inputs until it is taken, and then they are empty. Nothing is sent from here.
import { WORDS, completions, describePicture, isWord, pictureSvg, readPhrase } from "./phrase.js";
import { text } from "./texts.js";

const COMPLETIONS_MAX = 6;
const DRAWING = "image/svg+xml";

/** Shows a phrase's picture in an element, or the empty frame where there is none. */
export function showPicture(element, phrase) {
  element.replaceChildren();
  element.classList.toggle("drawn", phrase !== null);
  if (phrase === null) {
    element.setAttribute("aria-label", text("no-picture"));
    return;
  }
  const drawing = new DOMParser().parseFromString(pictureSvg(phrase), DRAWING).documentElement;
  drawing.setAttribute("aria-hidden", "true");
  element.append(document.importNode(drawing, true));
  element.setAttribute("aria-label", describePicture(phrase, document.documentElement.lang));
}

/** One word of the field: an input with its list of completions. */
class Word {
  constructor(element, changed) {
    this.element = element;
    this.input = element.querySelector("input");
    this.list = element.querySelector("ul");
    this.changed = changed;
    this.selected = -1;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.take(event.target.closest("li")?.textContent));
  }

  get value() {
    return this.input.value.trim();
  }

  set value(value) {
    this.input.value = value;
    this.close();
    this.mark();
  }

  mark() {
    const known = this.value !== "" && isWord(this.value);
    this.element.classList.toggle("known", known);
    this.element.classList.toggle("unknown", this.value !== "" && !known && this.options().length === 0);
  }

  options() {
    const lists = document.documentElement.lang === "fr" ? ["fr", "en"] : ["en", "fr"];
    const found = lists.flatMap((list) => completions(this.value, list, COMPLETIONS_MAX));
    return [...new Set(found)].slice(0, COMPLETIONS_MAX);
  }

  typed() {
    this.mark();
    const options = this.options();
    const alone = options.length === 1 && options[0] === this.value;
    this.open(alone ? [] : options);
    this.changed();
  }

  open(options) {
    this.list.replaceChildren(...options.map((word, at) => this.item(word, at)));
    this.list.hidden = options.length === 0;
    this.input.setAttribute("aria-expanded", String(options.length > 0));
    this.select(-1);
  }

  item(word, at) {
    const item = document.createElement("li");
    item.id = `${this.list.id}-${at}`;
    item.setAttribute("role", "option");
    item.textContent = word;
    return item;
  }

  close() {
    this.open([]);
  }

  select(at) {
    this.selected = at;
    const items = [...this.list.children];
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    if (items[at]) this.input.setAttribute("aria-activedescendant", items[at].id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  pressed(event) {
    const count = this.list.children.length;
    if (event.key === "Escape") this.close();
    if (count === 0) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.select((this.selected + step + count) % count);
    }
    const chosen = this.list.children[this.selected] ?? (count === 1 ? this.list.children[0] : undefined);
    if ((event.key === "Enter" || event.key === "Tab") && chosen) {
      if (event.key === "Enter") event.preventDefault();
      this.take(chosen.textContent);
    }
  }

  take(word) {
    if (word === undefined) return;
    this.value = word;
    this.input.focus();
    this.changed();
  }
}

/** The whole field. */
export class PhraseField {
  constructor(element) {
    this.element = element;
    this.picture = element.querySelector(".picture");
    this.hint = element.querySelector(".hint");
    this.words = [...element.querySelectorAll(".word")].map((word) => new Word(word, () => this.refresh()));
    this.words.forEach((word, at) => word.input.addEventListener("input", () => this.spread(word, at)));
    // This script may come while somebody is typing already: nothing of it is lost.
    this.words.forEach((word) => word.mark());
    this.refresh();
  }

  /** Several words typed or pasted into one input go to their own. */
  spread(word, at) {
    const parts = word.input.value.split(/[\s,;-]+/u);
    if (parts.length < 2 || parts.slice(1).every((part) => part === "")) {
      if (parts.length > 1 && isWord(parts[0]) && this.words[at + 1]) {
        word.value = parts[0];
        this.words[at + 1].input.focus();
      }
    } else {
      parts.filter((part) => part !== "").slice(0, WORDS - at).forEach((part, offset) => { this.words[at + offset].value = part; });
    }
    this.refresh();
  }

  /** What stands in the field: a phrase as `readPhrase` gives it, or null. */
  read() {
    const read = readPhrase(this.words.map((word) => word.value).join(" "));
    return read.problem ? null : read;
  }

  refresh() {
    const phrase = this.read();
    showPicture(this.picture, phrase);
    this.hint.textContent = phrase ? text("look-at-picture") : this.problem();
    this.element.dispatchEvent(new CustomEvent("phrase", { detail: phrase !== null }));
  }

  problem() {
    const values = this.words.map((word) => word.value);
    const wrong = this.words.findIndex((word) => word.element.classList.contains("unknown"));
    if (wrong >= 0) return text("word-unknown", wrong + 1);
    if (values.some((value) => !isWord(value))) return text("three-words");
    const read = readPhrase(values.join(" "));
    return read.problem ? text(read.problem, read.position) : "";
  }

  /** Takes the words out of the field: it is empty afterwards. */
  take() {
    const phrase = this.read();
    this.clear();
    return phrase;
  }

  clear() {
    this.words.forEach((word) => { word.value = ""; });
    showPicture(this.picture, null);
    this.hint.textContent = text("three-words");
  }

  focus() {
    this.words[0].input.focus();
  }
}

/** Every phrase field of the page, by the id of its fieldset. Emptied when the page is left, so that nothing comes back with it. */
export function phraseFields() {
  const fields = Object.fromEntries(
    [...document.querySelectorAll("fieldset.phrase")].map((element) => [element.id, new PhraseField(element)]),
  );
  addEventListener("pagehide", () => Object.values(fields).forEach((field) => field.clear()));
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  return fields;
}
