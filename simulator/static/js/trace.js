// How a message travelled: each delivery, what came back, and the raw texts for those who want them.

import { el } from "./dom.js";
import { known, reason, t } from "./words.js";

function kind(attempt) {
  const type = attempt.reply?.MsgType ?? "";
  return known(type) ? t(type) : type;
}

function verdict(attempt) {
  if (attempt.verdict === "reply") return t("reply", kind(attempt));
  if (attempt.verdict.startsWith("refused: ")) return t("refused", reason(attempt.verdict.slice(9)));
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

// The raw texts of one attempt among several stay folded.
function folded(alone, parts) {
  return alone || !parts.length ? parts : [el("details", {}, el("summary", {}, t("raw")), ...parts)];
}

function whole(attempt, _, { length }) {
  const { query = {}, body = "", fields = {} } = attempt.request;
  const asked = lines(query, "=");
  const parts = [brief(attempt)];
  if (attempt.status) parts.push(t("status", attempt.status));
  if (attempt.detail && !attempt.detail.startsWith("HTTP ")) parts.push(...attempt.detail.split("; ").map(reason));
  return el(
    "section",
    { class: tone(attempt) },
    el("p", {}, parts.join(" · ")),
    ...folded(length === 1, [
      ...raw(t("rawPush"), lines(fields, ": ")),
      ...raw(t("rawSealed"), body ? `${asked}\n\n${body}` : ""),
      ...raw(t("rawReply"), attempt.body),
    ]),
  );
}

function lines(values, between) {
  const shown = (value) => (typeof value === "object" ? JSON.stringify(value) : value);
  return Object.entries(values).map(([name, value]) => `${name}${between}${shown(value)}`).join("\n");
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
