// The person's own part of an enrolment: a passkey, then the phrase, once. Nothing of it is in force before colleagues have agreed.
import { Ceremony } from "./ceremony.js";
import { exchange } from "./client.js";
import { Problem, createPasskey } from "./passkey.js";
import { phraseFields } from "./phrase-field.js";
import { say, text } from "./texts.js";

const find = (selector) => document.querySelector(selector);
const sections = [...document.querySelectorAll("main > section")];
const ceremony = new Ceremony(phraseFields(), go);

function go(id) {
  sections.forEach((section) => { section.hidden = section.id !== id; });
  find(`#${id} h2`)?.focus();
}

async function enrol() {
  const [actor, code] = [find("#by"), find("#code")].map((input) => input.value.trim());
  if (actor === "") return say(find("#begin .status"), text("name-first"), "bad");
  find("#enrol").disabled = true;
  say(find("#begin .status"), text("working"));
  try {
    const device = await createPasskey(actor);
    const command = { code, actor, device, language: find("input[name=list]:checked").value };
    ceremony.begin(await exchange("POST", "/v1/enrolments", { "Content-Type": "application/json" }, JSON.stringify(command)));
    find("#code").value = "";
  } catch (error) {
    const told = error instanceof Problem ? error.message : text(error instanceof DOMException ? "device-refused" : "no-connection");
    say(find("#begin .status"), told, "bad");
  }
  find("#enrol").disabled = !find("#alone").checked;
  return undefined;
}

find("#alone").addEventListener("change", (event) => { find("#enrol").disabled = !event.target.checked; });
find("#enrol").addEventListener("click", enrol);
addEventListener("pagehide", () => { find("#code").value = ""; find("#alone").checked = false; });
