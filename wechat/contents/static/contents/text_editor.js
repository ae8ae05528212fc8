"use strict";
// <text-editor> around a text area: buttons for links, emoji and variables, the length, and the bubble beside it.
// Without this script the text area is all there is. The server draws the bubble, by the rules of what is sent.

(() => {
  const PAUSE_MS = 300;
  const EMOJI = "😀 😄 😊 😉 😍 😘 🤔 😂 🙏 👍 👌 👏 💪 🤝 👋 🎉 🎁 🎂 🌹 🌸 ❤️ 💕 ⭐ ✨ 🔥 💰 🧧 📣 📌 📍 📞 📦 🚚 ⏰ 📅 ✅ ❌ ❗ ❓ 👉".split(" ");
  const ACROSS = 8;
  const ANCHOR = /<a\s+([^<>]*)>([^<>]*)<\/a>/gi;
  const ATTRIBUTE = /([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;
  const WEB = /^https?:\/\/[^\s"<>]+$/i;

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  const glyph = (name) => make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);
  const quoted = (text) => text.trim().replaceAll('"', "%22").replaceAll("<", "%3C").replaceAll(">", "%3E");

  // Arrow keys walk through a group of buttons, of which one is reached by Tab.
  function walk(group, across) {
    const all = () => [...group.querySelectorAll("button")];
    const enter = (button) => {
      for (const each of all()) each.tabIndex = each === button ? 0 : -1;
    };
    enter(all()[0]);
    group.addEventListener("focusin", (event) => event.target.matches("button") && enter(event.target));
    group.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
      const here = all().indexOf(document.activeElement);
      if (!step || here < 0) return;
      event.preventDefault();
      all()[Math.max(0, Math.min(here + step, all().length - 1))].focus();
    });
  }

  // Asks for a link; what to put in, or null.
  function askLink(settings, given) {
    const { words } = settings;
    const field = (name, attributes = {}) => make("input", { name, class: "text-field", autocomplete: "off", value: given[name] ?? "", ...attributes });
    const inputs = {
      words: field("words", { maxlength: "200" }), url: field("url", { inputmode: "url", placeholder: "https://" }),
      appid: field("appid", { placeholder: "wx…", list: "text-programs" }), page: field("page", { placeholder: "pages/index/index", list: "text-pages", onfocus: () => offerPages() }),
    };
    const kind = make("select", { class: "text-field", "aria-label": words.link, onchange: () => show() },
      make("option", { value: "web" }, words.web), make("option", { value: "program", selected: Boolean(given.appid) }, words.program));
    const urlWords = make("span", {}, words.address);
    const row = (label, ...control) => make("label", { class: "text-row" }, label, ...control);
    const program = [row(words.appid, inputs.appid), row(words.page, inputs.page)];
    const wrong = make("p", { class: "filter-error", role: "alert" });
    const choose = make("button", { type: "button", class: "button-small", onclick: async () => {
      const found = await window.pick(words.choosePage, settings.links, [inputs.url.value]);
      if (found) inputs.url.value = found.value;
      if (found && !inputs.words.value) inputs.words.value = found.title;
      choose.focus();
    } }, words.choosePage);
    const show = () => {
      for (const each of program) each.hidden = kind.value === "web";
      urlWords.textContent = kind.value === "web" ? words.address : words.instead;
    };
    const pages = make("datalist", { id: "text-pages" });
    const offerPages = () => {
      const mine = settings.pages.filter(([appid]) => appid === inputs.appid.value.trim());
      pages.replaceChildren(...mine.map(([, value]) => make("option", { value })));
    };
    let made = null;
    const take = (event) => {
      event.preventDefault();
      const label = inputs.words.value.replaceAll(/[<>\n]/g, "").trim();
      const url = inputs.url.value.trim();
      const appid = kind.value === "program" ? inputs.appid.value.trim() : "";
      const problem = !label ? [words.wrongWords, inputs.words]
        : kind.value === "program" && !/^wx\w+$/.test(appid) ? [words.wrongProgram, inputs.appid]
        : (url || kind.value === "web") && !WEB.test(url) ? [words.wrongAddress, inputs.url] : null;
      if (problem) {
        wrong.textContent = problem[0];
        return problem[1].focus();
      }
      const mini = appid ? `data-miniprogram-appid="${quoted(appid)}" data-miniprogram-path="${quoted(inputs.page.value)}"` : "";
      const attributes = [mini, url ? `href="${quoted(url)}"` : ""].filter(Boolean).join(" ");
      made = `<a ${attributes}>${label}</a>`;
      dialog.close();
    };
    const programs = make("datalist", { id: "text-programs" }, ...settings.programs.map(([value, name]) => make("option", { value }, name)));
    const dialog = make("dialog", { class: "text-dialog", "aria-label": words.linkTitle },
      make("form", { onsubmit: take, novalidate: true }, make("h2", {}, words.linkTitle), kind, row(words.linkWords, inputs.words), ...program,
        row(urlWords, inputs.url), choose, programs, pages, wrong,
        make("div", { class: "text-dialog-buttons" }, make("button", { type: "submit", class: "button" }, words.put),
          make("button", { type: "button", class: "button-plain", onclick: () => dialog.close() }, words.cancel))));
    document.body.append(dialog);
    show();
    dialog.showModal();
    (inputs.words.value ? inputs.url : inputs.words).focus();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => {
        dialog.remove();
        resolve(made);
      });
    });
  }

  class TextEditor extends HTMLElement {
    connectedCallback() {
      this.area = this.querySelector("textarea");
      // The pattern of a row that is added later is not written in.
      if (!this.area || this.area.name.includes("__prefix__") || this.built) return;
      this.built = true;
      // The tools of the row that this one was copied from do nothing.
      this.replaceChildren(this.area);
      this.settings = JSON.parse(this.dataset.settings);
      const { words } = this.settings;
      this.tools = make("div", { class: "text-tools", role: "toolbar", "aria-label": words.tools, "aria-controls": this.area.id }, ...this.buttons());
      walk(this.tools, 1);
      this.emoji = make("div", { class: "text-emoji", role: "group", "aria-label": words.emoji, hidden: true, onkeydown: (event) => event.key === "Escape" && this.closeEmoji(event) },
        ...EMOJI.map((each) => make("button", { type: "button", onclick: () => this.putEmoji(each) }, each)));
      walk(this.emoji, ACROSS);
      this.hint = make("p", { class: "text-hint", role: "status" });
      this.main = make("div", { class: "text-main" }, this.area, this.hint);
      if (!this.area.disabled) this.main.prepend(this.tools, this.emoji);
      this.frame = make("div", { class: "text-frame" }, this.main);
      this.append(this.frame);
      this.area.addEventListener("input", () => this.changed());
      if (this.settings.preview) this.addPreview();
      this.offerFallback();
    }

    buttons() {
      const { words, variables } = this.settings;
      const button = (icon, label, onclick, more = {}) => make("button", { type: "button", class: "text-tool", onclick, ...more }, glyph(icon), label);
      this.emojiButton = button("mood", words.emoji, () => this.toggleEmoji(), { "aria-expanded": "false" });
      return [button("link", words.link, () => this.putLink()), this.emojiButton,
        ...variables.map((each) => make("button", { type: "button", class: "text-tool text-chip", title: `{${each.name}}`, onclick: () => this.put(this.written(each)) }, each.label))];
    }

    written({ name, fallback }) {
      return fallback ? `{${name}|${fallback}}` : `{${name}}`;
    }

    // --- putting in

    // As if it had been typed, so that it can be undone like that.
    put(text, from = this.area.selectionStart, to = this.area.selectionEnd) {
      this.area.focus();
      this.area.setSelectionRange(from, to);
      if (!document.execCommand("insertText", false, text)) {
        this.area.setRangeText(text, from, to, "end");
        this.area.dispatchEvent(new Event("input", { bubbles: true }));
      }
      this.area.dispatchEvent(new Event("change", { bubbles: true }));
    }

    // The link that the cursor is in is changed, chosen words become one.
    async putLink() {
      const { value, selectionStart, selectionEnd } = this.area;
      const around = [...value.matchAll(ANCHOR)].find((each) => each.index < selectionEnd && selectionStart < each.index + each[0].length);
      let [from, to, given] = [selectionStart, selectionEnd, { words: value.slice(selectionStart, selectionEnd) }];
      if (around) {
        const found = Object.fromEntries([...around[1].matchAll(ATTRIBUTE)].map(([, name, double, single]) => [name.toLowerCase(), double ?? single]));
        [from, to] = [around.index, around.index + around[0].length];
        given = { words: around[2], url: found.href, appid: found["data-miniprogram-appid"], page: found["data-miniprogram-path"] };
      }
      const link = await askLink(this.settings, given);
      if (link) this.put(link, from, to);
      else this.area.focus();
    }

    toggleEmoji() {
      this.emoji.hidden = !this.emoji.hidden;
      this.emojiButton.setAttribute("aria-expanded", String(!this.emoji.hidden));
      if (!this.emoji.hidden) this.emoji.querySelector("[tabindex='0']").focus();
    }

    closeEmoji(event) {
      event?.stopPropagation();
      this.toggleEmoji();
      this.emojiButton.focus();
    }

    putEmoji(each) {
      this.toggleEmoji();
      this.put(each);
    }

    changed() {
      this.offerFallback();
      clearTimeout(this.timer);
      if (this.settings.preview) this.timer = setTimeout(() => this.look(), PAUSE_MS);
    }

    // A variable that may be empty, and of which it is not written what to read then.
    offerFallback() {
      const { words, variables } = this.settings;
      const bare = variables.find((each) => each.fallback && this.area.value.includes(`{${each.name}}`));
      this.hint.replaceChildren();
      if (!bare || this.area.disabled) return;
      const mend = () => {
        const at = this.area.value.indexOf(`{${bare.name}}`);
        this.put(this.written(bare), at, at + bare.name.length + 2);
      };
      this.hint.append(words.fallback.replace("{label}", bare.label),
        make("button", { type: "button", class: "button-small", onclick: mend }, words.mend.replace("{fallback}", bare.fallback)));
    }

    // --- the bubble

    addPreview() {
      const { words, account } = this.settings;
      this.bubble = make("div", { class: "text-bubble" });
      this.length = make("p", { class: "text-length", "aria-live": "polite" });
      this.notes = make("div", { class: "text-notes", role: "status" });
      this.who = make("div", { class: "text-who" });
      this.frame.append(make("section", { class: "text-preview", "aria-label": words.preview }, make("h4", {}, words.preview), this.who, this.bubble, this.notes));
      this.area.after(this.length);
      this.kept = `text-person:${account}`;
      document.addEventListener("text-person", () => this.look());
      // Not of all the texts of a page at once: of one that comes into sight.
      new IntersectionObserver((seen, watch) => {
        if (!seen.some((each) => each.isIntersecting)) return;
        watch.disconnect();
        this.isSeen = true;
        this.look();
      }).observe(this);
    }

    get person() {
      return JSON.parse(sessionStorage.getItem(this.kept) ?? "null");
    }

    set person(person) {
      sessionStorage.setItem(this.kept, JSON.stringify(person));
      document.dispatchEvent(new CustomEvent("text-person"));
    }

    drawWho() {
      const { words, people } = this.settings;
      if (!people) return;
      const now = this.person;
      const choose = make("button", { type: "button", class: "button-small", onclick: async () => {
        const found = await window.pick(words.person, people, now ? [now.value] : []);
        if (found) this.person = { value: found.value, title: found.title, image: found.image };
        this.who.querySelector("button").focus();
      } }, words.person);
      const nobody = make("button", { type: "button", class: "button-small", onclick: () => {
        this.person = null;
        this.who.querySelector("button").focus();
      } }, words.nobody);
      if (this.who.dataset.who === String(now?.value)) return;
      this.who.dataset.who = String(now?.value);
      this.who.replaceChildren(...(now ? [make("img", { class: "face", src: now.image, alt: "" }), make("span", {}, now.title), choose, nobody] : [choose]));
    }

    async look() {
      if (!this.isSeen || !this.isConnected) return;
      this.drawWho();
      const asked = (this.asked = (this.asked ?? 0) + 1);
      const body = new FormData();
      body.set("text", this.area.value);
      body.set("openid", this.settings.people ? (this.person?.value ?? "") : "");
      body.set("offered", this.settings.variables.map((each) => each.name).join(" "));
      const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
      const answer = await fetch(this.settings.preview, { method: "POST", headers: { "X-CSRFToken": token }, body })
        .then((response) => (response.ok ? response.json() : null)).catch(() => null);
      if (asked !== this.asked) return;
      if (!answer) return this.notes.replaceChildren(make("p", {}, this.settings.words.away));
      this.bubble.innerHTML = answer.html;
      this.length.textContent = answer.length;
      this.length.classList.toggle("over", answer.over);
      this.notes.replaceChildren(...answer.notes.map((each) => make("p", {}, each)));
    }
  }

  const begin = () => customElements.define("text-editor", TextEditor);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
