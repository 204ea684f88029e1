// What is public about a phrase, worked out in the browser: reading, completion, the picture. No secret is used and nothing is sent.
// The same as crates/credentials/src/{phrase,words,picture}.rs; a test compares the two over thousands of phrases.
import { LISTS, PICTURE } from "./words.js";

export const WORDS = 3;
const INPUT_LENGTH_MAX = 256;
const WORD_LENGTH_MAX = 32;
const NORMAL_LENGTH_MAX = 512;
const SEPARATORS = /[\p{White_Space}\-,;._\/\u2010-\u2015\u2212]+/u;

/** Lower case, no accents, ligatures and full-width forms resolved. */
export function normal(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/œ/g, "oe").replace(/æ/g, "ae");
}

const bytes = (text) => new TextEncoder().encode(text).length;
// The French list is written with its accents apart; together they are drawn better.
const shown = (word) => word.normalize("NFC");

const INDEX = Object.fromEntries(
  Object.entries(LISTS).map(([list, words]) => [list, new Map(words.map((word, at) => [normal(word), at]))]),
);
const SORTED = Object.fromEntries(
  Object.entries(LISTS).map(([list, words]) => [
    list,
    words.map((word) => [normal(word), shown(word)]).sort((a, b) => (a[0] < b[0] ? -1 : 1)),
  ]),
);

/**
 * Reads three words. Gives `{ list, positions, words }`, or `{ problem, position? }` with what is wrong, decided from the public lists alone:
 * `too-long`, `word-count`, `word-unknown`, `mixed-lists`.
 */
export function readPhrase(text) {
  const plain = bytes(text) > INPUT_LENGTH_MAX ? "" : normal(text);
  if (bytes(text) > INPUT_LENGTH_MAX || bytes(plain) > NORMAL_LENGTH_MAX) return { problem: "too-long" };
  const words = plain.split(SEPARATORS).filter((word) => word !== "");
  if (words.length !== WORDS) return { problem: "word-count", given: words.length };
  for (const list of Object.keys(LISTS)) {
    const positions = words.map((word) => INDEX[list].get(word));
    if (positions.every((at) => at !== undefined)) {
      return { list, positions, words: positions.map((at) => shown(LISTS[list][at])) };
    }
  }
  return unknown(words);
}

function unknown(words) {
  const nowhere = words.findIndex((word) => !Object.values(INDEX).some((index) => index.has(word)));
  if (nowhere >= 0) return { problem: "word-unknown", position: nowhere + 1 };
  const known = (list) => words.filter((word) => INDEX[list].has(word)).length;
  const [first, second] = Object.keys(LISTS);
  const list = known(second) > known(first) ? second : first;
  return { problem: "mixed-lists", position: words.findIndex((word) => !INDEX[list].has(word)) + 1 };
}

/** Whether a word is on a list; any list if none is named. */
export function isWord(text, lists = Object.keys(LISTS)) {
  return lists.some((list) => INDEX[list].has(normal(text.trim())));
}

/** The words of a list that begin so, in alphabetical order. */
export function completions(prefix, list, most) {
  const start = normal(prefix.trim());
  if (start === "" || start.length > WORD_LENGTH_MAX) return [];
  const found = [];
  for (const [plain, word] of SORTED[list]) {
    if (plain.startsWith(start)) found.push(word);
    if (found.length === most) break;
  }
  return found;
}

/** Three words drawn at random from a list, by the browser. For practice alone: a real phrase is drawn by the server. */
export function drawForPractice(list) {
  const numbers = crypto.getRandomValues(new Uint16Array(WORDS));
  return Array.from(numbers, (number) => shown(LISTS[list][number % LISTS[list].length]));
}

function timesPower(a, power) {
  const own = PICTURE.powers.indexOf(a);
  return own < 0 ? 0 : PICTURE.powers[(own + power) % PICTURE.powers.length];
}

function times(a, b) {
  const power = PICTURE.powers.indexOf(b);
  return power < 0 ? 0 : timesPower(a, power);
}

function evaluate(position, point) {
  return [9, 6, 3, 0].reduce((sum, shift) => times(sum, point) ^ ((position >> shift) & 7), 0);
}

/** The eight features of a phrase's picture, from what `readPhrase` gave. */
export function features({ list, positions }) {
  const start = list === "fr" ? PICTURE.french : 0;
  return PICTURE.places[0].map((_, point) =>
    positions.reduce((sum, position, place) => sum ^ timesPower(evaluate(position, point), PICTURE.places[place][point]), start),
  );
}

function look(drawn) {
  const [thing, colour, sky, ground, pattern, frame, beads, side] = drawn;
  const behind = (value) => (value === 0 ? PICTURE.pale : PICTURE.colours[value]);
  return {
    thing: PICTURE.things[thing],
    colour: PICTURE.colours[colour],
    sky: behind(sky),
    ground: behind(ground),
    pattern: PICTURE.patterns[pattern],
    frame: PICTURE.colours[frame],
    beads: beads + 1,
    side: PICTURE.sides[side],
  };
}

/** The picture as SVG, byte for byte as the server's own code draws it. */
export function pictureSvg(phrase) {
  const it = look(features(phrase));
  const [sky, ground, pattern, frame, thing, colour] = [it.sky, it.ground, it.pattern, it.frame, it.thing, it.colour].map((of) => of[0]);
  return (
    PICTURE.opening +
    `<path fill="${sky}" d="M8 8H88V47H8Z"/><path fill="${ground}" d="M8 49H88V88H8Z"/>` +
    `<path fill="none" stroke="#111" stroke-opacity=".4" stroke-width="2.5" d="${pattern}"/>` +
    `<path fill="none" stroke="${frame}" stroke-width="8" d="M4 4H92V92H4Z"/>` +
    `<path fill="none" stroke="#fff" stroke-width="2" d="M9 9H87V87H9Z"/>` +
    `<g transform="translate(24 24)" stroke-linejoin="round"><path fill="#fff" stroke="#fff" stroke-width="8" d="${thing}"/>` +
    `<path fill="${colour}" stroke="#111" stroke-width="1.5" d="${thing}"/></g>` +
    beadsSvg(it) +
    "</svg>"
  );
}

function beadsSvg({ beads, side }) {
  const [fill, line] = side.dark ? ["#111", "#fff"] : ["#fff", "#111"];
  let drawn = "";
  for (let bead = 0; bead < beads; bead += 1) {
    const [x, y] = [0, 1].map((axis) => side.start[axis] + bead * side.step[axis]);
    drawn += `<circle cx="${x}" cy="${y}" r="3.8" fill="${fill}" stroke="${line}" stroke-width="1.4"/>`;
  }
  return drawn;
}

/** The picture in words, for who cannot see it. `language` is `en` or `fr`. */
export function describePicture(phrase, language) {
  const it = look(features(phrase));
  const french = language === "fr";
  const word = (of) => of[french ? 2 : 1];
  const side = french ? it.side.french : it.side.english;
  const parts = [
    `${word(it.thing)}, ${word(it.colour)}`,
    word(it.sky),
    word(it.ground),
    word(it.pattern),
    word(it.frame),
    `${it.beads}, ${side}`,
  ];
  return PICTURE.parts[french ? 1 : 0].map((name, at) => name + parts[at]).join(french ? " ; " : "; ");
}
