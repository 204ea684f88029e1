// Shows a transfer for approval, read from its canonical payload alone: what is shown is what the device signs for (G1). Loaded when the
// form that approves is opened.
import { hashParts, toHex } from "./passkey.js";
import { DECIMALS } from "./words.js";
import { text } from "./texts.js";

const GROUP = /.{1,4}/gsu;
const french = document.documentElement.lang === "fr";

const element = (tag, content, attributes = {}) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...[content].flat());
  return made;
};

/** The id that a payload has. */
export const transferId = async (payload) => toHex(await hashParts("rempart/transfer/v1", [new TextEncoder().encode(payload)]));

/** `40000000` units of `BTC` are `0.4 BTC`, or `0,4 BTC` in French. */
export function amount({ asset, units }) {
  const decimals = DECIMALS[asset];
  if (decimals === undefined) return `${units} × 1 ${asset}`;
  const digits = BigInt(units).toString().padStart(decimals + 1, "0");
  const [whole, fraction] = [digits.slice(0, digits.length - decimals), digits.slice(digits.length - decimals)];
  const shown = fraction.replace(/0+$/, "");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, french ? "\u202f" : ",");
  return `${grouped}${shown === "" ? "" : (french ? "," : ".") + shown}\u00a0${asset}`;
}

/** An address in groups of four, as people compare them; a vault by its name. */
function target(to) {
  if (to.address === undefined) return `${text("vault")} ${to.vault}`;
  const groups = to.address.match(GROUP).map((group) => element("span", group));
  return element("code", groups, { className: "groups", translate: false });
}

function facts(list) {
  const shown = list.filter(([, value]) => value !== "");
  return element("dl", shown.map(([name, value]) => element("div", [element("dt", text(name)), element("dd", value)], { className: "fact" })));
}

/** The payload, line by line and as it is hashed; a warning in its place if its hash is not the id. */
export async function showPayload(place, id) {
  const canonical = place.dataset.payload;
  if (await transferId(canonical) !== id) return place.replaceChildren(element("p", text("altered"), { className: "notice bad" }));
  const payload = JSON.parse(canonical);
  const outputs = payload.outputs.flatMap((output) => [["to", target(output.target)], ["amount", element("strong", amount(output.amount))]]);
  const list = facts([
    ...outputs,
    ["max-fee", amount(payload.max_fee)],
    ["from-vault", payload.vault],
    ["memo", payload.memo],
    ["reference", payload.reference],
    ["refresh", payload.refresh ? text("refreshes") : ""],
    ["initiator", payload.initiator],
  ]);
  const exact = element("details", [element("summary", text("payload")), element("p", element("code", canonical, { className: "exact" })), element("p", element("code", id))]);
  return place.replaceChildren(list, exact);
}

/** Whether what stands there was made from the payload that has this id. */
export async function isShown(place, id) {
  const canonical = place.querySelector(".exact")?.textContent;
  return canonical !== undefined && canonical === place.dataset.payload && await transferId(canonical) === id;
}
