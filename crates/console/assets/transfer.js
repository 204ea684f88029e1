// Shows transfers: in a list, and one of them for approval, read from its canonical payload alone.
import { DECIMALS } from "./words.js";
import { text } from "./texts.js";

const element = (tag, content, attributes = {}) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...[content].flat());
  return made;
};

/** `40000000` units of `BTC` are `0.4 BTC`, or `0,4 BTC` in French. */
export function amount({ asset, units }) {
  const decimals = DECIMALS[asset];
  if (decimals === undefined) return `${units} × 1 ${asset}`;
  const digits = BigInt(units).toString().padStart(decimals + 1, "0");
  const [whole, fraction] = [digits.slice(0, digits.length - decimals), digits.slice(digits.length - decimals)];
  const shown = fraction.replace(/0+$/, "");
  const point = document.documentElement.lang === "fr" ? "," : ".";
  return `${whole}${shown === "" ? "" : point + shown} ${asset}`;
}

const target = (to) => (to.address !== undefined ? to.address : `${text("vault")} ${to.vault}`);

const instant = (moment) =>
  new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));

function rows(list) {
  return element("dl", list.filter(([, value]) => value !== "").flatMap(([name, value, kind = ""]) => [
    element("dt", text(name)),
    element("dd", value, { className: kind }),
  ]));
}

/** The payload, line by line and as it is hashed. */
export function showPayload(place, canonical, id) {
  const payload = JSON.parse(canonical);
  const outputs = payload.outputs.flatMap((output) => [["to", target(output.target), "mono"], ["amount", amount(output.amount), "amount"]]);
  const list = rows([
    ["from-vault", payload.vault],
    ...outputs,
    ["max-fee", amount(payload.max_fee)],
    ["memo", payload.memo],
    ["reference", payload.reference],
    ["refresh", payload.refresh ? text("refreshes") : ""],
    ["initiator", payload.initiator],
  ]);
  const exact = element("details", [element("summary", text("payload")), element("p", element("code", canonical)), element("p", element("code", id))]);
  place.replaceChildren(list, exact);
}

function standing(transfer) {
  const met = transfer.permits.filter((permit) => permit.met && permit.ready_at);
  const ready = met.map((permit) => permit.ready_at).sort()[0];
  return ready ? text("until", instant(ready)) : text("for-approvals");
}

/** The list of what waits; `choose` is called with the id of the one that was picked. */
export function showTransfers(place, transfers, choose) {
  const items = transfers.map((transfer) => {
    const outputs = transfer.outputs.flatMap((output) => [["to", target(output), "mono"], ["amount", amount(output.amount), "amount"]]);
    const list = rows([...outputs, ["from-vault", transfer.vault], ["memo", transfer.memo], ["waits", standing(transfer)]]);
    const notes = [["yours", transfer.yours], ["approved-by-you", transfer.approved_by_you], ["stopped", transfer.stopped]]
      .filter(([, holds]) => holds).map(([name]) => element("p", text(name), { className: "soft" }));
    const item = element("li", [list, ...notes], { className: "card" });
    if (!transfer.yours && !transfer.approved_by_you) {
      const button = element("button", text("look"), { type: "button" });
      button.addEventListener("click", () => choose(transfer.id));
      item.append(button);
    }
    return item;
  });
  place.replaceChildren(...(items.length > 0 ? items : [element("li", text("nothing-waits"), { className: "soft" })]));
}
