"use strict";
// Opens WeChat's pay sheet, and waits for what the server knows of the payment: what the sheet says is not
// believed.

const PAUSE = 2000;

function bridge() {
  if (window.WeixinJSBridge) return Promise.resolve(window.WeixinJSBridge);
  return new Promise((resolve) => {
    document.addEventListener("WeixinJSBridgeReady", () => resolve(window.WeixinJSBridge), { once: true });
  });
}

async function sheet(parameters) {
  const there = await bridge();
  return new Promise((resolve) => {
    there.invoke("getBrandWCPayRequest", parameters, (result) => resolve(String(result.err_msg).split(":")[1]));
  });
}

async function asked(form) {
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    return await answer.json();
  } catch {
    return { problem: form.dataset.away };
  }
}

// True when the browser is on its way to another page: until then nothing else may be pressed.
async function pay(form) {
  const message = document.querySelector("[data-message]");
  const show = (text) => {
    message.textContent = text;
    message.hidden = !text;
    return false;
  };
  show("");
  const given = await asked(form);
  if (given.problem) return show(given.problem);
  if (given.over) {
    location.reload();
    return true;
  }
  const result = given.bridge ? await sheet(given.bridge) : "ok";
  if (result !== "ok") return show(result === "cancel" ? form.dataset.notPaid : form.dataset.failed);
  location.assign(form.dataset.pay);
  return true;
}

// One action at a time: while one is under way no button does anything.
function lock(locked) {
  for (const button of document.querySelectorAll("main button")) button.disabled = locked;
}

const form = document.querySelector("[data-pay]");
if (form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    lock(true);
    lock(await pay(form));
  });
  if (new URLSearchParams(location.search).has("pay")) {
    // Once: whoever comes back to this page is not asked again.
    history.replaceState(null, "", location.pathname);
    form.requestSubmit();
  }
  // Kept by the browser with its buttons locked: whoever comes back sees the order as it is now.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
}

// What cannot be undone asks first. The second tap of a double one answers nothing: yes can be pressed only
// when the question has been there for a while.
const SETTLE = 500;
for (const button of document.querySelectorAll("[data-ask]")) {
  const question = document.getElementById(button.dataset.ask);
  const yes = question.querySelector("[type=submit]");
  button.addEventListener("click", () => {
    yes.disabled = true;
    setTimeout(() => (yes.disabled = false), SETTLE);
    question.showModal();
  });
  question.querySelector("[data-keep]").addEventListener("click", () => question.close());
  question.querySelector("form").addEventListener("submit", () => setTimeout(lock, 0, true));
}

const waiting = document.querySelector("[data-wait]");
if (waiting) {
  const look = async () => {
    const answer = await fetch(waiting.dataset.wait, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok && (await answer.json()).state !== waiting.dataset.state) location.reload();
    else setTimeout(look, PAUSE);
  };
  setTimeout(look, PAUSE / 2);
}
