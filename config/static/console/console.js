"use strict";
// What pages do in the browser; every page works without it, only less comfortably.

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) {
    // With its button, which may say what is to be done.
    event.target.form.requestSubmit(event.target.form.querySelector("[type=submit]"));
  }
});

// Whoever signs in, in another tab too, gets a new token: a form that was open before would be refused with
// all that is typed in it.
function renewTokens() {
  const [, token] = document.cookie.match(/(?:^|; )csrftoken=(\w+)/) ?? [];
  for (const field of token ? document.querySelectorAll("[name=csrfmiddlewaretoken]") : []) {
    field.value = token;
  }
}

window.addEventListener("focus", renewTokens);
document.addEventListener("submit", renewTokens, true);

// Over plain http the browser has no clipboard, and a visitor may forbid it: then the old command copies, from
// a field beside the button, as the rest of the page is inert while a dialog is open.
async function copy(button) {
  const given = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
  if (given) {
    return true;
  }
  const field = Object.assign(document.createElement("textarea"), { value: button.dataset.copy, className: "only-read" });
  button.after(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  button.focus();
  return copied;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) {
    return;
  }
  if (!(await copy(button))) {
    prompt(button.textContent.trim(), button.dataset.copy);
    return;
  }
  // Kept: of a button pressed twice the label is no longer its own.
  button.dataset.label ??= button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = button.dataset.label;
  }, 2000);
});

// Paper is light, whatever the screen is.
let screenIsDark = false;
matchMedia("print").addEventListener("change", ({ matches }) => {
  const { classList } = document.documentElement;
  if (matches) screenIsDark = classList.contains("dark");
  classList.toggle("dark", !matches && screenIsDark);
});

// Staff abroad have another clock than the pages, whose times are those of the platform.
document.addEventListener("DOMContentLoaded", () => {
  const notice = document.getElementById("other-zone");
  if (notice) {
    notice.hidden = new Date().getTimezoneOffset() * -60 === Number(document.body.dataset.adminUtcOffset);
  }
});

// A double click sends a form once. Where the answer is a file the page stays, and the form may be sent again.
const DOUBLE_CLICK_MS = 2000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  const method = event.submitter?.getAttribute("formmethod") ?? form.method;
  if (event.defaultPrevented || method.toLowerCase() !== "post") {
    return;
  }
  if ("sent" in form.dataset) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  setTimeout(() => delete form.dataset.sent, DOUBLE_CLICK_MS);
});

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.busy) {
    // After the form's data is taken: a disabled button would not be sent.
    setTimeout(() => {
      button.disabled = true;
      button.textContent = button.dataset.busy;
    });
  }
});

// The frame that the skin draws around a file field of its own, with a text field for the name of the file.
function frameOf(field) {
  const around = field.parentNode.parentNode?.parentNode;
  return around?.querySelector?.("label > input[type=text]:disabled") ? around : null;
}

// Of a plain field the skin would take another one of the form for that, or none.
function keepFromSkin() {
  for (const field of document.querySelectorAll("input[type=file]")) {
    if (!frameOf(field)) {
      field.hasChangeListener = true;
    }
  }
}

document.addEventListener("DOMContentLoaded", () => {
  keepFromSkin();
  // Begun before the skin's own, and so told first of fields that come later.
  new MutationObserver(keepFromSkin).observe(document.body, { childList: true, subtree: true });
});

// An icon that is alone is what its link or button is called by, or a picture of a value.
const nameIcon = (icon, name) => {
  const around = icon.parentElement;
  const control = around.matches("a, button, [x-on\\:click]");
  if (!name || around.hasAttribute("aria-label")) {
    return;
  }
  icon.setAttribute(...(control ? ["aria-hidden", "true"] : ["role", "img"]));
  (control ? around : icon).setAttribute("aria-label", name);
};

// The skin listens for clicks on plain elements and writes its icons as words: keyboards and screen readers
// are given what they need.
document.addEventListener("DOMContentLoaded", () => {
  const words = document.getElementById("console-words");
  for (const icon of document.querySelectorAll(".material-symbols-outlined")) {
    if (icon.hasAttribute("x-on:click")) {
      icon.setAttribute("aria-label", words?.dataset.navigation);
    } else if (icon.parentElement.textContent.trim() !== icon.textContent.trim()) {
      icon.setAttribute("aria-hidden", "true");
    } else {
      nameIcon(icon, icon.parentElement.title || words?.getAttribute(`data-icon-${icon.textContent.trim()}`));
    }
  }
  for (const element of document.querySelectorAll("[x-on\\:click]")) {
    const operable = element.matches("a[href], button, input, select, summary, label, #changelist-filter-close");
    if (!operable) {
      element.tabIndex = 0;
      element.setAttribute("role", "button");
    }
  }
  document.querySelector("#nav-sidebar-apps a.active")?.setAttribute("aria-current", "page");
  // The skin calls the first cell of a row the box that chooses it; who may do nothing with rows has no such box.
  const first = document.querySelector("#result_list thead th:first-child")?.textContent.trim() ?? "";
  for (const cell of document.querySelectorAll("#result_list td:first-child[data-label]")) {
    if (!cell.querySelector("input")) cell.dataset.label = first;
  }
  nameCells(document);
});

// A field in a table has its column's heading as its name.
const nameCells = (root) => {
  for (const cell of root.querySelectorAll("td[data-label]")) {
    for (const field of cell.querySelectorAll("input:not([type=hidden]), select, textarea")) {
      if (!field.labels?.length && !field.hasAttribute("aria-label")) {
        field.setAttribute("aria-label", cell.dataset.label.trim());
      }
    }
  }
};
// Of the pages in use, a field for the page of a mini program suggests those of the one beside it.
document.addEventListener("focusin", ({ target }) => {
  const beside = target.name?.endsWith("pagepath") && target.form?.elements[target.name.replace(/pagepath$/, "appid")];
  if (!beside || !target.list) return;
  for (const each of target.list.options) each.disabled = Boolean(beside.value) && each.dataset.appid !== beside.value.trim();
});

document.addEventListener("formset:added", (event) => nameCells(event.target));

document.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("[role=button][x-on\\:click]")) {
    event.preventDefault();
    event.target.click();
  }
});

// What a worker does is shown while it does it: parts marked data-refresh, each with an id of its own, are
// taken anew from the page's own address as long as one of them says data-moving.
(() => {
  const FIRST = 2_000;
  const LONGEST = 30_000;
  let pause = FIRST;

  const parts = () => [...document.querySelectorAll("[data-refresh][id]")];
  const moving = (part) => (part.matches("[data-moving]") ? part : part.querySelector("[data-moving]"));

  async function renew() {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok || answer.redirected) {
      return;
    }
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts()) {
      const now = found.getElementById(part.id);
      // Tokens of forms differ each time.
      if (!now || (now.textContent === part.textContent && !moving(part) === !moving(now))) {
        continue;
      }
      if (moving(part)?.dataset.moving === "reload" && !moving(now)) {
        location.reload();
        return;
      }
      part.replaceWith(now);
      pause = FIRST;
    }
  }

  function next() {
    if (parts().some(moving)) {
      setTimeout(look, pause);
    }
  }

  async function look() {
    pause = Math.min(pause * 1.5, LONGEST);
    if (!document.hidden) {
      await renew();
    }
    next();
  }

  document.addEventListener("DOMContentLoaded", next);
})();
