// How a message travelled: each delivery, what came back, and the raw texts for those who want them.

import { el } from "./dom.js";
import { known, t } from "./words.js";

function kind(attempt) {
  const type = attempt.reply?.MsgType ?? "";
  return known(type) ? t(type) : type;
}

function verdict(attempt) {
  if (attempt.verdict === "reply") return t("reply", kind(attempt));
  if (attempt.verdict.startsWith("refused: ")) return t("refused", attempt.verdict.slice(9));
  return t(attempt.verdict);
}

function mark(attempt) {
  if (attempt.verdict === "waiting") return "…";
  return ["reply", "success", "empty"].includes(attempt.verdict) ? "✓" : "✕";
}

function tone(attempt) {
  return { "…": "waiting", "✓": "good", "✕": "bad" }[mark(attempt)];
}

function brief(attempt) {
  const parts = [attempt.number ? t("attempt", attempt.number) : "", verdict(attempt)];
  if (attempt.verdict !== "waiting" && attempt.number) parts.unshift(t("ms", attempt.ms));
  return parts.filter(Boolean).join(" · ");
}

function raw(label, text) {
  return text ? [el("h4", {}, label), el("pre", { tabindex: "0" }, text)] : [];
}

function whole(attempt) {
  const { query = {}, body = "", fields = {} } = attempt.request;
  const asked = Object.entries(query).map(([name, value]) => `${name}=${value}`).join("\n");
  return el(
    "section",
    { class: tone(attempt) },
    el("p", {}, brief(attempt), attempt.status ? ` · ${t("status", attempt.status)}` : "", attempt.detail ? ` · ${attempt.detail}` : ""),
    ...raw(t("rawPush"), Object.entries(fields).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join("\n")),
    ...raw(t("rawSealed"), body ? `${asked}\n\n${body}` : ""),
    ...raw(t("rawReply"), attempt.body),
  );
}

export function trace(entry, open) {
  const last = entry.attempts.at(-1);
  if (!last) return entry.side === "account" ? null : el("p", { class: "trace waiting" }, t("waiting"));
  return el(
    "details",
    { class: `trace ${tone(last)}`, open },
    el("summary", {}, el("span", { "aria-hidden": "true" }, mark(last)), ` ${brief(last)}`),
    ...entry.attempts.map(whole),
  );
}
