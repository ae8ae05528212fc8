"use strict";
// What waits for the reader: numbers beside the entries of the navigation, their sum in the title of the tab,
// and, where the reader agreed, a notification when one of them rises.

(() => {
  const EVERY = 30_000;
  const title = document.title;
  let timer = 0;
  let wasSignedIn = false;

  // Until the answer is here, what it was on the page before, for the same reader and account.
  function kept(nav) {
    return JSON.parse(sessionStorage.getItem(`todo ${nav.dataset.todoOf}`) || "null");
  }

  function badge(link, text) {
    let mark = link.querySelector(".todo-badge");
    if (!text) {
      mark?.remove();
      return;
    }
    if (!mark) {
      mark = document.createElement("span");
      mark.className = "todo-badge";
      link.append(mark);
    }
    if (mark.textContent !== text) {
      mark.textContent = text;
    }
  }

  function show(nav, found) {
    for (const link of nav.querySelectorAll("#nav-sidebar-apps a[href]")) {
      const page = link.getAttribute("href");
      badge(link, page === nav.dataset.todoPage ? found.total : found.pages[page]);
    }
    document.title = found.total ? `(${found.total}) ${title}` : title;
  }

  function notify(nav, before, found) {
    const known = new Map(before.kinds.map((each) => [each.key, each.number]));
    for (const each of found.kinds) {
      if (each.number > (known.get(each.key) ?? 0)) {
        // Several tabs say the same: one of the same tag replaces the other.
        const notification = new Notification(each.title, { body: each.account, tag: each.key });
        notification.addEventListener("click", () => {
          window.focus();
          location.assign(nav.dataset.todoPage);
        });
      }
    }
  }

  async function ask(nav) {
    const answer = await fetch(nav.dataset.todo, { cache: "no-cache", redirect: "manual" }).catch(() => null);
    if (answer) {
      tellOfSession(answer);
    }
    if (!answer?.ok) {
      return;
    }
    const found = await answer.json();
    const before = kept(nav);
    show(nav, found);
    if (before && mayTell()) {
      notify(nav, before, found);
    }
    sessionStorage.setItem(`todo ${nav.dataset.todoOf}`, JSON.stringify(found));
  }

  // Told before a form is sent, which would be lost with all that is typed in it. It can be sent after signing in
  // elsewhere. Who is still to set up a second step is led there, and has not been in.
  function tellOfSession(answer) {
    wasSignedIn ||= answer.ok;
    document.getElementById("session-ended").hidden = !(wasSignedIn && answer.type === "opaqueredirect");
  }

  function mayTell() {
    return "Notification" in window && Notification.permission === "granted";
  }

  function watch(nav) {
    clearInterval(timer);
    // Nobody looks at a hidden tab; it goes on for who wants to be told.
    if (!document.hidden || mayTell()) {
      timer = setInterval(() => ask(nav), EVERY);
    }
  }

  function offer(part, nav) {
    const state = Notification.permission;
    part.hidden = false;
    part.querySelector("[data-notify-ask]").hidden = state !== "default";
    part.querySelector("[data-notify-on]").hidden = state !== "granted";
    part.querySelector("[data-notify-blocked]").hidden = state !== "denied";
    watch(nav);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const nav = document.querySelector("[data-todo]");
    if (!nav) {
      return;
    }
    const before = kept(nav);
    if (before) {
      show(nav, before);
    }
    ask(nav);
    watch(nav);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        ask(nav);
      }
      watch(nav);
    });
    const part = document.querySelector("[data-notify]");
    if (part && "Notification" in window) {
      offer(part, nav);
      part.querySelector("[data-notify-ask]").addEventListener("click", async () => {
        await Notification.requestPermission();
        offer(part, nav);
      });
    }
  });
})();
