// The chosen button's own fields, beside the phone.

import { data, el, t } from "./dom.js";
import { post } from "./saving.js";
import { bytes, childrenOf, find, isParent } from "./tree.js";

const REPLY_MS = 500;

export class Panel {
  constructor(editor) {
    this.editor = editor;
    this.node = document.getElementById("menu-panel");
  }

  // Drawn anew for another button or kind only: a field must not lose what is being typed in it.
  draw({ anew = false } = {}) {
    const found = find(this.editor.buttons, this.editor.chosen);
    const shape = found && [found.button.uid, found.button.kind, found.above?.uid, isParent(found.button)].join();
    if (!anew && shape === this.shape) return this.refresh(found);
    this.shape = shape;
    this.node.replaceChildren(...(found ? this.parts(found) : [this.nothing()]));
    if (!data.mayEdit) for (const each of this.node.querySelectorAll("input, select, textarea, button")) each.disabled = true;
  }

  nothing() {
    const words = !data.mayEdit ? "readOnly" : this.editor.buttons.length ? "nothing" : "nothingYet";
    return el("p", { class: "quiet" }, t(words));
  }

  refresh(found) {
    if (!found) return;
    this.moves?.replaceWith((this.moves = this.moving(found)));
    this.wrongs?.replaceWith((this.wrongs = this.wrong(found.button)));
  }

  parts(found) {
    const { button, above } = found;
    this.moves = this.moving(found);
    this.wrongs = this.wrong(button);
    return [
      el("div", { class: "panel-head" }, el("h2", {}, t("button")), this.moves),
      this.wrongs,
      this.name(button, above),
      ...(isParent(button) ? [el("p", { class: "quiet" }, t("parentNow"))] : [this.kind(button, above), ...this.fields(button)]),
    ];
  }

  wrong(button) {
    const mine = this.editor.problems.filter((each) => each.uid === button.uid);
    return el("ul", { class: "panel-wrong" }, ...mine.map((each) => el("li", { class: each.error ? "bad" : "warn" }, each.text)));
  }

  set(fields, mark) {
    this.editor.change(this.editor.chosen, fields, mark);
  }

  // --- moving and removing

  moving({ button, place, above, beside }) {
    const act = (label, sign, run, on) => el("button", { type: "button", class: "button-small", title: label, "aria-label": label, disabled: !on, onclick: run }, sign);
    const shift = (step) => () => this.editor.shift(button.uid, step);
    return el("div", { class: "panel-moves" },
      act(above ? t("moveUp") : t("moveLeft"), above ? "↑" : "←", shift(-1), place > 0),
      act(above ? t("moveDown") : t("moveRight"), above ? "↓" : "→", shift(1), place < beside.length - 1),
      above ? act(t("moveOut"), "⇤", () => this.editor.moveTo(button.uid, null), this.editor.buttons.length < data.limits.first) : null,
      ...(isParent(button) ? [] : this.into(button, above)),
      el("button", { type: "button", class: "button-small danger", onclick: () => this.editor.remove(button.uid) }, t("remove")));
  }

  into(button, above) {
    const parents = this.editor.buttons.filter((each) => isParent(each) && each !== above && childrenOf(each).length < data.limits.second);
    return parents.map((each) =>
      el("button", { type: "button", class: "button-small", onclick: () => this.editor.moveTo(button.uid, each.uid) }, t("moveInto", each.name)));
  }

  // --- fields

  row(label, control, ...hints) {
    const id = `menu-field-${label.replaceAll(/\W+/g, "")}-${Math.random().toString(36).slice(2, 7)}`;
    control.id = id;
    return el("div", { class: "field-row" }, el("label", { for: id }, label), control, ...hints);
  }

  text(label, name, value, { most = 0, hint = "", type = "text" } = {}) {
    const count = el("small", { class: "count", "aria-live": "polite" });
    const showLength = (text) => {
      if (!most) return;
      count.textContent = t("bytes", bytes(text), most);
      count.classList.toggle("bad", bytes(text) > most);
    };
    const input = el("input", { type, value: value ?? "", autocomplete: "off", spellcheck: "false", name: `menu-${name}` });
    input.addEventListener("input", () => {
      showLength(input.value);
      this.set({ [name]: input.value }, `${this.editor.chosen} ${name}`);
    });
    showLength(input.value);
    return this.row(label, input, most ? count : null, hint ? el("small", { class: "quiet" }, hint) : null);
  }

  name(button, above) {
    const [most, hint] = above ? [data.limits.subName, t("subNameHint")] : [data.limits.name, t("nameHint")];
    return this.text(t("name"), "name", button.name, { most, hint });
  }

  kind(button, above) {
    const own = data.kinds.find((each) => each.value === button.kind);
    const offered = data.kinds.filter((each) => each.editable || each === own);
    const options = offered.map((each) => el("option", { value: each.value, selected: each === own }, each.label));
    const select = el("select", { onchange: () => this.set({ kind: select.value }) }, ...options);
    const split = above || childrenOf(button).length ? null
      : el("button", { type: "button", class: "button-small", title: t("parentWarn"), onclick: () => this.editor.makeParent(button.uid) }, t("makeParent"));
    return this.row(t("kind"), select, split);
  }

  fields(button) {
    const own = data.kinds.find((each) => each.value === button.kind);
    if (own?.readOnly) return [el("p", { class: "quiet" }, t("madeOnPage")), el("pre", { class: "raw" }, String(button.raw?.value ?? ""))];
    if (own?.keyed) return this.answer(button);
    const url = { most: data.limits.url, type: "url", hint: "https://" };
    const { programs, articles } = data.choices;
    switch (button.kind) {
      case "view":
        return [this.address(t("url"), button, url)];
      case "miniprogram":
        return [
          this.pick(t("program"), "appid", programs, button.appid, button.appid, [t("newProgram"), data.urls.programs]),
          this.page(button),
          this.address(t("oldUrl"), button, url),
        ];
      case "media_id":
        return [this.file(button)];
      default:
        return [this.pick(t("article"), "article_id", articles, button.article_id, button.article_title || button.article_id),
          articles.length ? null : el("p", { class: "quiet" }, t("noArticles"))];
    }
  }

  // Typed, or one of the pages of this mini program that are in use.
  page(button) {
    const row = this.text(t("page"), "pagepath", button.pagepath, { hint: "pages/index/index" });
    const input = row.querySelector("input");
    const known = el("datalist", { id: "menu-pages" });
    input.setAttribute("list", known.id);
    input.addEventListener("focus", () => {
      const { appid } = find(this.editor.buttons, button.uid).button;
      const mine = data.choices.pages.filter(([its]) => its === appid);
      known.replaceChildren(...mine.map(([, path]) => el("option", { value: path })));
    });
    row.append(known);
    return row;
  }

  // Typed, or one of the pages that the console knows.
  address(label, button, how) {
    const row = this.text(label, "url", button.url, how);
    const input = row.querySelector("input");
    const choose = el("button", { type: "button", class: "button-small", onclick: async () => {
      const found = await window.pick(t("choosePage"), data.urls.links, [input.value]);
      choose.focus();
      if (!found) return;
      input.value = found.value;
      input.dispatchEvent(new Event("input"));
    } }, t("choosePage"));
    input.after(choose);
    return row;
  }

  // `media_id` is a file that is on WeChat and in no library of ours.
  file(button) {
    const now = el("span", { class: "pick-now" });
    const show = () => {
      const { file, media_id: kept } = find(this.editor.buttons, button.uid)?.button ?? button;
      const known = data.choices.files.find((each) => each.id === file);
      const face = known?.image ? el("img", { src: known.image, alt: "" })
        : known && el("span", { class: "pick-face" }, el("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, known.icon));
      now.replaceChildren(...(known ? [face, known.name] : [kept ? t("fileOnWeChat") : ""]));
    };
    const choose = el("button", { type: "button", class: "button-plain", "aria-label": t("chooseFile"), onclick: async () => {
      const found = await window.pick(t("chooseFile"), data.urls.files, [String(button.file ?? "")]);
      choose.focus();
      if (!found) return;
      data.choices.files.push({ id: Number(found.value), name: found.title, image: found.image, icon: found.icon });
      this.set({ file: Number(found.value) });
      show();
    } }, t("chooseFile"));
    show();
    const row = this.row(t("file"), choose);
    const box = el("div", { class: "pick" }, now);
    choose.replaceWith(box);
    box.append(choose);
    return row;
  }

  // `kept` names what was chosen elsewhere and is on no list.
  pick(label, name, list, value, kept, more) {
    const known = list.some((each) => each.id === value);
    const options = [el("option", { value: "" }, known || !kept ? t("choose") : kept)];
    options.push(...list.map((each) => el("option", { value: each.id, selected: each.id === value }, each.on === false ? t("ruleOff", each.name) : each.name)));
    const image = el("img", { class: "pick-image", alt: "", hidden: true });
    const show = () => {
      const found = list.find((each) => String(each.id) === select.value);
      image.hidden = !found?.image;
      if (found?.image) image.src = found.image;
    };
    const select = el("select", { onchange: () => {
      const found = list.find((each) => String(each.id) === select.value);
      const title = name === "article_id" ? { article_title: found?.name ?? "" } : {};
      if (found || !kept || known) this.set({ [name]: found?.id ?? null, ...title });
      show();
    } }, ...options);
    const link = more ? el("a", { class: "link", href: more[1], target: "_blank" }, more[0]) : null;
    show();
    return this.row(label, select, image, link);
  }

  // --- what answers a tap

  answer(button) {
    const place = el("div", { class: "panel-reply" });
    const now = button.reply ? "own" : button.rule ? "rule" : "none";
    const kinds = data.kinds.find((each) => each.value === button.kind);
    const start = now === "none" && kinds.answered && !button.key ? "own" : now;
    const options = [["own", "ownReply"], ["rule", "ruleReply"], ["none", "noReply"]];
    const select = el("select", { onchange: () => this.showAnswer(select.value, place) },
      ...options.map(([value, words]) => el("option", { value, selected: value === start }, t(words))));
    this.showAnswer(start, place);
    return [this.row(t("answer"), select), place];
  }

  showAnswer(how, place) {
    const { button } = find(this.editor.buttons, this.editor.chosen);
    place.dataset.how = how;
    if (how === "own") return this.replyForm(button, place);
    if (button.reply || (how === "none" && button.rule)) this.set({ reply: null, ...(how === "none" && { rule: null }) });
    const rules = data.choices.rules;
    place.replaceChildren(...(how === "rule" ? [this.pick(t("rule"), "rule", rules, button.rule, "", [t("newRule"), data.urls.rules])] : []));
  }

  async replyForm(button, place) {
    // The drawing has it, for who only looks.
    if (!data.mayEdit) return;
    if (button.rule) this.set({ rule: null });
    place.replaceChildren(el("p", { class: "quiet" }, t("loading")));
    const fields = new FormData();
    fields.set("reply", JSON.stringify(button.reply ?? null));
    const answer = await post(data.urls.reply, fields);
    if (this.editor.chosen !== button.uid || place.dataset.how !== "own") return;
    if (answer?.status !== 200) return this.replyLost(button, place);
    const form = el("form", { class: "reply-form", novalidate: true, onsubmit: (event) => event.preventDefault() });
    form.innerHTML = answer.body;
    const state = el("p", { class: "quiet", role: "status" });
    place.replaceChildren(form, state);
    // The script of the content editor shows the fields of the chosen kind.
    document.dispatchEvent(new CustomEvent("formset:added"));
    let timer;
    const take = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.takeReply(button.uid, form, state), REPLY_MS);
    };
    form.addEventListener("input", take);
    form.addEventListener("change", take);
    form.take = () => this.takeReply(button.uid, form, state);
  }

  replyLost(button, place) {
    place.replaceChildren(
      el("p", { class: "quiet bad", role: "alert" }, t("replyLost")),
      el("button", { type: "button", class: "button-small", onclick: () => this.replyForm(button, place) }, t("again")),
    );
  }

  async takeReply(uid, form, state) {
    const fields = new FormData(form);
    const known = find(this.editor.buttons, uid);
    if (!known) return;
    fields.set("reply", JSON.stringify(known.button.reply ?? null));
    const answer = await post(data.urls.reply, fields);
    if (!find(this.editor.buttons, uid)) return;
    if (answer?.status !== 200) {
      state.textContent = t("replyNotTaken");
      return state.classList.add("bad");
    }
    const { errors = {}, reply, bubble } = answer.body;
    for (const row of form.querySelectorAll("[data-field]")) row.querySelector(".filter-error").textContent = (errors[row.dataset.field] ?? []).join(" ");
    state.textContent = reply ? t("replyTaken") : t("replyWrong");
    state.classList.toggle("bad", !reply);
    if (!reply) return;
    this.editor.bubbles[uid] = bubble;
    this.editor.change(uid, { reply, rule: null }, `${uid} reply`);
  }
}
