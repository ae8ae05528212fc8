"use strict";
// What is being written is kept in this browser, so that a closed tab, a lost connection or an ended session
// costs nothing. `window.autosave(field)` gives the keeper of one field.

(() => {
  const PREFIX = "article-text:";
  const DAYS = 7;
  const WAIT = 800;

  const plain = (html) => {
    const body = new DOMParser().parseFromString(html, "text/html").body;
    return body.textContent.replace(/\s/g, "") + body.querySelectorAll("img, svg").length;
  };

  function read(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  }

  // Storage may be full or forbidden; then nothing is kept and writing goes on.
  function write(key, kept) {
    try {
      localStorage.setItem(key, JSON.stringify(kept));
    } catch {}
  }

  // What was sent has arrived once another page of articles is shown; what is old is of no use.
  function tidy() {
    for (const key of Object.keys(localStorage).filter((each) => each.startsWith(PREFIX))) {
      const kept = read(key);
      const old = !kept || Date.now() - kept.at > DAYS * 86400000;
      if (old || (kept.sent && !key.startsWith(`${PREFIX}${location.pathname}#`))) localStorage.removeItem(key);
    }
  }

  window.autosave = (field) => {
    const key = `${PREFIX}${location.pathname}#${field.name}`;
    let timer;
    const keep = (sent = false) => {
      clearTimeout(timer);
      if (plain(field.value) !== plain(field.defaultValue)) write(key, { html: field.value, at: Date.now(), sent });
    };
    field.form.addEventListener("submit", () => keep(true));
    return {
      // After a while without typing.
      later: () => {
        clearTimeout(timer);
        timer = setTimeout(keep, WAIT);
      },
      // What was kept and is not what the page shows, or null.
      lost: () => {
        const kept = read(key);
        if (kept && plain(kept.html) !== plain(field.value)) return kept;
        localStorage.removeItem(key);
        return null;
      },
      forget: () => localStorage.removeItem(key),
      isSame: (one, other) => plain(one) === plain(other),
    };
  };

  tidy();
})();
