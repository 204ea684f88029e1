// Practice: made-up words, entered and then not entered. Local from beginning to end; the page's content policy lets it connect to nobody.
// There is nothing here to compare with but the words that this page made up and showed.
import { stage } from "./ceremony.js";
import { drawForPractice, readPhrase } from "./phrase.js";
import { phraseFields, showPicture } from "./phrase-field.js";
import { say, text } from "./texts.js";

const fields = phraseFields();
const find = (selector) => document.querySelector(selector);
let madeUp = null;

function draw() {
  madeUp = readPhrase(drawForPractice(document.documentElement.lang).join(" "));
  const words = madeUp.words.map((word) => Object.assign(document.createElement("li"), { textContent: word }));
  find("#made-up ol").replaceChildren(...words);
  showPicture(find("#made-up .picture"), madeUp);
}

function go(id) {
  if (id === "learn" && find("#learn").hidden && !find("#end").hidden) draw();
  document.querySelectorAll(".status").forEach((status) => say(status, ""));
  stage(id);
  const field = find(`#${id} fieldset`);
  if (field) fields[field.id].focus();
}

const same = (a, b) => a.words.every((word, at) => word === b.words[at]);
const shared = (a, b) => a.words.filter((word) => b.words.includes(word)).length;

function tryOwn() {
  const typed = fields["own-words"].read();
  const status = find("#own .status");
  if (typed === null) return say(status, text("not-yet-words"), "bad");
  fields["own-words"].clear();
  if (!same(typed, madeUp)) return say(status, text("practice-slip"), "bad");
  go("others");
  return say(find("#others .status"), text("practice-own"), "good");
}

function tryOthers() {
  const typed = fields["other-words"].read();
  const status = find("#others .status");
  if (typed === null) return say(status, text("not-yet-words"), "bad");
  fields["other-words"].clear();
  if (same(typed, madeUp)) return say(status, text("practice-same"), "bad");
  go("end");
  return say(find("#end .status"), text(shared(typed, madeUp) > 0 ? "practice-some" : "practice-all"), "good");
}

draw();
document.querySelectorAll("[data-go]").forEach((button) => button.addEventListener("click", () => go(button.dataset.go)));
find("#redraw").addEventListener("click", draw);
find("#try-own").addEventListener("click", tryOwn);
find("#try-others").addEventListener("click", tryOthers);
for (const [id, press] of [["own-words", tryOwn], ["other-words", tryOthers]]) {
  find(`#${id}`).addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.defaultPrevented) press(); });
}
