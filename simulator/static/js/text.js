// A reply's text: line breaks, links as the platform allows them, addresses made clickable. Everything else is text.

import { el, outside, toast, webAddress } from "./dom.js";
import { t } from "./words.js";

const LINK = /<a\s+([^<>]*)>([\s\S]*?)<\/a>/gi;
const ATTRIBUTE = /([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;
const ADDRESS = /https?:\/\/[^\s<>"'，。；！？、）】》]+/g;

function attributes(text) {
  const found = {};
  for (const [, name, double, single] of text.matchAll(ATTRIBUTE)) found[name.toLowerCase()] = double ?? single;
  return found;
}

function pieces(text, pattern, make) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    found.push(text.slice(end, match.index), make(match));
    end = match.index + match[0].length;
  }
  return [...found, text.slice(end)];
}

function plain(text) {
  return pieces(text, ADDRESS, ([address]) => outside(address, {}, address));
}

function link([whole, inside, label]) {
  const given = attributes(inside);
  const words = label.replace(/<[^>]*>/g, "");
  if (given["data-miniprogram-appid"]) {
    const path = `${given["data-miniprogram-appid"]} ${given["data-miniprogram-path"] ?? ""}`;
    return el("button", { type: "button", class: "inline-link", onclick: () => toast(t("miniProgramTap", path)) }, words);
  }
  const address = webAddress(given.href);
  return address ? outside(address, {}, words) : whole;
}

export function rich(text) {
  return pieces(String(text), LINK, link).flatMap((part) => (typeof part === "string" ? plain(part) : [part]));
}
