"use strict";
// What was refused: sections with an error open, the banner names each field with a link, the first is focused.

const refused = (root) =>
  [...root.querySelectorAll("[aria-invalid=true]")].filter(
    (field) => field.type !== "hidden" && !field.closest(".empty-form, template"),
  );

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
  const list = (id && document.getElementById(id)) || field.closest(".field-line, .field-tabular, .field, .filter")?.querySelector(".errorlist");
  return list ? list.textContent.trim().replace(/\s+/g, " ") : "";
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
  field.form.prepend(banner);
  return banner;
};

document.addEventListener("DOMContentLoaded", () => {
  const fields = refused(document);
  // Several boxes with one name are one question, and so are a day and its time.
  const questionOf = (field) => field.closest(".datetime") || field.name;
  const asked = fields.map(questionOf);
  const questions = fields.filter((field, place) => asked.indexOf(questionOf(field)) === place);
  if (!questions.length || !questions[0].form) {
    return;
  }
  const list = document.createElement("ul");
  list.className = "refused";
  for (const field of questions) {
    const link = document.createElement("a");
    link.href = `#${field.id}`;
    link.textContent = labelOf(field);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      reach(field);
    });
    const line = document.createElement("li");
    line.append(link, ` ${reasonOf(field)}`);
    list.append(line);
  }
  bannerFor(questions[0]).append(list);
  for (const field of [...questions].reverse()) {
    reach(field);
  }
});
