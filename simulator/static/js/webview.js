// A page inside WeChat, opened from a chat or a menu.

import { el, outside, webAddress } from "./dom.js";
import { t } from "./words.js";

export function openPage(phone, address) {
  const url = webAddress(address);
  const close = el("button", { type: "button", class: "quiet", onclick: (event) => event.target.closest("dialog").close() }, t("close"));
  const link = url ? outside(url, { class: "inline-link" }, url) : el("span", {}, String(address));
  const dialog = el("dialog", { "aria-label": t("webPage"), class: "webview" }, el("h2", {}, t("webPage")), el("p", {}, link), el("div", { class: "buttons" }, close));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
