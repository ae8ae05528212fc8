"use strict";
// The rows of a segment and its number follow what is chosen, without a press on "Count again".

const form = document.querySelector("[data-segment]");
const rows = form.querySelector("[data-rows]");

async function renew(button) {
  const data = new FormData(form, button);
  data.append("part", "rows");
  const answer = await fetch(location.href, { method: "POST", body: data, credentials: "same-origin" });
  if (!answer.ok) {
    return;
  }
  const focused = document.activeElement?.name;
  rows.innerHTML = await answer.text();
  if (focused) {
    rows.querySelector(`[name="${CSS.escape(focused)}"]`)?.focus();
  }
}

form.addEventListener("change", () => renew());
form.addEventListener("submit", (event) => {
  if (event.submitter?.name && event.submitter.name !== "save") {
    event.preventDefault();
    renew(event.submitter);
  }
});
