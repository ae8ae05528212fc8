"use strict";
// A part of a page that is fetched again and again while something in it is moving.

const PAUSE = 2000;

async function renew(part) {
  const answer = await fetch(part.dataset.poll, { credentials: "same-origin" });
  if (answer.ok && !answer.redirected) {
    part.innerHTML = await answer.text();
  }
}

for (const part of document.querySelectorAll("[data-poll]")) {
  const look = async () => {
    if (part.querySelector("[data-moving]") && !document.hidden) {
      // What could not be fetched now is fetched the next time.
      await renew(part).catch(() => {});
    }
    setTimeout(look, PAUSE);
  };
  setTimeout(look, PAUSE);
}
