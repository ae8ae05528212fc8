// The browser inside the phone: a sheet over the chat with a page of the account, as this person.

import { el, outside, webAddress } from "./dom.js";
import { payByBridge } from "./paysheet.js";
import { pageFrame } from "./server.js";
import { t } from "./words.js";

// Shows a page on a phone. Resolves once the sheet is there.
export async function openPage(phone, url) {
  const address = webAddress(url);
  if (!address) return;
  phone.sheet?.close();
  phone.sheet = new Sheet(phone, address);
  await phone.sheet.show();
}

// Links in the chat open on the phone; with a modifier key the real browser takes them.
export function openLinks(phone) {
  phone.log.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openPage(phone, link.href);
  });
}

class Sheet {
  constructor(phone, url) {
    Object.assign(this, { phone, url });
    this.title = el("strong", {}, t("loading"));
    this.address = el("small", {}, url);
    this.frame = el("iframe", { title: t("page"), allow: "clipboard-write" });
    this.body = el("div", { class: "sheet-body" }, this.frame);
    this.node = el("div", { class: "sheet", role: "dialog", "aria-label": t("page") },
      el("div", { class: "sheet-bar" },
        this.button("‹", "back", () => this.back()),
        el("div", { class: "sheet-where" }, this.title, this.address),
        this.button("✕", "close", () => this.close())),
      this.body);
    this.listener = (event) => this.received(event);
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  button(face, word, onclick) {
    return el("button", { type: "button", class: "round", "aria-label": t(word), title: t(word), onclick }, face);
  }

  async show() {
    addEventListener("message", this.listener);
    this.phone.node.append(this.node);
    this.node.querySelector("button:last-of-type").focus();
    const { frame } = await pageFrame(this.phone, this.url);
    if (frame) this.frame.src = frame;
    else this.showOutside();
  }

  // Only pages of the account's own server are shown here.
  showOutside() {
    this.title.textContent = new URL(this.url).host;
    this.body.replaceChildren(el("p", { class: "sheet-note" }, t("outsidePage"), " ", outside(this.url, {}, t("openOutside"))));
  }

  received(event) {
    if (event.source !== this.frame.contentWindow) return;
    const { webview, url, title } = event.data ?? {};
    if (webview === "close") this.close();
    if (webview === "pay") payByBridge(this.phone, event.data, this.frame.contentWindow);
    if (webview !== "page") return;
    this.address.textContent = url;
    this.title.textContent = title || t("page");
  }

  back() {
    this.frame.contentWindow?.postMessage({ webview: "back" }, "*");
  }

  close() {
    removeEventListener("message", this.listener);
    this.node.remove();
    if (this.phone.sheet === this) this.phone.sheet = null;
  }
}
