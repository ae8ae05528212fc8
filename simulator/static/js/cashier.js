// The page an H5 order leads to: outside WeChat the browser would start it, here one of the phones' people pays.

import { el, webAddress } from "./dom.js";
import { payByPrepay } from "./paysheet.js";
import { locale, people, t } from "./words.js";

const query = new URLSearchParams(location.search);
const place = document.getElementById("cashier");
const back = webAddress(query.get("redirect_url") ?? "");

function persons() {
  try {
    return JSON.parse(localStorage.getItem("simulator.phones")) ?? [];
  } catch {
    return [];
  }
}

async function pay(person) {
  const { result } = await payByPrepay(place, person, `prepay_id=${query.get("prepay_id")}`);
  document.getElementById("result").textContent = result === "ok" ? t("paid") : "";
  if (back && result !== "fail") location.assign(back);
}

function start() {
  document.documentElement.lang = locale();
  document.title = t("cashier");
  const names = people();
  const known = persons();
  const everybody = known.length ? known : [{ person: "passer-by", number: 0 }];
  place.replaceChildren(el("h1", {}, t("cashier")), el("p", {}, t("whoPays")),
    ...everybody.map(({ person, number }) => el("button", { type: "button", class: "quiet wide", onclick: () => pay(person) }, names[number % names.length])),
    el("p", { id: "result", role: "status" }),
    back ? el("a", { href: back }, t("backToShop")) : null);
}

start();
