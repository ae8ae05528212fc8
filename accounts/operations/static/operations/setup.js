"use strict";
// The callback address grows while the short name is typed, so that it can be copied before anything is saved.

const shown = document.querySelector("[data-address]");
const slug = document.querySelector("#id_slug");

function follow() {
  const address = `${shown.dataset.address}/wechat/${slug.value.trim() || "…"}/callback`;
  shown.querySelector("code").textContent = address;
  shown.querySelector("[data-copy]").dataset.copy = address;
}

if (shown && slug) {
  slug.addEventListener("input", follow);
  follow();
}
