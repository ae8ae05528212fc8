"use strict";
// What was refused: sections with an error open, the banner names each field with a link, the first is focused.

const refused = (root) =>
  [...root.querySelectorAll("[aria-invalid=true]")].filter(
    (field) => field.type !== "hidden" && !field.closest(".empty-form, template"),
  );

const textOf = (element) => element.textContent.trim().replace(/\s+/g, " ");

const labelOf = (field) => {
  const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
  const cell = field.closest("td[data-label]");
  const line = field.closest(".field-line")?.querySelector("label");
  const words =
    label?.textContent || field.getAttribute("aria-label") || cell?.dataset.label || line?.textContent || field.name;
  return words.replace("*", "").trim();
};

const reasonOf = (field) => {
  const described = (field.getAttribute("aria-describedby") || "").split(" ");
  const id = described.find((each) => each.endsWith("_error"));
  let list = id && document.getElementById(id);
  // Else the nearest one: every page has it beside the field, and the skin in its own way.
  for (let around = field.parentElement; !list && around && around.tagName !== "FORM"; around = around.parentElement) {
    list = around.querySelector(".errorlist, .filter-error, div.text-red-600");
    // What the field refers to has to have that name.
    if (list && id) list.id ||= id;
  }
  return list ? textOf(list) : "";
};

// A field that is drawn as something else is reached by what is drawn.
const reach = (field) => {
  for (let around = field.parentElement; around; around = around.parentElement) {
    if (around.tagName === "DETAILS") {
      around.open = true;
    }
  }
  const shown = field.getClientRects().length ? field : field.parentElement.querySelector("button, a[href], [tabindex]");
  (shown || field).scrollIntoView({ block: "center" });
  (shown || field).focus({ preventScroll: true });
};

const bannerFor = (field) => {
  const found = document.querySelector("#content .errornote");
  if (found) {
    return found;
  }
  const banner = document.createElement("div");
  banner.className = "errornote errornote-own";
  banner.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = document.getElementById("console-words").dataset.refused;
  banner.append(words);
  field.closest("form").prepend(banner);
  return banner;
};

// Rows that are wrong together, such as none where one is needed: their first field leads there.
const wrongRows = () =>
  [...document.querySelectorAll("#content form fieldset .errornote")].map((note) => {
    const rows = note.closest("fieldset");
    const fields = [...rows.querySelectorAll("input:not([type=hidden]), select, textarea")];
    const field = fields.find((each) => !each.closest(".empty-form, template")) || note;
    return { field, label: textOf(rows.querySelector("h2") || note), reason: textOf(note) };
  });

const inOrder = (one, other) =>
  one.field.compareDocumentPosition(other.field) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;

document.addEventListener("DOMContentLoaded", () => {
  const fields = refused(document);
  // Several boxes with one name are one question, and so are a day and its time.
  const questionOf = (field) => field.closest(".datetime") || field.name;
  const asked = fields.map(questionOf);
  const questions = fields.filter((field, place) => asked.indexOf(questionOf(field)) === place);
  const wrong = questions.map((field) => ({ field, label: labelOf(field), reason: reasonOf(field) }));
  const faults = [...wrong, ...wrongRows()].sort(inOrder);
  if (!faults.length || !faults[0].field.closest("form")) {
    return;
  }
  // After the skin has put wide tables into frames of its own, which takes the focus from what is in them.
  setTimeout(() => [...faults].reverse().forEach(({ field }) => reach(field)));
  // The pages of signing in are so short that nothing is listed above.
  if (!document.getElementById("console-words")) {
    return;
  }
  const list = document.createElement("ul");
  list.className = "refused";
  for (const { field, label, reason } of faults) {
    const link = document.createElement("a");
    link.href = `#${field.id}`;
    link.textContent = label;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      reach(field);
    });
    const line = document.createElement("li");
    line.append(link, ` ${reason}`);
    list.append(line);
  }
  bannerFor(faults[0].field).append(list);
  // Django's script for new rows, which may run later than this one, would focus the first field of all.
  document.getElementById("django-admin-form-add-constants")?.removeAttribute("data-model-name");
});

// No page can give a chosen file back to its field: somebody who corrects the rest would send the form without.
document.addEventListener("DOMContentLoaded", () => {
  for (const note of document.querySelectorAll("[data-lost-file]")) {
    const field = document.querySelector(`input[type=file][name="${CSS.escape(note.dataset.lostFile)}"]`);
    if (!field) {
      continue;
    }
    // The skin has its own in a line with what follows them.
    (frameOf(field)?.parentElement || field).after(note);
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${note.id}`.trim());
    note.hidden = false;
    field.addEventListener("change", () => note.remove());
  }
});
