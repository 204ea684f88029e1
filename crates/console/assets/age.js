// Opens age files (version 1, https://c2sp.org/age) with X25519 identities, and identity files under a passphrase (scrypt). Only opens, never
// seals. Web Crypto has X25519, HKDF, HMAC and PBKDF2; ChaCha20-Poly1305 and scrypt are here. An ES module; the same text runs in node, where
// tests compare it with age's own vectors, the crate `age` and the program `age-encryption`.
//
// Everything happens where the responder is: what is timed here is timed by nobody else.
import { bech32, pointOf } from "./dossier-key.js";

/** Why something does not open: `damaged`, `not-for-you`, `too-large`, `no-key`, `hardware`, `locked`, `passphrase`, `work` or `browser`. */
export class AgeError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const fail = (code) => { throw new AgeError(code); };
const utf8 = (text) => new TextEncoder().encode(text);
const ascii = (bytes) => String.fromCharCode(...bytes);

/** The largest file that is opened. */
const FILE_BYTES_MAX = 2 * 1024 * 1024;
const STANZAS_MAX = 512;
const KEY_BYTES = 32;
const FILE_KEY_BYTES = 16;
const TAG_BYTES = 16;
const CHUNK_BYTES = 64 * 1024;
const BODY_COLUMNS = 64;
/** The most that is spent on a passphrase: 2^20, 1 GiB. */
const WORK_MAX = 20;

// ---- ChaCha20-Poly1305 (RFC 8439) ----

function chachaBlock(key, counter, nonce, out) {
  const start = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...key, counter, ...nonce];
  out.set(start);
  const quarter = (a, b, c, d) => {
    out[a] += out[b]; out[d] ^= out[a]; out[d] = (out[d] << 16) | (out[d] >>> 16);
    out[c] += out[d]; out[b] ^= out[c]; out[b] = (out[b] << 12) | (out[b] >>> 20);
    out[a] += out[b]; out[d] ^= out[a]; out[d] = (out[d] << 8) | (out[d] >>> 24);
    out[c] += out[d]; out[b] ^= out[c]; out[b] = (out[b] << 7) | (out[b] >>> 25);
  };
  for (let round = 0; round < 10; round += 1) {
    quarter(0, 4, 8, 12); quarter(1, 5, 9, 13); quarter(2, 6, 10, 14); quarter(3, 7, 11, 15);
    quarter(0, 5, 10, 15); quarter(1, 6, 11, 12); quarter(2, 7, 8, 13); quarter(3, 4, 9, 14);
  }
  for (let word = 0; word < 16; word += 1) out[word] += start[word];
}

/** 32-bit words, little endian. */
function wordsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(4 * at, true));
}

function bytesOf(words, out) {
  const view = new DataView(out.buffer);
  words.forEach((word, at) => view.setUint32(4 * at, word, true));
  return out;
}

const PRIME = (1n << 130n) - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** The tag of bytes without further data. */
function poly1305(oneTimeKey, bytes) {
  const padded = new Uint8Array(Math.ceil(bytes.length / 16) * 16 + 16);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length), true);
  const half = new DataView(oneTimeKey.buffer, oneTimeKey.byteOffset, KEY_BYTES);
  const number = (from, at) => from.getBigUint64(at, true) | (from.getBigUint64(at + 8, true) << 64n);
  const r = number(half, 0) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < padded.length; at += 16) sum = ((sum + number(view, at) + (1n << 128n)) * r) % PRIME;
  sum += number(half, 16);
  const tag = new Uint8Array(TAG_BYTES);
  const out = new DataView(tag.buffer);
  out.setBigUint64(0, BigInt.asUintN(64, sum), true);
  out.setBigUint64(8, BigInt.asUintN(64, sum >> 64n), true);
  return tag;
}

/** The plain bytes, or `null` when the tag is another one. */
export function openSealed(key, nonce, sealed) {
  if (sealed.length < TAG_BYTES) return null;
  const [keyWords, nonceWords] = [wordsOf(key), wordsOf(nonce)];
  const words = new Uint32Array(16);
  const stream = new Uint8Array(64);
  chachaBlock(keyWords, 0, nonceWords, words);
  const oneTimeKey = bytesOf(words, stream).slice(0, KEY_BYTES);
  const body = sealed.subarray(0, sealed.length - TAG_BYTES);
  if (!same(poly1305(oneTimeKey, body), sealed.subarray(body.length))) return null;
  const plain = new Uint8Array(body.length);
  for (let at = 0, counter = 1; at < body.length; at += 64, counter += 1) {
    chachaBlock(keyWords, counter, nonceWords, words);
    bytesOf(words, stream);
    for (let i = at; i < Math.min(at + 64, body.length); i += 1) plain[i] = body[i] ^ stream[i - at];
  }
  return plain;
}

function same(a, b) {
  let differs = a.length ^ b.length;
  a.forEach((byte, at) => { differs |= byte ^ b[at]; });
  return differs === 0;
}

// ---- what Web Crypto has ----

async function hkdf(material, salt, info, bytes = KEY_BYTES) {
  const key = await crypto.subtle.importKey("raw", material, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * bytes));
}

async function pbkdf2(password, salt, bytes) {
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 1 };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * bytes));
}

/** What both sides share. A point of low order gives nothing, and the file that has one is damaged. */
async function shared(identity, share) {
  const theirs = await crypto.subtle.importKey("raw", share, "X25519", false, []);
  const how = { name: "X25519", public: theirs };
  const bits = await crypto.subtle.deriveBits(how, identity.secret, 8 * KEY_BYTES).catch(() => fail("damaged"));
  const common = new Uint8Array(bits);
  return common.some((byte) => byte !== 0) ? common : fail("damaged");
}

// ---- scrypt (RFC 7914), with r = 8 and p = 1 ----

const BLOCK_WORDS = 16;
const MIX_WORDS = 16 * BLOCK_WORDS;
/** How often the page gets a turn meanwhile. */
const TURN_ROUNDS = 1 << 14;

/** Salsa20/8 of `block` xor 16 words of `from`, into `to` at a place as well. */
function salsa(block, from, at, to, place) {
  for (let i = 0; i < BLOCK_WORDS; i += 1) block[i] ^= from[at + i];
  let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = block;
  let t;
  for (let round = 0; round < 4; round += 1) {
    t = (a + m) | 0; e ^= (t << 7) | (t >>> 25); t = (e + a) | 0; i ^= (t << 9) | (t >>> 23);
    t = (i + e) | 0; m ^= (t << 13) | (t >>> 19); t = (m + i) | 0; a ^= (t << 18) | (t >>> 14);
    t = (f + b) | 0; j ^= (t << 7) | (t >>> 25); t = (j + f) | 0; n ^= (t << 9) | (t >>> 23);
    t = (n + j) | 0; b ^= (t << 13) | (t >>> 19); t = (b + n) | 0; f ^= (t << 18) | (t >>> 14);
    t = (k + g) | 0; o ^= (t << 7) | (t >>> 25); t = (o + k) | 0; c ^= (t << 9) | (t >>> 23);
    t = (c + o) | 0; g ^= (t << 13) | (t >>> 19); t = (g + c) | 0; k ^= (t << 18) | (t >>> 14);
    t = (p + l) | 0; d ^= (t << 7) | (t >>> 25); t = (d + p) | 0; h ^= (t << 9) | (t >>> 23);
    t = (h + d) | 0; l ^= (t << 13) | (t >>> 19); t = (l + h) | 0; p ^= (t << 18) | (t >>> 14);
    t = (a + d) | 0; b ^= (t << 7) | (t >>> 25); t = (b + a) | 0; c ^= (t << 9) | (t >>> 23);
    t = (c + b) | 0; d ^= (t << 13) | (t >>> 19); t = (d + c) | 0; a ^= (t << 18) | (t >>> 14);
    t = (f + e) | 0; g ^= (t << 7) | (t >>> 25); t = (g + f) | 0; h ^= (t << 9) | (t >>> 23);
    t = (h + g) | 0; e ^= (t << 13) | (t >>> 19); t = (e + h) | 0; f ^= (t << 18) | (t >>> 14);
    t = (k + j) | 0; l ^= (t << 7) | (t >>> 25); t = (l + k) | 0; i ^= (t << 9) | (t >>> 23);
    t = (i + l) | 0; j ^= (t << 13) | (t >>> 19); t = (j + i) | 0; k ^= (t << 18) | (t >>> 14);
    t = (p + o) | 0; m ^= (t << 7) | (t >>> 25); t = (m + p) | 0; n ^= (t << 9) | (t >>> 23);
    t = (n + m) | 0; o ^= (t << 13) | (t >>> 19); t = (o + n) | 0; p ^= (t << 18) | (t >>> 14);
  }
  const after = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p];
  for (let at = 0; at < BLOCK_WORDS; at += 1) to[place + at] = block[at] = (block[at] + after[at]) | 0;
}

/** BlockMix of `from` into `to`. */
function mix(from, to, block) {
  block.set(from.subarray(MIX_WORDS - BLOCK_WORDS));
  for (let part = 0; part < 16; part += 1) {
    const place = ((part >> 1) + (part & 1) * 8) * BLOCK_WORDS;
    salsa(block, from, part * BLOCK_WORDS, to, place);
  }
}

export async function scrypt(password, salt, work) {
  const rounds = 2 ** work;
  const memory = allot(rounds * MIX_WORDS);
  let [now, next] = [new Int32Array(MIX_WORDS), new Int32Array(MIX_WORDS)];
  const block = new Int32Array(BLOCK_WORDS);
  now.set(wordsOf(await pbkdf2(password, salt, 4 * MIX_WORDS)));
  for (let round = 0; round < rounds; round += 1) {
    memory.set(now, round * MIX_WORDS);
    mix(now, next, block);
    [now, next] = [next, now];
    if (round % TURN_ROUNDS === 0) await turn();
  }
  for (let round = 0; round < rounds; round += 1) {
    const at = (now[MIX_WORDS - BLOCK_WORDS] & (rounds - 1)) * MIX_WORDS;
    for (let word = 0; word < MIX_WORDS; word += 1) now[word] ^= memory[at + word];
    mix(now, next, block);
    [now, next] = [next, now];
    if (round % TURN_ROUNDS === 0) await turn();
  }
  return pbkdf2(password, bytesOf(new Uint32Array(now), new Uint8Array(4 * MIX_WORDS)), KEY_BYTES);
}

function allot(words) {
  try {
    return new Int32Array(words);
  } catch {
    return fail("work");
  }
}

const turn = () => new Promise((resume) => { setTimeout(resume); });

// ---- the file ----

/** Base64 of one form only, with padding or without. */
function base64(text, padded = false) {
  const shape = padded ? /^[A-Za-z0-9+/]+={0,2}$/ : /^[A-Za-z0-9+/]*$/;
  if (!shape.test(text) || (padded ? text.length % 4 !== 0 : text.length % 4 === 1)) fail("damaged");
  const letters = atob(text);
  const again = btoa(letters);
  if ((padded ? again : again.replaceAll("=", "")) !== text) fail("damaged");
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

const ARMOR = "-----BEGIN AGE ENCRYPTED FILE-----";
const ARMOR_END = "-----END AGE ENCRYPTED FILE-----";

/** The bytes of an armoured file; any other as it is. */
function withoutArmor(bytes) {
  const start = ascii(bytes.subarray(0, 1024)).trimStart();
  if (!start.startsWith("-----")) return bytes;
  const lines = new TextDecoder("latin1").decode(bytes).trim().split(/\r?\n/);
  const body = lines.slice(1, -1);
  const full = body.slice(0, -1).every((line) => line.length === BODY_COLUMNS);
  const last = body.at(-1)?.length ?? 0;
  if (lines[0] !== ARMOR || lines.at(-1) !== ARMOR_END || !full || last === 0 || last > BODY_COLUMNS) fail("damaged");
  return base64(body.join(""), true);
}

/** Reads a header: its stanzas, what its MAC is over, the MAC, and where the content begins. */
function parse(bytes) {
  let at = 0;
  const line = () => {
    const end = bytes.indexOf(10, at);
    if (end < 0) fail("damaged");
    const text = new TextDecoder("latin1").decode(bytes.subarray(at, end));
    at = end + 1;
    return text;
  };
  if (line() !== "age-encryption.org/v1") fail("damaged");
  const stanzas = [];
  for (;;) {
    const start = at;
    const head = line();
    if (head.startsWith("---")) {
      if (!/^--- [A-Za-z0-9+/]{43}$/.test(head) || stanzas.length === 0) fail("damaged");
      return { stanzas, header: bytes.subarray(0, start + 3), mac: base64(head.slice(4)), content: at };
    }
    if (!/^->( [\x21-\x7e]+)+$/.test(head) || stanzas.length === STANZAS_MAX) fail("damaged");
    const [type, ...args] = head.slice(3).split(" ");
    let body = "";
    let part;
    do {
      part = line();
      if (part.length > BODY_COLUMNS) fail("damaged");
      body += part;
    } while (part.length === BODY_COLUMNS);
    stanzas.push({ type, args, body: base64(body) });
  }
}

const NO_NONCE = new Uint8Array(12);

/** The file's key, from a stanza that is for this identity; `null` when it is for somebody else. */
async function unwrap(stanza, identity) {
  const [share] = stanza.args.map((text) => base64(text));
  const salt = Uint8Array.from([...share, ...identity.point]);
  const key = await hkdf(await shared(identity, share), salt, "age-encryption.org/v1/X25519");
  return openSealed(key, NO_NONCE, stanza.body);
}

function checkShapes(stanzas) {
  for (const { type, args, body } of stanzas) {
    const whole = body.length === FILE_KEY_BYTES + TAG_BYTES && args.length === (type === "scrypt" ? 2 : 1);
    if (type === "X25519" && !(whole && base64(args[0]).length === KEY_BYTES)) fail("damaged");
    if (type === "scrypt" && !(whole && stanzas.length === 1 && base64(args[0]).length === 16 && /^[1-9][0-9]?$/.test(args[1]))) fail("damaged");
  }
}

async function content(fileKey, parsed, bytes) {
  const macKey = await hkdf(fileKey, new Uint8Array(0), "header");
  const key = await crypto.subtle.importKey("raw", macKey, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  if (!(await crypto.subtle.verify("HMAC", key, parsed.mac, parsed.header))) fail("damaged");
  const sealed = bytes.subarray(parsed.content + 16);
  if (bytes.length < parsed.content + 16) fail("damaged");
  return chunks(await hkdf(fileKey, bytes.slice(parsed.content, parsed.content + 16), "payload"), sealed);
}

/** The plain text of all chunks, or nothing at all. */
function chunks(key, sealed) {
  const step = CHUNK_BYTES + TAG_BYTES;
  const count = Math.max(1, Math.ceil(sealed.length / step));
  if (sealed.length - (count - 1) * step < TAG_BYTES) fail("damaged");
  const plain = new Uint8Array(sealed.length - count * TAG_BYTES);
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  for (let number = 0; number < count; number += 1) {
    view.setUint32(7, number);
    nonce[11] = number === count - 1 ? 1 : 0;
    const part = openSealed(key, nonce, sealed.subarray(number * step, (number + 1) * step));
    if (part === null || (part.length === 0 && number > 0)) fail("damaged");
    plain.set(part, number * CHUNK_BYTES);
    part.fill(0);
  }
  return plain;
}

/** Opens an age file with any of these identities. */
export async function open(file, identities) {
  if (file.length > FILE_BYTES_MAX) fail("too-large");
  const bytes = withoutArmor(file);
  const parsed = parse(bytes);
  checkShapes(parsed.stanzas);
  for (const stanza of parsed.stanzas.filter((one) => one.type === "X25519")) {
    for (const identity of identities) {
      const fileKey = await unwrap(stanza, identity);
      if (fileKey !== null) return content(fileKey, parsed, bytes);
    }
  }
  return fail("not-for-you");
}

/** Opens an age file that is under a passphrase. */
export async function openLocked(file, passphrase) {
  if (file.length > FILE_BYTES_MAX) fail("too-large");
  const bytes = withoutArmor(file);
  const parsed = parse(bytes);
  checkShapes(parsed.stanzas);
  const [stanza] = parsed.stanzas;
  if (stanza.type !== "scrypt") fail("no-key");
  const work = Number(stanza.args[1]);
  if (work > WORK_MAX) fail("work");
  const salt = Uint8Array.from([...utf8("age-encryption.org/v1/scrypt"), ...base64(stanza.args[0])]);
  const key = await scrypt(utf8(passphrase), salt, work);
  const fileKey = openSealed(key, NO_NONCE, stanza.body);
  return fileKey === null ? fail("passphrase") : content(fileKey, parsed, bytes);
}

// ---- identities ----

const LETTERS = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
const SECRET = "AGE-SECRET-KEY-1";

/** The identity of a line `AGE-SECRET-KEY-1…`. */
export async function identityOf(line) {
  const values = Array.from(line.slice(SECRET.length, -6), (letter) => LETTERS.indexOf(letter));
  const bytes = new Uint8Array(KEY_BYTES);
  let rest = 0, bits = 0, at = 0;
  for (const value of values) {
    rest = ((rest << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8 && at < KEY_BYTES) { bits -= 8; bytes[at] = (rest >>> bits) & 255; at += 1; }
  }
  if (at !== KEY_BYTES || bech32("age-secret-key-", bytes).toUpperCase() !== line) fail("no-key");
  try {
    return await pointOf(bytes);
  } catch {
    return fail("browser");
  } finally {
    bytes.fill(0);
  }
}

/** Whether a file is sealed itself, so that it needs a passphrase. */
export function isLocked(file) {
  const start = ascii(file.subarray(0, 64)).trimStart();
  return start.startsWith(ARMOR) || start.startsWith("age-encryption.org/");
}

/** The identities of a file: plain, or under a passphrase. */
export async function readIdentities(file, passphrase) {
  if (isLocked(file) && !passphrase) fail("locked");
  const plain = isLocked(file) ? await openLocked(file, passphrase) : file;
  const lines = new TextDecoder().decode(plain).split(/\r?\n/).map((line) => line.trim());
  if (plain !== file) plain.fill(0);
  const own = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const secret = own.filter((line) => line.startsWith(SECRET));
  if (secret.length === 0) fail(own.some((line) => line.startsWith("AGE-PLUGIN-")) ? "hardware" : "no-key");
  return Promise.all(secret.map(identityOf));
}
