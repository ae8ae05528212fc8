// The pay sheet: what is paid, the recipient, the way of paying, the password, and how it ended.

import { el } from "./dom.js";
import { payment } from "./server.js";
import { reason, t } from "./words.js";

const DIGITS = 6;
const FACES = { OTHERS: "balanceOf", CMB_CREDIT: "creditCard", ICBC_DEBIT: "debitCard" };

export const yuan = (fen) => (fen / 100).toFixed(2);

export const isPayCode = (text) => /^\s*weixin:\/\/wxpay\/bizpayurl\?pr=/.test(text ?? "");

// Resolves to "ok", "cancel" or "fail", and answers the page that asked.
export async function payByBridge(phone, { id, params, page }, asker) {
  const details = await pay(phone.node, phone.person, "bridge", { params, page });
  asker.postMessage({ webview: "paid", id, ...details }, "*");
}

export function payByCode(phone, code) {
  return pay(phone.node, phone.person, "token", { prepay: code });
}

export function payByPrepay(place, person, prepay) {
  return pay(place, person, "token", { prepay });
}

// A payment by code that waits for the password; who closes the sheet refuses it.
export async function confirmWaiting(phone, waiting) {
  const sheet = new PaySheet(phone.node, phone.person);
  sheet.show(waiting);
  const { result } = await sheet.ended;
  if (result === "cancel") await payment("refuse", { prepay: waiting.prepay, person: phone.person });
}

async function pay(place, person, what, given) {
  place.querySelector(".pay")?.dispatchEvent(new Event("leave"));
  const before = document.activeElement;
  const sheet = new PaySheet(place, person);
  try {
    sheet.show(await payment(what, { ...given, person }));
  } catch (error) {
    sheet.refuse(error.message);
  }
  const details = await sheet.ended;
  before?.focus?.();
  return details;
}

class PaySheet {
  constructor(place, person) {
    this.person = person;
    this.typed = "";
    this.result = "cancel";
    this.ended = new Promise((resolve) => { this.resolve = resolve; });
    this.body = el("div", { class: "pay-body" });
    this.node = el("div", { class: "pay", role: "dialog", "aria-modal": "true", "aria-label": t("pay"), tabindex: "-1" }, this.body);
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.node.addEventListener("leave", () => this.close());
    place.append(this.node);
    this.node.focus();
  }

  close() {
    clearTimeout(this.timer);
    this.node.remove();
    this.resolve({ result: this.result, reason: this.reason });
  }

  // The first step: what, the recipient, the means of payment.
  show(details) {
    this.details = details;
    this.timer = setTimeout(() => this.result === "cancel" && this.refuse("the order has run out"), Math.min(details.seconds * 1000, 2 ** 31 - 1));
    this.bank = el("select", { "aria-label": t("payWith") },
      ...details.banks.map((bank) => el("option", { value: bank }, t(FACES[bank], yuan(details.money)))));
    this.choose();
  }

  choose(problem = "") {
    this.typed = "";
    this.asking = false;
    this.fill(this.head(),
      el("label", { class: "pay-with" }, el("span", {}, t("payWith")), this.bank),
      problem ? el("p", { class: "problem", role: "alert" }, problem) : null,
      el("button", { type: "button", class: "strong wide", onclick: () => this.ask() }, t("payNow")));
    this.node.querySelector(".strong").focus();
  }

  head() {
    return [
      el("div", { class: "pay-bar" }, el("button", { type: "button", class: "round", "aria-label": t("cancel"), title: t("cancel"), onclick: () => this.close() }, "✕")),
      el("p", { class: "pay-to" }, t("payTo", this.details.merchant)),
      el("p", { class: "pay-what" }, this.details.description),
      el("p", { class: "pay-total" }, `¥${yuan(this.details.total)}`),
    ];
  }

  // The second step: six digits, by the pad or the keyboard.
  ask(problem = "") {
    this.typed = "";
    this.asking = true;
    this.dots = el("div", { class: "dots", role: "status", "aria-live": "polite" });
    const press = (digit) => el("button", { type: "button", onclick: () => this.type(digit) }, digit);
    const erase = el("button", { type: "button", "aria-label": t("erase"), onclick: () => this.erase() }, "⌫");
    this.fill(this.head(), el("p", {}, t("password")), this.dots,
      el("p", { class: "problem", role: "alert" }, problem),
      el("small", {}, t("passwordHint", this.details.password)),
      el("div", { class: "pad" }, ...[..."123456789"].map(press), el("span"), press("0"), erase));
    this.count();
    this.node.focus();
  }

  count() {
    this.dots.setAttribute("aria-label", t("digits", this.typed.length));
    this.dots.replaceChildren(...Array.from({ length: DIGITS }, (_, place) => el("i", { class: place < this.typed.length ? "on" : "" })));
  }

  key(event) {
    if (event.key === "Escape") this.close();
    else if (event.key === "Tab") this.keepInside(event);
    else if (!this.asking) return;
    else if (/^[0-9]$/.test(event.key)) this.type(event.key);
    else if (event.key === "Backspace") this.erase();
    else return;
    event.stopPropagation();
  }

  keepInside(event) {
    const all = [...this.node.querySelectorAll("button, select")];
    const end = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement !== end && document.activeElement !== this.node) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0]).focus();
  }

  type(digit) {
    if (this.typed.length === DIGITS) return;
    this.typed += digit;
    this.count();
    if (this.typed.length === DIGITS) this.confirm();
  }

  erase() {
    this.typed = this.typed.slice(0, -1);
    this.count();
  }

  async confirm() {
    try {
      await payment("do", { prepay: this.details.prepay, person: this.person, password: this.typed, bank: this.bank.value });
    } catch (error) {
      if (error.message === "the password is wrong") this.ask(reason(error.message));
      else if (error.message === "there is not enough money") this.choose(reason(error.message));
      else this.refuse(error.message);
      return;
    }
    this.result = "ok";
    this.asking = false;
    this.fill(el("div", { class: "pay-done", role: "status" }, el("span", { "aria-hidden": "true" }, "✓"), el("strong", {}, t("paid"))),
      el("p", { class: "pay-to" }, this.details.merchant), el("p", { class: "pay-total" }, `¥${yuan(this.details.total)}`),
      el("button", { type: "button", class: "strong wide", onclick: () => this.close() }, t("done")));
    this.node.querySelector(".strong").focus();
  }

  refuse(text) {
    this.result = "fail";
    this.reason = text;
    this.asking = false;
    this.fill(el("h2", {}, t("cannotPay")), el("p", { class: "problem", role: "alert" }, reason(text)),
      el("button", { type: "button", class: "strong wide", onclick: () => this.close() }, t("understood")));
    this.node.querySelector(".strong").focus();
  }

  fill(...parts) {
    this.body.replaceChildren(...parts.flat().filter(Boolean));
  }
}
