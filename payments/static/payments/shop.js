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
    there.invoke("getBrandWCPayRequest", parameters, (said) => resolve(String(said.err_msg).split(":")[1]));
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

async function pay(form) {
  const told = document.querySelector("[data-told]");
  const say = (text) => {
    told.textContent = text;
    told.hidden = !text;
  };
  say("");
  const given = await asked(form);
  if (given.problem) return say(given.problem);
  const said = given.bridge ? await sheet(given.bridge) : "ok";
  if (said === "ok") return location.assign(form.dataset.pay);
  return say(said === "cancel" ? form.dataset.notPaid : form.dataset.failed);
}

const form = document.querySelector("[data-pay]");
if (form) {
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await pay(form);
    button.disabled = false;
  });
  if (new URLSearchParams(location.search).has("pay")) {
    // Once: whoever comes back to this page is not asked again.
    history.replaceState(null, "", location.pathname);
    form.requestSubmit();
  }
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
