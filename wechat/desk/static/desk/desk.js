"use strict";
// Keeps the desk live and quick to use. Without it every button still works, with a page load each.

const PAUSE_MS = 2000;
// Of a line that is cut nothing is heard; a picture takes longer than a text.
const LOOK_MS = 15_000;
const POST_MS = 30_000;
const PICTURE_MS = 180_000;
const desk = document.getElementById("desk");
const composer = document.getElementById("desk-composer");
const text = document.getElementById("desk-text");
const canned = document.getElementById("desk-canned");
const conversation = document.getElementById("desk-conversation");
const own = document.getElementById("desk-own");
let have = "";
let wroteAt = 0;
let follows = true;
let wasAt = 0;

function toEnd() {
  conversation?.scrollTo({ top: conversation.scrollHeight });
}

// Who scrolls up reads what is older; a picture that loads makes the conversation longer and moves nobody.
function noteScroll() {
  const end = conversation.scrollHeight - conversation.scrollTop - conversation.clientHeight < 60;
  if (end || conversation.scrollTop < wasAt) follows = end;
  wasAt = conversation.scrollTop;
}

function stayAtEnd() {
  if (follows) toEnd();
}

// A part that holds the focus is left alone: somebody is choosing in it.
function put(name, html) {
  const place = document.getElementById(`desk-${name}`);
  if (!place || (name !== "conversation" && place.contains(document.activeElement))) return;
  place.innerHTML = html;
  if (name === "conversation") stayAtEnd();
}

function showLost(lost) {
  let notice = desk.querySelector(".desk-lost");
  if (lost && !notice) {
    notice = document.createElement("p");
    notice.className = "notice desk-lost";
    notice.setAttribute("role", "alert");
    notice.textContent = desk.dataset.lost;
    desk.prepend(notice);
  } else if (!lost) {
    notice?.remove();
  }
}

async function look() {
  const query = new URLSearchParams(location.search);
  query.set("have", have);
  if (!document.hidden) query.set("looks", "1");
  if (Date.now() - wroteAt < 5000) query.set("writes", "1");
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(`${desk.dataset.live}?${query}`, { headers, signal: AbortSignal.timeout(LOOK_MS) });
    if (answer.status === 200) {
      const payload = await answer.json();
      have = payload.have;
      for (const [name, html] of Object.entries(payload.parts)) put(name, html);
    }
    showLost(!answer.ok);
  } catch {
    showLost(true);
  }
}

async function keepLooking() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? PAUSE_MS * 5 : PAUSE_MS));
    await look();
  }
}

function post(address, body, most = POST_MS) {
  return fetch(address, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, signal: AbortSignal.timeout(most) });
}

function showWrong(message) {
  const place = composer.querySelector(".desk-wrong");
  place.textContent = message;
  place.hidden = !message;
}

// --- a picture of one's own: chosen, pasted or dropped; it stays until it is sent or taken off

function showOwn() {
  const { upload, held } = composer.elements;
  const chosen = upload.files[0];
  const isThere = Boolean(chosen || held.value);
  own.hidden = !isThere;
  composer.querySelector("[value=reply]").hidden = isThere;
  composer.querySelector("[value=picture]").hidden = !isThere;
  if (chosen) {
    const preview = own.querySelector("img");
    URL.revokeObjectURL(preview.src);
    preview.src = URL.createObjectURL(chosen);
    own.querySelector(".desk-own-name").textContent = chosen.name;
  }
}

function takeOff() {
  composer.elements.upload.value = "";
  composer.elements.held.value = "";
  showWrong("");
  showOwn();
}

function noteChoice() {
  const { upload, held } = composer.elements;
  const isTooLarge = upload.files[0]?.size > Number(upload.dataset.most);
  if (isTooLarge) upload.value = "";
  else held.value = "";
  showWrong(isTooLarge ? upload.dataset.large : "");
  showOwn();
}

function attach(files) {
  if (!files.length) return false;
  const one = new DataTransfer();
  one.items.add(files[0]);
  composer.elements.upload.files = one.files;
  noteChoice();
  return true;
}

// What was copied from a table or a document is a text, with a picture of it beside.
function paste(event) {
  const { types, files } = event.clipboardData;
  if (!types.includes("text/plain") && attach(files)) event.preventDefault();
}

// Beside the box as well: there the browser would leave the page for the file.
function drop(event) {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  if (event.type === "drop") attach(event.dataTransfer.files);
}

// What was typed stays until the server has taken it.
async function send(event) {
  const action = event.submitter?.value ?? "reply";
  event.preventDefault();
  if (action === "take_off") {
    takeOff();
    text.focus();
    return;
  }
  const form = new FormData(composer);
  const sent = text.value;
  const [picture] = composer.elements.upload.files;
  form.set("do", action);
  if (action === "note") form.delete("upload");
  for (const [name, value] of Object.entries(document.getElementById("desk-seen").dataset)) form.set(name, value);
  for (const each of composer.querySelectorAll("button")) each.disabled = true;
  try {
    const answer = await post(composer.action, form, picture ? PICTURE_MS : POST_MS);
    const payload = await answer.json();
    composer.elements.token.value = payload.token;
    showWrong(payload.error);
    // What was typed or chosen meanwhile was not in it.
    const isSamePicture = composer.elements.upload.files[0] === picture;
    if (answer.ok) {
      if (action !== "picture") text.value = text.value.startsWith(sent) ? text.value.slice(sent.length) : text.value;
      for (const name of ["canned", "picture"]) {
        const choice = action === "reply" ? composer.elements[name] : null;
        if (choice && choice.value === form.get(name)) choice.value = "";
      }
      if (action !== "note" && isSamePicture) takeOff();
      wroteAt = 0;
    } else if (payload.held && isSamePicture) {
      // It is there already and need not be uploaded again.
      composer.elements.upload.value = "";
      composer.elements.held.value = payload.held;
    }
  } catch {
    showWrong(desk.dataset.unsure);
  }
  for (const each of composer.querySelectorAll("button")) each.disabled = false;
  await look();
  toEnd();
  text.focus();
}

// What is done with the conversation leaves the reply that is half typed, and its picture, where they are.
async function act(event) {
  const form = event.target;
  if (!form.closest("#desk-head, #desk-conversation")) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  // A part that holds the focus would not be drawn anew.
  conversation.focus({ preventScroll: true });
  try {
    const answer = await post(form.action, body);
    showWrong((await answer.json()).error);
  } catch {
    showWrong(desk.dataset.unsure);
  }
  await look();
}

// What is written beside the conversation is kept without leaving it: a reply may be half typed.
async function keepProfile(event) {
  event.preventDefault();
  const form = event.target;
  const wrong = form.querySelector(".desk-wrong");
  const body = new FormData(form, event.submitter);
  const answer = await post(form.action, body).catch(() => null);
  const refused = answer?.status === 422 ? await answer.json() : null;
  wrong.textContent = answer?.ok ? "" : (refused?.error ?? desk.dataset.unsure);
  if (refused?.shown) form.elements.shown.value = refused.shown;
  wrong.hidden = answer?.ok ?? false;
  if (answer?.ok) {
    form.closest("details").open = false;
    await look();
  }
}

// --- canned answers, by / and the first letters of a shortcut

const entries = canned ? [...canned.children] : [];

// A Chinese keyboard writes the slash in two ways of its own.
function wanted() {
  return /^[/／、](\S*)$/.exec(text.value)?.[1].toLowerCase();
}

function shown() {
  return entries.filter((each) => !each.hidden);
}

function choose(entry) {
  for (const each of entries) each.setAttribute("aria-selected", String(each === entry));
  text.setAttribute("aria-activedescendant", entry?.id ?? "");
  entry?.scrollIntoView({ block: "nearest" });
}

function offer() {
  const typed = wanted();
  for (const each of entries) each.hidden = typed === undefined || !each.dataset.shortcut.toLowerCase().startsWith(typed);
  canned.hidden = !shown().length;
  choose(shown()[0]);
}

function take(entry) {
  if (entry.dataset.text) {
    text.value = entry.dataset.text;
  } else {
    text.value = "";
    composer.elements.canned.value = entry.dataset.pk;
  }
  canned.hidden = true;
  text.focus();
}

function move(step) {
  const list = shown();
  const at = list.findIndex((each) => each.getAttribute("aria-selected") === "true");
  choose(list[(at + step + list.length) % list.length]);
}

function keyInText(event) {
  // Enter then takes the word an input method offers.
  if (event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    event.preventDefault();
    composer.requestSubmit(composer.querySelector("[name=do].button:not([hidden])"));
  } else if (!canned.hidden && ["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"].includes(event.key)) {
    event.preventDefault();
    if (event.key === "Escape") canned.hidden = true;
    else if (event.key.startsWith("Arrow")) move(event.key === "ArrowDown" ? 1 : -1);
    else take(shown().find((each) => each.getAttribute("aria-selected") === "true"));
  } else if (event.key === "Escape") {
    text.blur();
  }
}

// --- keys outside of fields

function step(by) {
  const lines = [...document.querySelectorAll(".desk-line")];
  const at = lines.findIndex((each) => each.hasAttribute("aria-current"));
  const next = lines[at < 0 ? 0 : at + by];
  if (next) location.href = next.href;
}

function keyOnPage(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  const actions = {
    j: () => step(1),
    k: () => step(-1),
    r: () => text?.focus(),
    n: () => text?.focus(),
    "/": () => {
      if (!text) return;
      text.value = "/";
      text.focus();
      offer();
    },
    e: () => document.querySelector("[data-key=e]")?.click(),
  };
  const action = actions[event.key.toLowerCase()];
  if (action) {
    event.preventDefault();
    action();
  }
}

// --- what is half typed, for as long as the tab is open

function keepDraft() {
  if (text.value) sessionStorage.setItem(composer.dataset.draft, text.value);
  else sessionStorage.removeItem(composer.dataset.draft);
}

// A picture cannot be kept like a text.
function askBeforeLeaving(event) {
  if (!own.hidden) event.preventDefault();
}

document.addEventListener("keydown", keyOnPage);
document.querySelector("#desk-profile form")?.addEventListener("submit", keepProfile);
if (composer) {
  text.value ||= sessionStorage.getItem(composer.dataset.draft) ?? "";
  window.addEventListener("pagehide", keepDraft);
  window.addEventListener("beforeunload", askBeforeLeaving);
  composer.addEventListener("submit", send);
  composer.closest(".desk-thread").addEventListener("submit", act);
  composer.classList.add("desk-scripted");
  composer.elements.upload.addEventListener("change", noteChoice);
  text.addEventListener("paste", paste);
  for (const each of ["dragover", "drop"]) composer.closest(".desk-thread").addEventListener(each, drop);
  text.addEventListener("keydown", keyInText);
  text.addEventListener("input", () => {
    wroteAt = Date.now();
    offer();
  });
  canned.addEventListener("pointerdown", (event) => {
    const entry = event.target.closest("li");
    event.preventDefault();
    if (entry) take(entry);
  });
  toEnd();
  conversation.addEventListener("scroll", noteScroll);
  new ResizeObserver(stayAtEnd).observe(conversation);
  for (const loaded of ["load", "loadedmetadata"]) conversation.addEventListener(loaded, stayAtEnd, true);
}
keepLooking();
