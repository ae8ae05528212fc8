// Asks how far the telephone is, and goes on when it said yes.

(() => {
  const place = document.getElementById("scan");
  const PAUSE = 2000;

  function show(state) {
    for (const each of place.querySelectorAll("[data-when]")) each.hidden = !each.dataset.when.split(" ").includes(state);
    place.classList.toggle("over", state !== "waiting");
  }

  async function look() {
    const answer = await fetch(place.dataset.state, { headers: { Accept: "application/json" } }).catch(() => null);
    const state = answer?.ok ? (await answer.json()).state : answer ? "over" : "waiting";
    show(state);
    if (state === "confirmed") place.querySelector("form").submit();
    else if (state === "waiting" || state === "scanned") setTimeout(look, PAUSE);
  }

  setTimeout(look, PAUSE);
})();
