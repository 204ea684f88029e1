// Pushes to this device: "something waits for you", and nothing more. On and off are this browser's own; no passkey is asked for.
import { explain } from "./console.js";
import { Problem } from "./passkey.js";
import { say, text } from "./texts.js";

const place = document.querySelector("#push");
const [on, off, status] = ["#push-on", "#push-off", ".status"].map((selector) => place.querySelector(selector));
const WORKER = `/service-worker.js?lang=${document.documentElement.lang}`;

async function exchange(method, path, command) {
  const headers = { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang };
  const body = command && JSON.stringify(command);
  const response = await fetch(path, { method, headers, body, cache: "no-store", credentials: "same-origin", redirect: "error" });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}

async function subscription() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return registration ? registration.pushManager.getSubscription() : null;
}

async function show() {
  const is = (await subscription()) !== null;
  on.hidden = is;
  off.hidden = !is;
  say(status, text(is ? "push-is-on" : "push-is-off"));
}

async function turnOn() {
  if ((await Notification.requestPermission()) !== "granted") return say(status, text("push-denied"), "bad");
  const { key } = await exchange("GET", "/v1/push");
  await navigator.serviceWorker.register(WORKER, { scope: "/" });
  const registration = await navigator.serviceWorker.ready;
  const bytes = Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes });
  try {
    await exchange("POST", "/v1/me/push", { endpoint: made.endpoint });
  } catch (error) {
    // What the server does not know of must not look as if it were on.
    await made.unsubscribe();
    throw error;
  }
  return show();
}

async function turnOff() {
  const made = await subscription();
  if (made) {
    await exchange("DELETE", "/v1/me/push", { endpoint: made.endpoint });
    await made.unsubscribe();
  }
  return show();
}

async function press(button, act) {
  button.disabled = true;
  say(status, text("working"));
  await act().catch((error) => say(status, error.name === "AbortError" ? text("push-unreachable") : explain(error), "bad"));
  button.disabled = false;
}

if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  on.addEventListener("click", () => press(on, turnOn));
  off.addEventListener("click", () => press(off, turnOff));
  show().catch(() => say(status, text("push-unreachable")));
} else {
  say(status, text("push-cannot"));
}
