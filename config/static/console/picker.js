"use strict";
// Fields with data-pick are filled from a window with search, filters and pictures. Without this script a
// drop-down stays a drop-down and an address is typed. What the window shows comes from the address in
// data-pick (accounts/staff/picking.py), its words included.

(() => {
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

  function face(choice, kind) {
    if (choice.image) return make("img", { src: choice.image, alt: "", loading: "lazy" });
    return choice.icon && choice.icon !== "link" ? make("span", { class: kind }, glyph(choice.icon)) : null;
  }

  async function send(address, body) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const response = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, body });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error ?? "");
    return answer;
  }

  // One window, from opening to a choice or none.
  class Window {
    constructor(title, address, chosen) {
      this.address = new URL(address, location.href);
      this.chosen = chosen;
      this.asked = 0;
      this.search = make("input", { type: "search", autocomplete: "off", oninput: () => this.later() });
      this.close = make("button", { type: "button", class: "button-small", onclick: () => this.dialog.close() }, "✕");
      this.tools = make("div", { class: "picker-tools" }, this.search);
      this.list = make("div", { class: "picker-list", role: "listbox", "aria-label": title, "aria-busy": "true" });
      this.message = make("p", { class: "picker-message", role: "alert" });
      this.dialog = make("dialog", { class: "picker", "aria-label": title, onkeydown: (event) => this.key(event) },
        make("div", { class: "picker-head" }, make("span", {}, title), this.close), this.tools, this.list, this.message);
      this.done = new Promise((resolve) => {
        this.dialog.addEventListener("close", () => {
          this.dialog.remove();
          resolve(this.picked ?? null);
        });
      });
      document.body.append(this.dialog);
      this.dialog.showModal();
      this.search.focus();
      this.ask();
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), 200);
    }

    async ask(after = "") {
      const asked = (this.asked += 1);
      const address = new URL(this.address);
      address.searchParams.set("q", this.search.value);
      for (const select of this.tools.querySelectorAll("select")) address.searchParams.set(select.name, select.value);
      if (after) address.searchParams.set("after", after);
      const answer = await fetch(address).then((response) => (response.ok ? response.json() : null)).catch(() => null);
      // A slower answer to an earlier question is too late.
      if (!answer || asked !== this.asked || !this.dialog.isConnected) return;
      if (!this.words) this.furnish(answer);
      if (!after) this.list.replaceChildren();
      else this.list.lastChild.remove();
      this.list.removeAttribute("aria-busy");
      this.list.classList.toggle("lines", answer.choices.length > 0 && (answer.lines || answer.choices.every((each) => !each.image && each.icon === "link")));
      this.list.append(...answer.choices.map((each) => this.choice(each)));
      if (answer.more) this.list.append(make("button", { type: "button", class: "button-plain", onclick: () => this.ask(answer.more) }, this.words.more));
      if (!this.list.children.length) this.list.append(make("p", { class: "quiet" }, this.words.empty));
    }

    furnish({ words, filters, upload, link }) {
      this.words = words;
      this.search.placeholder = words.search;
      this.search.setAttribute("aria-label", words.search);
      this.close.setAttribute("aria-label", words.close);
      for (const { name, label, options } of filters) {
        if (options.length < 2) continue;
        const entries = options.map(([value, words]) => make("option", { value }, words));
        this.tools.append(make("select", { name, "aria-label": label, onchange: () => this.ask() }, ...entries));
      }
      // Beside the form, which is not to be lost.
      if (link) this.dialog.append(make("a", { class: "picker-link link", href: link.url, target: "_blank", rel: "noopener" }, link.words));
      if (upload) {
        const input = make("input", { type: "file", class: "only-read", accept: upload.accept, onchange: () => this.upload(upload, input) });
        // The skin would look for a text field beside it.
        input.hasChangeListener = true;
        this.tools.append(make("label", { class: "button-plain" }, words.upload, input));
      }
    }

    choice(each) {
      const picked = this.chosen.includes(each.value);
      return make("button", { type: "button", class: "picker-choice", role: "option", title: each.title, "aria-selected": String(picked), onclick: () => this.pick(each) },
        face(each, "picker-face"), make("b", {}, each.title), each.detail ? make("small", {}, each.detail) : null);
    }

    async pick(each) {
      try {
        this.picked = each.take ? await send(each.take) : each;
        this.dialog.close();
      } catch (error) {
        this.message.textContent = error.message || this.words.failed;
      }
    }

    async upload(upload, input) {
      const body = new FormData();
      body.set("file", input.files[0]);
      this.message.textContent = this.words.wait;
      try {
        if (input.files[0].size > upload.most) throw new Error(upload.large);
        this.picked = await send(upload.url, body);
        this.dialog.close();
      } catch (error) {
        this.message.textContent = error.message || this.words.failed;
        input.value = "";
      }
    }

    // Arrow keys walk through the choices, from the search box too.
    key(event) {
      const choices = [...this.list.querySelectorAll("button")];
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.across(choices), ArrowUp: -this.across(choices) }[event.key];
      const here = choices.indexOf(document.activeElement);
      if (!step || event.target.matches("select") || (here < 0 && event.key !== "ArrowDown")) return;
      event.preventDefault();
      const there = here < 0 ? 0 : here + step;
      (there < 0 ? this.search : choices[Math.min(there, choices.length - 1)])?.focus();
    }

    across(choices) {
      return choices.filter((each) => each.offsetTop === choices[0].offsetTop).length || 1;
    }
  }

  // What was picked, as the page told it, or null; `chosen` are the values that are marked.
  window.pick = (title, address, chosen = []) => new Window(title, address, chosen).done;

  function ofSelect(select) {
    const now = make("span", { class: "pick-now" });
    const button = make("button", { type: "button", class: "button-plain", "aria-label": `${select.dataset.pickLabel}`, onclick: () => open() }, select.dataset.pickLabel);
    const away = make("button", { type: "button", class: "button-small", "aria-label": select.dataset.pickClear, title: select.dataset.pickClear, onclick: () => set("") }, "✕");
    const box = make("div", { class: "pick" }, now, button, away);
    const set = (value) => {
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const show = () => {
      const option = select.selectedOptions[0];
      const none = !option?.value;
      away.hidden = none;
      now.replaceChildren(...(none ? [] : [face({ ...option.dataset }, "pick-face")]).filter(Boolean), none ? "" : option.textContent);
      if (none && option && select.dataset.pickKept !== undefined) now.replaceChildren(option.textContent);
      button.disabled = select.disabled;
      away.disabled = select.disabled;
    };
    const open = async () => {
      const found = await window.pick(select.dataset.pickLabel, select.dataset.pick, [select.value]);
      if (found) {
        if (![...select.options].some((each) => each.value === String(found.value))) {
          select.append(make("option", { value: found.value, "data-image": found.image, "data-icon": found.icon }, found.title));
        }
        set(found.value);
      }
      button.focus();
    };
    select.addEventListener("change", show);
    select.hidden = true;
    select.after(box);
    show();
  }

  function ofInput(input) {
    const button = make("button", { type: "button", class: "button-small", style: "margin-top: 6px", onclick: async () => {
      const found = await window.pick(input.dataset.pickLabel, input.dataset.pick, [input.value]);
      if (found) {
        input.value = found.value;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
      button.focus();
    } }, input.dataset.pickLabel);
    input.after(button);
  }

  // A field whose value nobody reads: whoever was picked is shown by name and face.
  function ofNamed(input) {
    const { pickLabel, pickClear } = input.dataset;
    const now = make("span", { class: "pick-now pick-person" });
    const button = make("button", { type: "button", class: "button-plain", "aria-label": pickLabel, onclick: () => open() }, pickLabel);
    const away = make("button", { type: "button", class: "button-small", "aria-label": pickClear, title: pickClear, onclick: () => set({ value: "", title: "" }) }, "✕");
    const show = ({ title, image }) => {
      now.replaceChildren(...[image ? make("img", { src: image, alt: "" }) : "", title ?? ""]);
      away.hidden = !input.value;
    };
    const set = (choice) => {
      input.value = choice.value;
      show(choice);
      for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
    };
    const open = async () => {
      const found = await window.pick(pickLabel, input.dataset.pick, [input.value]);
      if (found) set(found);
      button.focus();
    };
    input.hidden = true;
    // Hidden, it could not be pointed at; the server says what is missing.
    input.required = false;
    input.after(make("div", { class: "pick" }, now, button, away));
    show({ title: input.dataset.pickTitle, image: input.dataset.pickImage });
  }

  function begin() {
    for (const field of document.querySelectorAll("[data-pick]")) {
      if (field.dataset.picks || field.name.includes("__prefix__") || field.multiple) continue;
      field.dataset.picks = "1";
      (field.matches("select") ? ofSelect : field.dataset.pickTitle !== undefined ? ofNamed : ofInput)(field);
    }
  }

  document.addEventListener("DOMContentLoaded", begin);
  document.addEventListener("formset:added", begin);
})();
