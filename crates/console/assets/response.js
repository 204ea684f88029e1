// How long ago, and how long until, beside the moments of the responders' pages. The page itself never depends on when it was asked for.
import { now } from "./console.js";

const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always", style: "short" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function spoken(seconds) {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / length), unit);
}

function tell() {
  for (const time of document.querySelectorAll("time[data-since], time[data-due]")) {
    const away = Math.round((new Date(time.dateTime) - now()) / 1000);
    // What has happened is never to come, however the two clocks stand.
    const seconds = time.dataset.due === undefined ? Math.min(away, -0) : away;
    let shown = time.nextElementSibling;
    if (!shown?.classList.contains("ago")) {
      shown = document.createElement("span");
      shown.className = "ago";
      time.after(shown);
    }
    const said = ` (${spoken(seconds)})`;
    if (shown.textContent !== said) shown.textContent = said;
    shown.classList.toggle("late", time.dataset.due !== undefined && seconds < 0);
  }
}

setInterval(tell, 1000);
tell();

// ---- the public half of a dossier key, from this device's passkey ----

const own = document.querySelector("#own-key");

async function showRecipient() {
  const { evaluatePrf, identityFromPrf } = await import("./dossier-key.js");
  const status = own.querySelector(".status");
  try {
    const { recipient } = await identityFromPrf(await evaluatePrf());
    own.querySelector("code").textContent = recipient;
    status.textContent = status.dataset.ready;
  } catch {
    status.textContent = status.dataset.none;
  }
}

if (own !== null) {
  const button = own.querySelector("button");
  button.disabled = false;
  button.addEventListener("click", showRecipient);
}
