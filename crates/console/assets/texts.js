
/** A text in the page's language; `{0}` and so on stand for what is given. */
export function text(key, ...values) {
  const picked = TEXTS[document.documentElement.lang === "fr" ? "fr" : "en"][key] ?? key;
  return values.reduce((whole, value, at) => whole.replace(`{${at}}`, () => value), picked);
}

/** Puts a text into a status line; `kind` is `good`, `bad` or nothing. */
export function say(element, words, kind = "") {
  element.textContent = words;
  element.classList.toggle("good", kind === "good");
  element.classList.toggle("bad", kind === "bad");
}
