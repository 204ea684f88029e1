// Signing in: the session is a cookie that no script reads; then on to where the person wanted to go, if that is a page of this console.
import { forgetPasskey } from "./passkey.js";
import { say, text } from "./texts.js";

const place = document.querySelector("[data-next]");

/** A path of this site that no browser reads as another site. The server has checked it before; an address is cheap to check twice. */
const isPlain = (path) => /^\/(?!.*\/\/)[!-[\]-~]*$/.test(path);

/** Whether there is a session all the same: a link of another site brings the browser here without its cookie. This page, asked for from here,
 *  then has no form. */
async function isInside() {
  const page = await fetch("/sign-in", { cache: "no-store" }).then((answer) => answer.text()).catch(() => "data-next");
  return !page.includes("data-next");
}

// Somebody else may have used this browser before.
forgetPasskey();
if (document.querySelector("[data-left]")) import("./device-key.js").then(({ forgetKeys }) => forgetKeys());
const goOn = () => location.replace(isPlain(place.dataset.next) ? place.dataset.next : "/");
place?.addEventListener("acted", (event) => {
  event.preventDefault();
  goOn();
});

/** For who has no passkey yet. The file is read here, once; the server never gets it. */
async function keep(input) {
  const status = document.querySelector("#key-status");
  const { keepKeyFile } = await import("./device-key.js");
  const content = input.files ? await input.files[0]?.text() : input.value;
  input.value = "";
  const person = content === undefined ? null : await keepKeyFile(content).catch(() => null);
  if (person === null) return say(status, text("key-file-wrong"), "bad");
  document.querySelector("#sign-in-name").value = person;
  return say(status, text("key-file-kept", person), "good");
}

document.querySelector("#key-file")?.addEventListener("change", (event) => keep(event.target));
document.querySelector("#key-text")?.addEventListener("input", (event) => { if (event.target.value.includes("}")) keep(event.target); });

if (place !== null && (await isInside())) goOn();
