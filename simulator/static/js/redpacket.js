// A red packet: in the chat, and what was in it; one for a group is passed on as a link.

import { el, toast } from "./dom.js";
import { yuan } from "./paysheet.js";
import { payment } from "./server.js";
import { reason, t } from "./words.js";

const LINK = /^\s*weixin:\/\/wxhongbao\/(\d+)\s*$/;

export const linkedPacket = (text) => LINK.exec(text ?? "")?.[1];

export function redPacket(phone, { send_listid: id, sender, wishing }) {
  return el("button", { type: "button", class: "bubble card red-packet", onclick: () => openRedPacket(phone, id) },
    el("strong", {}, `🧧 ${wishing}`), el("small", { class: "foot" }, t("redPacketOf", sender)));
}

export async function openRedPacket(phone, id) {
  try {
    show(await payment("red-packet", { person: phone.person, send_listid: id }), id);
  } catch (error) {
    toast(reason(error.message));
  }
}

function show({ sender, wishing, amount, is_group: isGroup, count, opened }, id) {
  const close = el("button", { type: "button", class: "strong", onclick: () => dialog.close() }, t("done"));
  const group = isGroup ? [
    el("p", {}, t("redPacketOpened", opened.length, count)),
    el("label", {}, el("span", {}, t("redPacketShare")), el("input", { readonly: true, value: `weixin://wxhongbao/${id}`, onfocus: (event) => event.target.select() })),
  ] : [];
  const dialog = el("dialog", { class: "opened-packet", "aria-label": t("redPacket") },
    el("h2", {}, t("redPacketOf", sender)), el("p", {}, wishing), el("p", { class: "amount" }, `¥${yuan(amount)}`), ...group, el("div", { class: "buttons" }, close));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
