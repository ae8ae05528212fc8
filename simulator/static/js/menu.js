// The account's menu below the chat: bar, submenus, and what a tap on each type of button does.

import { choose, confirm, fill } from "./dialogs.js";
import { el, toast } from "./dom.js";
import { changePlatform, give, menuOf, upload } from "./server.js";
import { openPage } from "./webview.js";
import { t } from "./words.js";

const PLATFORMS = [[1, "iOS"], [2, "Android"], [3, "other"]];
const MENU_WAITS_MS = 600;

export class Menu {
  constructor(phone) {
    this.phone = phone;
    this.buttons = el("div", { class: "menu-buttons", role: "menubar", "aria-label": t("menu") });
    this.keyboard = this.mode("⌨", "toKeyboard", false);
    this.back = this.mode("≡", "toMenu", true);
    this.node = el("nav", { class: "menu-bar" }, this.keyboard, this.buttons);
    this.platform = this.platformChooser();
    phone.composer.node.querySelector(".bar").prepend(this.back);
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.node.addEventListener("focusout", (event) => this.node.contains(event.relatedTarget) || this.open(null));
    this.show({ button: [], platform: 1 });
  }

  mode(sign, name, on) {
    const run = () => {
      this.phone.node.classList.toggle("with-menu", on);
      (on ? this.keyboard : this.phone.composer.input).focus();
    };
    return el("button", { type: "button", class: "round", "aria-label": t(name), title: t(name), onclick: run }, sign);
  }

  // Conditional menus may be for the users of one system only.
  platformChooser() {
    const options = PLATFORMS.map(([value, name]) => el("option", { value }, name === "other" ? t("otherPlatform") : name));
    const change = async (event) => this.show(await changePlatform(this.phone, Number(event.target.value)));
    return el("select", { class: "platform", "aria-label": t("platform"), title: t("platform"), onchange: change }, ...options);
  }

  async refresh() {
    this.show(await menuOf(this.phone));
  }

  show({ button = [], menuid = 0, platform }) {
    const before = JSON.stringify(this.shown);
    this.platform.value = String(platform);
    this.menuid = menuid;
    this.shown = button;
    if (before === JSON.stringify(button)) return;
    this.buttons.replaceChildren(...button.map((each) => this.first(each)));
    this.back.hidden = !button.length;
    // The skeleton is complete only after the phone's own constructor.
    queueMicrotask(() => this.phone.node.classList.toggle("with-menu", button.length > 0));
  }

  first(button) {
    const children = button.sub_button ?? [];
    if (!children.length) return el("div", { class: "menu-slot" }, this.item(button));
    const list = el("div", { class: "submenu", role: "menu", "aria-label": button.name, hidden: true }, ...children.map((each) => this.item(each)));
    const opener = el("button", { type: "button", role: "menuitem", "aria-haspopup": "menu", "aria-expanded": "false" }, el("i", { "aria-hidden": "true" }, "≡"), button.name);
    opener.addEventListener("click", () => this.open(list.hidden ? list : null));
    list.opener = opener;
    return el("div", { class: "menu-slot" }, list, opener);
  }

  item(button) {
    const run = () => {
      this.open(null);
      this.tap(button);
    };
    return el("button", { type: "button", role: "menuitem", onclick: run }, button.name);
  }

  open(list) {
    for (const each of this.node.querySelectorAll(".submenu")) {
      each.hidden = each !== list;
      each.opener.setAttribute("aria-expanded", String(each === list));
    }
    list?.firstElementChild.focus();
  }

  key(event) {
    const slot = event.target.closest(".menu-slot");
    const list = event.target.closest(".submenu");
    if (event.key === "Escape" && list) {
      list.opener.focus();
      this.open(null);
      return;
    }
    const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !slot) return;
    event.preventDefault();
    const upAndDown = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (upAndDown && !list) return slot.querySelector("[aria-haspopup]")?.click();
    if (upAndDown) return this.neighbour([...list.children], event.target, step).focus();
    this.neighbour([...this.buttons.children], slot, step).lastElementChild.focus();
  }

  neighbour(all, one, step) {
    return all[(all.indexOf(one) + step + all.length) % all.length];
  }

  async tap(button) {
    const run = TAPS[button.type];
    if (!run) return toast(t("unknownButton", button.type));
    try {
      await run(this.phone, button, this.menuid);
    } catch (error) {
      toast(t("failed", error.message));
    }
  }
}

async function view(phone, button, menuid) {
  await phone.act({ type: "view", url: button.url, menuid });
  openPage(phone, button.url);
}

async function miniProgram(phone, button, menuid) {
  await phone.act({ type: "view_miniprogram", pagepath: button.pagepath, menuid });
  await confirm(t("miniProgramTap", `${button.appid} ${button.pagepath}`), t("close"));
}

async function scan(phone, button) {
  const field = { name: "result", label: t("scanResult"), hint: t("scanHint"), value: "https://h5.example.com/coupon/8Q2Z", required: true };
  const filled = await fill(t("scan"), [field]);
  if (!filled) return;
  const barcode = /^\d{8,14}$/.test(filled.result);
  const result = barcode ? `EAN_13,${filled.result}` : filled.result;
  await phone.act({ type: button.type, key: button.key, scan_type: barcode ? "barcode" : "qrcode", result });
  if (button.type === "scancode_waitmsg") return toast(t("receiving"));
  if (/^https?:/.test(filled.result)) openPage(phone, filled.result);
  else toast(filled.result);
}

// First the event with the number of pictures, then each picture as a message of its own.
async function pictures(phone, button) {
  const chosen = await choose(t("choosePicture"), "image", phone.samples.image, "image/png,image/jpeg,image/gif");
  if (!chosen) return;
  const media = chosen.sample ? { sample: chosen.sample } : { media_id: await upload(phone, "image", chosen.file) };
  await phone.act({ type: button.type, key: button.key, count: 1 });
  await new Promise((done) => setTimeout(done, MENU_WAITS_MS));
  await phone.act({ type: "image", ...media });
}

async function place(phone, button) {
  const number = { type: "number", step: "any", required: true };
  const filled = await fill(t("location"), [
    { name: "label", label: t("place"), value: t("placeExample"), required: true },
    { name: "latitude", label: t("latitude"), value: "23.129163", min: "-90", max: "90", ...number },
    { name: "longitude", label: t("longitude"), value: "113.264435", min: "-180", max: "180", ...number },
  ]);
  if (!filled) return;
  await phone.act({ type: "location_select", key: button.key, ...filled });
  await new Promise((done) => setTimeout(done, MENU_WAITS_MS));
  await phone.act({ type: "location", ...filled });
}

const opened = (phone, button) => confirm(t("articleTap", button.article_id ?? button.media_id ?? button.value), t("close"));

const TAPS = {
  click: (phone, button) => phone.act({ type: "click", key: button.key }),
  view,
  miniprogram: miniProgram,
  scancode_push: scan,
  scancode_waitmsg: scan,
  pic_sysphoto: pictures,
  pic_photo_or_album: pictures,
  pic_weixin: pictures,
  location_select: place,
  media_id: give,
  article_id: give,
  view_limited: opened,
  article_view_limited: opened,
  text: give,
  img: give,
  photo: give,
  voice: give,
  video: give,
  news: give,
};
