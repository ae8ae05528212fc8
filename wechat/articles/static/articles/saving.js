"use strict";
// What is written on the page of articles is kept on the server a moment after typing stops. A field of text hears
// of it by "autosaved" (its cleaned HTML and what was left out) and is given a text again by "restored".

(() => {
  const chinese = document.documentElement.lang.startsWith("zh");
  const say = (zh, en) => (chinese ? zh : en);
  const WAIT = 2000;
  const NAMES = ["title", "author", "digest", "source_url", "content"];
  // A picture on its way to the library: the text is kept once it has arrived.
  const COMING = /src="(?:data|blob):/;

  // What the server has of this page, for whoever would offer the same again.
  let tell;
  window.articlesKept = new Promise((resolve) => { tell = resolve; });

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  const plain = (html) => {
    const body = new DOMParser().parseFromString(html ?? "", "text/html").body;
    return body.textContent.replace(/\s/g, "") + body.querySelectorAll("img, svg").length;
  };

  function begin() {
    const page = document.querySelector("input[data-autosave]");
    if (!page?.form || !document.querySelector("textarea.article-text")) return tell([]);
    const form = page.form;
    const address = new URL(page.dataset.autosave, location.href);
    const field = (number, name) => form.elements[`articles-${number}-${name}`];
    const numbers = () => [...Array(Number(form.elements["articles-TOTAL_FORMS"].value)).keys()].filter((number) => field(number, "title"));
    const article = (number) => Object.fromEntries(["id", ...NAMES].map((name) => [name, field(number, name)?.value ?? ""]));
    const notes = make("div", { class: "article-notes" });
    let version = 0;
    let timer;
    let sending = null;
    // Nothing is kept while something asks for an answer: it would be lost by it.
    let asked = true;
    let changed = false;

    function show(text) {
      for (const each of document.querySelectorAll(".editor-saved")) each.textContent = text;
    }

    function ask(text, ...buttons) {
      asked = true;
      const box = make("p", { class: "article-lost", role: "alert" }, text);
      for (const [name, act] of buttons) {
        box.append(" ", make("button", { type: "button", class: "button-small", onclick: () => { box.remove(); asked = false; act(); } }, name));
      }
      notes.append(box);
    }

    async function answer(method, body) {
      const token = form.elements.csrfmiddlewaretoken.value;
      const response = await fetch(address, { method, headers: { "X-CSRFToken": token }, body });
      return [response, await response.json()];
    }

    async function keep() {
      const here = numbers();
      const texts = here.map((number) => article(number));
      if (asked || sending) return;
      if (texts.some((each) => COMING.test(each.content))) return later();
      changed = false;
      const body = new FormData();
      const sent = { version, seen: Number(form.elements.seen.value), articles: texts };
      body.append("articles", new Blob([JSON.stringify(sent)]), "articles.json");
      try {
        sending = answer("POST", body);
        const [response, kept] = await sending;
        if (response.status === 409) refused(kept);
        else if (!response.ok) throw new Error(String(response.status));
        else arrived(kept, here, texts);
      } catch {
        show(say("没有网络或登录已过期：正文暂存在这个浏览器里，恢复后继续自动保存。", "No connection, or signed out: the text is kept in this browser until it can be kept on the server."));
        changed = true;
      } finally {
        sending = null;
        if (changed) later();
      }
    }

    function arrived(kept, here, texts) {
      version = kept.version;
      show(say(`已自动保存 ${kept.at.slice(6)}`, `Kept at ${kept.at.slice(6)}`));
      kept.articles.forEach((each, place) => {
        const text = field(here[place], "content");
        const same = text && text.value === texts[place].content;
        if (same) text.dispatchEvent(new CustomEvent("autosaved", { detail: each }));
      });
    }

    function refused(kept) {
      show("");
      const open = [say("打开那边的内容", "Open the other"), () => { asked = true; location.reload(); }];
      const mine = [say("保留这里的内容", "Keep mine"), () => { version = kept.version; keep(); }];
      ask(kept.error, ...(kept.version === null ? [open] : [mine, open]));
    }

    function later() {
      changed = true;
      clearTimeout(timer);
      timer = setTimeout(keep, WAIT);
    }

    // The form of each kept article: by its number in the database, and those that have none by their order.
    async function put(articles) {
      const known = articles.map((each) => each.id && numbers().find((number) => field(number, "id")?.value === each.id));
      for (const [place, each] of articles.entries()) {
        const free = numbers().filter((number) => !field(number, "id")?.value && !known.includes(number));
        if (known[place] === undefined || known[place] === "") known[place] = free[0] ?? added();
        fill(known[place], each);
      }
      later();
    }

    function added() {
      document.querySelector(".add-row a, a.add-row")?.click();
      return numbers().at(-1);
    }

    function fill(number, each) {
      for (const name of NAMES) {
        const one = field(number, name);
        if (!one || one.value === each[name]) continue;
        if (name === "content") one.dispatchEvent(new CustomEvent("restored", { detail: each.content }));
        else one.value = each[name];
        one.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }

    const differs = (each) => {
      const number = numbers().find((one) => (each.id ? field(one, "id")?.value === each.id : !field(one, "id")?.value));
      return number === undefined || NAMES.some((name) => plain(each[name]) !== plain(field(number, name)?.value));
    };

    async function start() {
      const [response, kept] = await answer("GET").catch(() => [{}, {}]);
      asked = false;
      tell(kept.articles ?? []);
      if (!response.ok || !kept.articles) return;
      const own = !kept.token || kept.token === page.value;
      const take = () => {
        version = kept.version;
        if (own) return;
        page.value = kept.token;
        address.searchParams.set("token", kept.token);
      };
      if (!kept.articles.some(differs)) {
        if (own) take();
        return;
      }
      const title = kept.articles.map((each) => each.title).find(Boolean);
      const named = title ? say(`《${title}》`, ` “${title}”`) : "";
      ask(
        say(`有自动保存、还没有保存的内容${named}（${kept.who}，${kept.at}）。`, `Something was written and not saved${named} (${kept.who}, ${kept.at}).`),
        [say("恢复", "Restore"), () => { take(); put(kept.articles); }],
        [say("不要了", "Throw away"), () => { take(); discard(); }],
      );
    }

    // A page of its own again: the next text is kept anew.
    async function discard() {
      await answer("DELETE").catch(() => {});
      version = 0;
      if (changed) later();
    }

    const hears = (event) => {
      if (NAMES.some((name) => event.target.name?.startsWith("articles-") && event.target.name.endsWith(`-${name}`))) later();
    };
    form.addEventListener("input", hears);
    document.addEventListener("visibilitychange", () => { if (document.hidden && changed) keep(); });
    // What is on its way arrives before the page is saved, and not after.
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      asked = true;
      if (!sending) return;
      event.preventDefault();
      const submitter = event.submitter;
      sending.catch(() => {}).then(() => { changed = false; form.requestSubmit(submitter); });
    });
    form.prepend(notes);
    start();
  }

  document.addEventListener("DOMContentLoaded", begin);
})();
