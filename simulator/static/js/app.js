// The page: which phones there are, remembered between visits, and the stream that keeps them true.

import { el, toast } from "./dom.js";
import { Phone } from "./phone.js";
import { accounts, Live, makeAccount } from "./server.js";
import { locale, people, switchLanguage, t } from "./words.js";

const KEPT = "simulator.phones";
const LOOK_AGAIN_MS = 2000;
const STATUS_MS = 5000;

class Page {
  constructor() {
    this.place = document.getElementById("phones");
    this.accounts = [];
    this.samples = {};
    this.phones = [];
    this.live = new Live((kind, payload) => this.received(kind, payload), (on) => this.linked(on));
    setInterval(() => this.phones.forEach((each) => each.showStatus()), STATUS_MS);
    document.getElementById("add").addEventListener("click", () => this.add());
    document.getElementById("language").addEventListener("click", () => this.translate());
  }

  async start() {
    await this.refresh().catch(() => setTimeout(() => this.start(), LOOK_AGAIN_MS));
  }

  async refresh() {
    const payload = await accounts();
    this.accounts = payload.accounts;
    this.samples = payload.samples;
    this.hasComponents = payload.components;
    await this.rebuild();
    if (!this.accounts.length) setTimeout(() => this.start(), LOOK_AGAIN_MS);
  }

  kept() {
    try {
      const found = JSON.parse(localStorage.getItem(KEPT));
      return Array.isArray(found) && found.length ? found : [this.someone(0)];
    } catch {
      return [this.someone(0)];
    }
  }

  keep() {
    const kept = this.phones.map(({ person, number, appid }) => ({ person, number, appid }));
    localStorage.setItem(KEPT, JSON.stringify(kept));
  }

  someone(number) {
    return { person: crypto.randomUUID?.() ?? String(Math.random()).slice(2), number, appid: null };
  }

  make({ person, number, appid }) {
    const exists = this.accounts.some((each) => each.appid === appid);
    const names = people();
    const open = exists ? appid : this.accounts[0].appid;
    return new Phone({ person, number, name: names[number % names.length], appid: open }, this);
  }

  async rebuild() {
    for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
    document.documentElement.lang = locale();
    document.title = t("title");
    document.getElementById("language").textContent = t("otherLanguage");
    document.getElementById("add").disabled = !this.accounts.length;
    if (!this.accounts.length) {
      if (!this.place.querySelector(".nobody form")) this.place.replaceChildren(this.nobody());
      return;
    }
    this.phones = this.kept().map((each) => this.make(each));
    this.place.replaceChildren(...this.phones.map((each) => each.node));
    await this.settle(this.phones);
  }

  // Until there is an account: a form that makes the first one.
  nobody() {
    const field = (name, label, more = {}) => el("label", {}, t(label), el("input", { name, autocomplete: "off", ...more }));
    const make = async (event) => {
      event.preventDefault();
      try {
        const made = await makeAccount(Object.fromEntries(new FormData(event.target)));
        toast(t("accountMade", made.appid, made.secret));
        await this.start();
      } catch (error) {
        toast(error.message);
      }
    };
    const form = el("form", { onsubmit: make },
      field("name", "accountName", { required: true }), field("callback_url", "accountCallback", { placeholder: "http://127.0.0.1:8000/wechat" }),
      field("token", "accountToken"), el("button", { class: "strong" }, t("makeAccount")));
    return el("div", { class: "nobody" }, el("strong", {}, t("noAccounts")), el("p", {}, t("noAccountsHint")), form);
  }

  // On a narrow screen one phone fills it; these lead to the others.
  tabs() {
    const tabs = this.phones.map((phone) => {
      const show = () => phone.node.scrollIntoView({ inline: "start", block: "nearest" });
      return el("button", { type: "button", onclick: show }, phone.face(phone.name, phone.colour()), phone.name);
    });
    const place = document.getElementById("tabs");
    place.setAttribute("aria-label", t("title"));
    place.replaceChildren(...tabs);
  }

  // Loads first what is about to be watched: the openids come with the conversations.
  async settle(changed) {
    this.keep();
    this.tabs();
    await Promise.all(changed.map((each) => each.load())).catch((error) => toast(t("failed", error.message)));
    this.live.watch(this.phones.map((each) => `${each.appid}:${each.openid}`));
  }

  async add() {
    const used = new Set(this.phones.map((each) => each.number));
    let number = 0;
    while (used.has(number)) number += 1;
    const phone = this.make({ ...this.someone(number), appid: this.phones.at(-1)?.appid });
    this.phones.push(phone);
    this.place.append(phone.node);
    await this.settle([phone]);
    phone.node.scrollIntoView({ behavior: "smooth", inline: "end", block: "nearest" });
  }

  async remove(phone) {
    if (this.phones.length === 1) return;
    this.phones = this.phones.filter((each) => each !== phone);
    phone.node.remove();
    await this.settle([]);
  }

  async open(phone, appid) {
    const other = this.make({ person: phone.person, number: phone.number, appid });
    this.phones = this.phones.map((each) => (each === phone ? other : each));
    phone.node.replaceWith(other.node);
    await this.settle([other]);
    other.node.querySelector("select").focus();
  }

  translate() {
    this.keep();
    switchLanguage();
    this.rebuild();
    this.showLink();
  }

  received(kind, payload) {
    if (kind === "reset") return this.start();
    for (const phone of this.phones) {
      if (phone.appid !== payload.appid || phone.openid !== payload.openid) continue;
      if (kind === "typing") phone.typing(payload.item);
      else if (kind === "menu") phone.menu.refresh();
      else phone.received(payload.entry, payload.person);
    }
  }

  // What was missed while the connection was down is read again when it returns.
  linked(on) {
    if (on && this.on === false) this.start();
    else if (on) this.phones.forEach((each) => each.load());
    this.on = on;
    this.showLink();
  }

  showLink() {
    const link = document.getElementById("link");
    link.textContent = this.on === undefined ? "" : this.on ? t("live") : t("offline");
    link.classList.toggle("off", this.on === false);
  }
}

new Page().start();
