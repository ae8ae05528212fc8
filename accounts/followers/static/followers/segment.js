"use strict";
// The rows of a segment and its number follow what is chosen, without a press on "Count again".

const form = document.querySelector("[data-segment]");
const rows = form.querySelector("[data-rows]");

async function renew(pressed) {
  const data = new FormData(form);
  data.append("part", "rows");
  if (pressed) {
    data.append(...pressed);
  }
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

// One after the other: an answer to what was chosen before a press on "Add" would take the new row away again.
let last = Promise.resolve();
const renewNext = (pressed) => {
  // Without an answer the rows stay as they are, and the next choice asks again.
  last = last.then(() => renew(pressed)).catch(() => {});
};

form.addEventListener("change", () => renewNext());
form.addEventListener("submit", (event) => {
  if (event.submitter?.name && event.submitter.name !== "save") {
    event.preventDefault();
    renewNext([event.submitter.name, event.submitter.value]);
  }
});
