// The person's own part of an enrolment: a passkey, then the phrase, once. Nothing of it is in force before colleagues have agreed.
import { Ceremony } from "./ceremony.js";
import { explain } from "./console.js";
import { Problem, createPasskey } from "./passkey.js";
import { say, text } from "./texts.js";

const find = (selector) => document.querySelector(selector);
const [form, status, button] = [find("#enrol"), find("#enrol .status"), find("#enrol button")];
const ceremony = new Ceremony();

async function send(command) {
  const headers = { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang };
  const how = { method: "POST", headers, body: JSON.stringify(command), cache: "no-store", credentials: "omit", redirect: "error" };
  const response = await fetch("/v1/enrolments", how);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}

async function enrol() {
  const [actor, code] = [find("#enrol-name"), find("#enrol-code")].map((input) => input.value.trim());
  button.disabled = true;
  say(status, text("working"));
  try {
    const device = await createPasskey(actor);
    const drawn = await send({ code, actor, device, language: find("input[name=list]:checked").value });
    find("#enrol-code").value = "";
    say(status, "");
    ceremony.begin(drawn);
  } catch (error) {
    say(status, explain(error), "bad");
  }
  button.disabled = false;
}

form.addEventListener("submit", (event) => { event.preventDefault(); enrol(); });
button.disabled = false;
addEventListener("pagehide", () => form.reset());
