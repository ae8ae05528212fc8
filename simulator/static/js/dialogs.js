// Small forms for what needs more than a tap. Each resolves to what was filled in, or null when cancelled.

import { el } from "./dom.js";
import { t } from "./words.js";

function show(title, body, buttons) {
  return new Promise((resolve) => {
    const form = el("form", { method: "dialog" }, el("h2", {}, title), ...body, el("div", { class: "buttons" }, ...buttons));
    const dialog = el("dialog", { "aria-label": title }, form);
    dialog.addEventListener("close", () => {
      const filled = dialog.returnValue ? Object.fromEntries(new FormData(form)) : null;
      const choice = dialog.returnValue;
      dialog.remove();
      resolve(filled && { ...filled, choice });
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const cancel = () => el("button", { type: "button", class: "quiet", onclick: (event) => event.target.closest("dialog").close("") }, t("cancel"));

export function fill(title, fields) {
  const rows = fields.map(({ name, label, value = "", hint, ...rest }) =>
    el("label", {}, el("span", {}, label), el("input", { name, value, autocomplete: "off", ...rest }), hint ? el("small", {}, hint) : null),
  );
  return show(title, rows, [cancel(), el("button", { class: "strong", value: "ok" }, t("send"))]);
}

// Boxes to tick and a choice to make about those that are ticked; resolves to the ticked names and the choice.
export function decide(title, rows, choices) {
  const boxes = rows.map(({ name, label, hint }) =>
    el("label", { class: "tick" }, el("input", { type: "checkbox", name, checked: true }), el("span", {}, label), hint ? el("small", {}, hint) : null),
  );
  const buttons = choices.map(([value, label], place) => el("button", { value, class: place ? "strong" : "quiet" }, label));
  return show(title, boxes, [cancel(), ...buttons]);
}

export function confirm(text, yes) {
  return show(text, [], [cancel(), el("button", { class: "strong danger", value: "ok" }, yes)]);
}

// Built-in samples, or a file of one's own; resolves to {sample} or {file}.
export async function choose(title, kind, samples, accept) {
  const file = el("input", { type: "file", name: "file", accept, onchange: (event) => event.target.closest("dialog").close("file") });
  const buttons = samples.map((name, place) =>
    el(
      "button",
      { value: name, class: "sample" },
      kind === "image" ? el("img", { src: `/static/samples/${name}`, alt: "" }) : el("span", { "aria-hidden": "true" }, kind === "voice" ? "🎙️" : "🎬"),
      el("span", {}, t("sample", place + 1)),
    ),
  );
  const own = el("label", { class: "own" }, el("span", {}, t("ownFile")), file);
  const picked = await show(title, [el("div", { class: "samples" }, ...buttons), own], [cancel()]);
  if (!picked) return null;
  return picked.choice === "file" ? { file: picked.file } : { sample: picked.choice };
}
