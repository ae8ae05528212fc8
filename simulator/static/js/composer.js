// Where a person writes: text, emoji, and the panel with everything else.

import { choose, fill } from "./dialogs.js";
import { el, toast } from "./dom.js";
import { askLeave } from "./notices.js";
import { showPaymentCode } from "./paymentcode.js";
import { upload } from "./server.js";
import { t } from "./words.js";

const EMOJI = [..."😀😁😂🤣😊😍😘😎🤔😅😭😡😴🤗🙄😱👍👎👏🙏💪🤝👌✌️❤️💔🎉🎁🌹🍵☕🍎🏃🚗🏠⏰📷🔥✨⭐🌧️☀️🐱🐶"].filter(
  (each) => each !== "\ufe0f",
);
const ACCEPT = { image: "image/png,image/jpeg,image/gif", voice: ".amr,.mp3", video: "video/mp4" };
const TITLES = { image: "choosePicture", voice: "chooseVoice", video: "chooseVideo" };

export class Composer {
  constructor(phone) {
    this.phone = phone;
    this.input = el("textarea", { rows: "1", "aria-label": t("message"), autocomplete: "off", enterkeyhint: "send" });
    this.input.addEventListener("keydown", (event) => this.typed(event));
    this.input.addEventListener("input", () => this.grow());
    this.send = el("button", { type: "submit", class: "strong send" }, t("send"));
    this.emoji = this.panel("emoji", EMOJI.map((each) => this.emojiButton(each)));
    this.more = this.panel("more", this.doings());
    this.node = el(
      "form",
      { class: "composer", onsubmit: (event) => this.submit(event) },
      el("div", { class: "bar" }, this.input, this.toggle("☺", "emoji", this.emoji), this.toggle("＋", "more", this.more), this.send),
      this.emoji,
      this.more,
    );
    this.grow();
  }

  panel(name, children) {
    return el("div", { class: `panel ${name}`, hidden: true, role: "group", "aria-label": t(name) }, ...children);
  }

  toggle(sign, name, panel) {
    const button = el("button", { type: "button", class: "round", "aria-label": t(name), title: t(name), "aria-expanded": "false" }, sign);
    panel.opener = button;
    button.addEventListener("click", () => this.open(panel.hidden ? panel : null));
    return button;
  }

  open(panel) {
    for (const each of [this.emoji, this.more]) {
      each.hidden = each !== panel;
      each.opener.setAttribute("aria-expanded", String(each === panel));
    }
    this.phone.toEnd();
  }

  emojiButton(each) {
    const insert = () => {
      this.input.setRangeText(each, this.input.selectionStart, this.input.selectionEnd, "end");
      this.grow();
    };
    return el("button", { type: "button", onclick: insert }, each);
  }

  doings() {
    const tiles = [
      ["🖼️", "picture", () => this.file("image")],
      ["🎙️", "voice", () => this.file("voice")],
      ["🎬", "video", () => this.file("video")],
      ["📍", "location", () => this.location()],
      ["🔗", "link", () => this.link()],
      ["🔳", "scan", () => this.phone.scan()],
      ["💳", "paymentCode", () => showPaymentCode(this.phone)],
      ["🔔", "notices", () => askLeave(this.phone)],
    ];
    return tiles.map(([sign, name, run]) =>
      el("button", { type: "button", class: "tile", onclick: run }, el("span", { "aria-hidden": "true" }, sign), el("small", {}, t(name))),
    );
  }

  typed(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event);
    if (event.key === "Escape") this.open(null);
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 110)}px`;
    this.send.hidden = !this.input.value.trim();
  }

  submit(event) {
    event.preventDefault();
    const content = this.input.value.trim();
    if (!content) return;
    this.input.value = "";
    this.grow();
    this.phone.act({ type: "text", content });
  }

  async file(kind) {
    const chosen = await choose(t(TITLES[kind]), kind, this.phone.samples[kind], ACCEPT[kind]);
    if (!chosen) return;
    if (chosen.sample) return this.phone.act({ type: kind, sample: chosen.sample });
    try {
      await this.phone.act({ type: kind, media_id: await upload(this.phone, kind, chosen.file) });
    } catch (error) {
      toast(t("badFile", error.message));
    }
  }

  async location() {
    const number = { type: "number", step: "any", required: true };
    const filled = await fill(t("location"), [
      { name: "label", label: t("place"), value: t("placeExample"), required: true },
      { name: "latitude", label: t("latitude"), value: "23.129163", min: "-90", max: "90", ...number },
      { name: "longitude", label: t("longitude"), value: "113.264435", min: "-180", max: "180", ...number },
    ]);
    if (filled) await this.phone.act({ type: "location", ...filled });
  }

  async link() {
    const filled = await fill(t("link"), [
      { name: "title", label: t("linkTitle"), value: t("linkTitleExample"), required: true },
      { name: "description", label: t("linkDescription"), value: t("linkDescriptionExample") },
      { name: "url", label: t("address"), type: "url", value: "https://h5.example.com/gift", required: true },
    ]);
    if (filled) await this.phone.act({ type: "link", ...filled });
  }
}
