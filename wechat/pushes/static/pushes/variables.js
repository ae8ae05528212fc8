// A press on a variable writes it into the field that was written in last, where the cursor stood.

const TAKING = 'input[data-preview], input[name$="url"], input[name$="pagepath"]';
let last = null;

document.addEventListener("focusin", (event) => {
  if (event.target.matches(TAKING)) last = event.target;
});
document.addEventListener("click", (event) => {
  const variable = event.target.closest("[data-variable]")?.dataset.variable;
  const field = last ?? document.querySelector(TAKING);
  if (!variable || !field) return;
  field.focus();
  field.setRangeText(variable, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
