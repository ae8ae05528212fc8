"use strict";
// Search in a window of its own, and the list of keys: Ctrl K or "/", and "?".

(() => {
  const pause = 150;
  let timer = 0;
  let asked;

  const windowOf = (name) => document.getElementById(name);
  const options = () => [...windowOf("search").querySelectorAll("[role=option]")];
  const chosen = () => windowOf("search").querySelector("[aria-selected=true]");

  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    const input = windowOf("search-input");
    input.toggleAttribute("aria-activedescendant", false);
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    }
  };

  const step = (by) => {
    const every = options();
    const place = every.indexOf(chosen()) + by;
    choose(every[(place + every.length) % every.length]);
  };

  const ask = async () => {
    const dialog = windowOf("search");
    const answer = windowOf("search-answer");
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams({ part: "1", q: windowOf("search-input").value });
    try {
      const response = await fetch(`${dialog.dataset.address}?${query}`, { signal: asked.signal });
      if (!response.ok) {
        throw new Error(response.status);
      }
      answer.innerHTML = await response.text();
      choose(options()[0]);
    } catch (error) {
      if (error.name !== "AbortError") {
        answer.textContent = answer.dataset.failed;
      }
    }
  };

  const open = () => {
    const dialog = windowOf("search");
    if (dialog && !dialog.open) {
      dialog.showModal();
      windowOf("search-input").select();
      ask();
    }
  };

  const isTyping = (target) => target.matches?.("input, textarea, select, [contenteditable]") || target.isContentEditable;

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-search-open]")) {
      open();
    } else if (event.target.closest("[data-close]") || event.target.matches("dialog.search, dialog.keys")) {
      event.target.closest("dialog").close();
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target.id === "search-input") {
      clearTimeout(timer);
      timer = setTimeout(ask, pause);
    }
  });

  // After what is in the page: the service desk has a use of its own for "/".
  window.addEventListener("keydown", (event) => {
    const withControl = event.ctrlKey || event.metaKey;
    if (event.target.id === "search-input" && !event.isComposing) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        step(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter") {
        event.preventDefault();
        chosen()?.click();
      } else if (event.key === "Escape") {
        // A browser would first empty the field.
        event.preventDefault();
        windowOf("search").close();
      }
      return;
    }
    if (withControl && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    } else if (withControl && event.key.toLowerCase() === "s" && document.querySelector("[name=_save]")) {
      event.preventDefault();
      document.querySelector("[name=_save]").click();
    } else if (!withControl && !event.altKey && !event.defaultPrevented && !isTyping(event.target)) {
      if (event.key === "/") {
        event.preventDefault();
        open();
      } else if (event.key === "?") {
        windowOf("keys")?.showModal();
      }
    }
  });
})();
