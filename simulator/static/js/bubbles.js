// One bubble for each kind of message.

import { el, outside, toast, webAddress } from "./dom.js";
import { redPacket } from "./redpacket.js";
import { mediaAddress } from "./server.js";
import { rich } from "./text.js";
import { known, t } from "./words.js";

function picture(source, className, description) {
  const image = el("img", { src: source, class: className, alt: description });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "gone" }, t("pictureGone"))));
  return image;
}

function media(phone, id, className, description) {
  return picture(mediaAddress(phone.appid, id), className, description);
}

function voice(phone, content) {
  const audio = el("audio", { src: mediaAddress(phone.appid, content.media_id), preload: "metadata" });
  const length = el("span", { class: "length" }, "");
  const button = el("button", { type: "button", class: "bubble voice", "aria-label": t("playVoice") }, waves(), length, audio);
  audio.addEventListener("loadedmetadata", () => {
    if (Number.isFinite(audio.duration)) length.textContent = t("seconds", Math.max(1, Math.round(audio.duration)));
  });
  audio.addEventListener("play", () => button.classList.add("playing"));
  for (const over of ["pause", "ended"]) audio.addEventListener(over, () => button.classList.remove("playing"));
  button.addEventListener("click", async () => {
    if (!audio.paused) return audio.pause();
    await audio.play().catch(() => silently(button));
  });
  return button;
}

// No browser plays AMR, the format of recorded voice: the bubble moves, and says why there is no sound.
function silently(button) {
  toast(t("cannotPlay"));
  button.classList.add("playing");
  setTimeout(() => button.classList.remove("playing"), 3000);
}

function waves() {
  return el("span", { class: "waves", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
}

function video(phone, content) {
  const player = el("video", { src: mediaAddress(phone.appid, content.media_id), controls: true, preload: "metadata" });
  const caption = content.title ? el("p", { class: "caption" }, el("strong", {}, content.title), " ", content.description ?? "") : null;
  return el("div", { class: "bubble media" }, player, caption);
}

function card(address, className, ...children) {
  const url = webAddress(address);
  return url ? outside(url, { class: `bubble card ${className}` }, ...children) : el("div", { class: `bubble card ${className}` }, ...children);
}

function music(phone, content) {
  const url = webAddress(content.hqmusicurl) ?? webAddress(content.musicurl);
  return el(
    "div",
    { class: "bubble card music" },
    el("div", { class: "row" },
      el("div", { class: "words" }, el("strong", {}, content.title || t("music")), el("small", {}, content.description ?? "")),
      content.thumb_media_id ? media(phone, content.thumb_media_id, "thumb", "") : null),
    url ? el("audio", { src: url, controls: true, preload: "none" }) : null,
  );
}

function news(phone, content) {
  const [first, ...rest] = content.articles;
  return el("div", { class: "bubble card news" }, article(first, true), ...rest.map((each) => article(each, false)));
}

function article(each, large) {
  const url = webAddress(each.url);
  const image = webAddress(each.picurl);
  const inside = [
    image ? picture(image, "cover", "") : null,
    el("strong", {}, each.title),
    large && each.description ? el("small", {}, each.description) : null,
  ];
  const attributes = { class: large ? "article large" : "article" };
  return url ? outside(url, attributes, ...inside) : el("div", attributes, ...inside);
}

function menu(phone, content) {
  const entries = content.list.map((entry) =>
    el("li", {}, el("button", { type: "button", class: "inline-link", onclick: () => phone.tap(entry) }, String(entry.content))),
  );
  return el("div", { class: "bubble menu" }, el("p", {}, ...rich(content.head_content ?? "")), el("ul", {}, entries), el("p", {}, ...rich(content.tail_content ?? "")));
}

function miniProgram(phone, content) {
  const open = () => toast(t("miniProgramTap", `${content.appid} ${content.pagepath}`));
  return el(
    "button",
    { type: "button", class: "bubble card mini", onclick: open },
    el("strong", {}, content.title || t("miniProgram")),
    media(phone, content.thumb_media_id, "cover", ""),
    el("small", { class: "foot" }, `⊙ ${t("miniProgram")}`),
  );
}

function location(phone, content) {
  return el(
    "div",
    { class: "bubble card place" },
    el("strong", {}, content.label),
    el("small", {}, `${content.latitude}, ${content.longitude}`),
    el("span", { class: "map", "aria-hidden": "true" }, "📍"),
  );
}

function link(phone, content) {
  return card(content.url, "linked", el("strong", {}, content.title || content.url), el("small", {}, content.description ?? ""));
}

function template(phone, content) {
  const fields = Object.entries(content.data).flatMap(([name, field]) => [el("dt", {}, name), el("dd", {}, String(field.value))]);
  const more = content.url || content.miniprogram ? el("small", { class: "foot" }, t("details")) : null;
  return card(content.url, "template", el("small", { class: "head" }, content.title || t("template")), el("dl", {}, fields), more);
}

function articles(phone, content) {
  const titles = (content.articles ?? []).map((each) => el("div", {}, el("strong", {}, each.title), el("small", {}, each.digest ?? "")));
  return el("div", { class: "bubble card" }, titles);
}

const BUBBLES = {
  text: (phone, content) => el("div", { class: "bubble text" }, ...rich(content.content)),
  image: (phone, content) => el("div", { class: "bubble media" }, media(phone, content.media_id, "picture", t("picture"))),
  voice,
  video,
  shortvideo: video,
  music,
  news,
  mpnews: articles,
  mpvideo: video,
  msgmenu: menu,
  miniprogrampage: miniProgram,
  location,
  link,
  template,
  redpacket: redPacket,
};

export function bubble(phone, entry) {
  const make = BUBBLES[entry.msgtype];
  if (make) return make(phone, entry.content);
  return el("div", { class: "bubble text" }, t("unknownKind", entry.msgtype), el("pre", {}, JSON.stringify(entry.content, null, 1)));
}

const FOLLOWED = "qrscene_";

// Lines in the middle of the chat: what happened, rather than messages.
export function happening(entry) {
  if (entry.via === "system") return entry.content.content;
  if (entry.via === "forged") return t("forged", entry.msgtype);
  if (entry.msgtype === "transfer_customer_service") {
    return entry.content.kf_account ? t("transferredTo", entry.content.kf_account) : t("transferred");
  }
  if (entry.msgtype !== "event") return null;
  const { event, Event, EventKey = "" } = entry.content;
  if (entry.side === "platform") return t("reportEvent", Event);
  if (event === "subscribe" && EventKey.startsWith(FOLLOWED)) return t("subscribeByScan", EventKey.slice(FOLLOWED.length));
  return event && known(event) ? t(event, EventKey) : t("otherEvent", event ?? Event);
}
