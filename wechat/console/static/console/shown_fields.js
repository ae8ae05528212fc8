"use strict";
// Shows the fields of the chosen kind only. Without it all fields are there, and those of other kinds ignored.

function chooserOf(field) {
  const prefix = field.name.slice(0, field.name.lastIndexOf("-") + 1);
  return field.form.elements[prefix + field.dataset.shownBy];
}

function showFields() {
  for (const field of document.querySelectorAll("[data-shown-by]")) {
    const chooser = chooserOf(field);
    const row = field.closest(".field-line");
    if (chooser && row) {
      row.hidden = !field.dataset.shownFor.split(" ").includes(chooser.value);
    }
  }
}

document.addEventListener("DOMContentLoaded", showFields);
document.addEventListener("formset:added", showFields);
document.addEventListener("change", (event) => {
  if (event.target.matches("select")) {
    showFields();
  }
});
