// The camera: pick one of the account's codes, paste what names one, or drop a picture of one.

import { el } from "./dom.js";
import { isPayCode, payByCode } from "./paysheet.js";
import { linkedPacket, openRedPacket } from "./redpacket.js";
import { codes, recognise } from "./server.js";
import { openPage } from "./webview.js";
import { locale, reason, t } from "./words.js";

function ending(code) {
  if (code.over) return t("scanOver");
  if (code.ends_at === null) return t("scanForGood");
  const moment = new Date(code.ends_at * 1000);
  return t("scanEnds", moment.toLocaleString(locale(), { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" }));
}

function tile(code, take) {
  const src = `/cgi-bin/showqrcode?${new URLSearchParams({ ticket: code.ticket })}`;
  return el("button", { type: "button", class: code.over ? "code over" : "code", title: code.ticket, onclick: () => take(code.ticket) },
    el("img", { src, alt: "", loading: "lazy", width: "96", height: "96" }), el("strong", {}, code.scene), el("small", {}, ending(code)));
}

// Resolves to the ticket of the code that was scanned, or to null.
export async function scan(phone) {
  const known = await codes(phone);
  return new Promise((resolve) => {
    const problem = el("p", { class: "problem", role: "alert" });
    const take = (ticket) => dialog.close(ticket);
    const read = async (what) => {
      if (isPayCode(what.text)) {
        take("");
        payByCode(phone, what.text);
        return;
      }
      if (linkedPacket(what.text)) {
        take("");
        openRedPacket(phone, linkedPacket(what.text));
        return;
      }
      try {
        const { ticket = "", url } = await recognise(phone, what);
        take(ticket);
        if (url) openPage(phone, url);
      } catch (error) {
        if (!/^https?:/.test(what.text ?? "")) return void (problem.textContent = reason(error.message));
        // A code that is none of WeChat's own, but of a page.
        take("");
        openPage(phone, what.text.trim());
      }
    };
    const text = el("input", { name: "text", "aria-label": t("scanPaste"), autocomplete: "off", spellcheck: "false" });
    const paste = el("form", { class: "paste", onsubmit: (event) => { event.preventDefault(); if (text.value.trim()) read({ text: text.value }); } },
      el("label", {}, el("span", {}, t("scanPaste")), text), el("button", { class: "strong" }, t("scanRead")));
    const file = el("input", { type: "file", accept: "image/*", onchange: () => read({ file: file.files[0] }) });
    const drop = el("label", { class: "own drop" }, el("span", {}, t("scanDrop")), file);
    const cancel = el("button", { type: "button", class: "quiet", onclick: () => dialog.close("") }, t("cancel"));
    const tiles = known.length ? el("div", { class: "codes" }, ...known.map((code) => tile(code, take))) : el("p", {}, t("scanNone"));
    const dialog = el("dialog", { class: "scan", "aria-label": t("scan") }, el("h2", {}, t("scan")), tiles, paste, drop, problem, el("div", { class: "buttons" }, cancel));
    dialog.addEventListener("dragover", (event) => event.preventDefault());
    dialog.addEventListener("drop", (event) => {
      event.preventDefault();
      const [dropped] = event.dataTransfer.files;
      const address = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
      if (dropped) read({ file: dropped });
      else if (address) read({ text: address });
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
