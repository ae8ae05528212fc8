// The drawing: a phone whose menu bar is the editor. Tap to choose, drag or Alt + arrow to order.

import { data, el, t } from "./dom.js";
import { childrenOf, find, isParent, move, room } from "./tree.js";

const DRAG_PIXELS = 6;
const OPEN_MS = 350;

export class Drawing {
  constructor(editor) {
    this.editor = editor;
    this.node = document.getElementById("menu-phone");
    this.node.addEventListener("keydown", (event) => this.key(event));
    if (data.mayEdit) this.node.addEventListener("pointerdown", (event) => this.press(event));
  }

  draw() {
    const { buttons, chosen } = this.editor;
    const focused = document.activeElement?.closest?.("#menu-phone [data-uid]")?.dataset.uid;
    const slots = buttons.map((button) => this.slot(button));
    const mayAdd = data.mayEdit && room(buttons, null, data.limits) > 0;
    if (mayAdd) slots.push(el("div", { class: "slot" }, this.adder(null, t("addFirst"))));
    this.node.replaceChildren(
      el("div", { class: "phone-top" }, data.account),
      el("div", { class: "phone-chat" }, ...this.chat()),
      el("div", { class: "phone-bar" },
        el("span", { class: "phone-keyboard", "aria-hidden": "true" }, "⌨"),
        el("div", { class: "phone-slots", role: "group", "aria-label": t("bar") }, ...slots)),
      ...(data.mayEdit ? [el("p", { class: "phone-hint" }, t("dragHint"))] : []),
    );
    if (focused) this.focus(focused === chosen || find(buttons, focused) ? focused : chosen);
  }

  focus(uid) {
    this.node.querySelector(`[data-uid="${uid}"]`)?.focus();
  }

  slot(button) {
    const open = this.editor.open === button.uid;
    const list = open && isParent(button) ? this.submenu(button) : null;
    return el("div", { class: "slot", "data-slot": button.uid }, list, this.button(button, isParent(button)));
  }

  submenu(button) {
    const rows = childrenOf(button).map((each) => this.button(each, false));
    const mayAdd = data.mayEdit && childrenOf(button).length < data.limits.second;
    return el("div", { class: "phone-submenu", role: "group", "aria-label": t("submenu", button.name), "data-list": button.uid },
      ...rows, mayAdd ? this.adder(button.uid, t("addSecond")) : null);
  }

  button(button, opens) {
    const { chosen, problems } = this.editor;
    const mine = problems.filter((each) => each.uid === button.uid);
    const state = mine.some((each) => each.error) ? "bad" : mine.length ? "warn" : null;
    return el("button", {
      type: "button",
      class: `phone-button${chosen === button.uid ? " chosen" : ""}`,
      "data-uid": button.uid,
      "data-state": state,
      "aria-pressed": String(chosen === button.uid),
      "aria-expanded": opens ? String(this.editor.open === button.uid) : null,
      title: button.name,
      onclick: () => this.editor.choose(button.uid),
    }, opens ? el("i", { "aria-hidden": "true" }, "≡ ") : null, button.name || "…");
  }

  adder(above, label) {
    return el("button", { type: "button", class: "phone-add", "aria-label": label, title: label, onclick: () => this.editor.add(above) }, "＋");
  }

  // What the follower gets after a tap on the chosen button.
  chat() {
    const found = find(this.editor.buttons, this.editor.chosen);
    if (!found || isParent(found.button)) return [];
    const { button } = found;
    const kind = data.kinds.find((each) => each.value === button.kind);
    const deed = el("p", { class: "phone-deed" }, kind?.label ?? "");
    return [deed, ...(kind?.keyed ? this.reply(button) : this.opened(button))];
  }

  // Of what other kinds hold, only what this kind uses.
  opened({ kind, url, file, article_title: title }) {
    const page = { view: url, miniprogram: url, article_id: title, article_view_limited: title }[kind];
    const sent = kind === "media_id" && data.choices.files.find((each) => each.id === file);
    if (sent) return [el("div", { class: "phone-bubble" }, sent.image ? el("img", { src: sent.image, alt: "" }) : null, sent.name)];
    return page ? [el("p", { class: "phone-page" }, page)] : [];
  }

  reply(button) {
    const bubble = this.editor.bubbles[button.uid];
    if (!bubble || !button.reply) return [];
    return [el("div", { class: "phone-bubble" },
      bubble.image ? el("img", { src: bubble.image, alt: "" }) : null,
      bubble.title ? el("strong", {}, bubble.title) : null,
      bubble.text ? el("span", {}, bubble.text) : null,
      ...bubble.choices.map((each) => el("span", { class: "phone-choice" }, each)))];
  }

  // --- keyboard

  key(event) {
    const uid = event.target.dataset?.uid;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!uid) return;
    const { place, above, beside } = find(this.editor.buttons, uid);
    const vertical = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (event.key === "Delete" && data.mayEdit) return this.editor.remove(uid);
    if (event.key === "Escape" && above) return this.editor.choose(above.uid, true);
    if (!step) return;
    event.preventDefault();
    if (event.altKey && data.mayEdit) return this.editor.shift(uid, step);
    if (vertical && !above) return this.editor.choose(childrenOf(beside[place]).at(step < 0 ? -1 : 0)?.uid ?? uid, true);
    if (!vertical && above) return this.editor.choose(this.next(this.editor.buttons, above.uid, step), true);
    this.editor.choose(this.next(beside, uid, step), true);
  }

  next(beside, uid, step) {
    const place = beside.findIndex((each) => each.uid === uid);
    return beside[(place + step + beside.length) % beside.length].uid;
  }

  // --- dragging

  press(event) {
    const button = event.target.closest("[data-uid]");
    if (!button || event.button !== 0) return;
    const start = { x: event.clientX, y: event.clientY };
    const uid = button.dataset.uid;
    let ghost = null;
    const moved = (now) => {
      if (!ghost && Math.hypot(now.clientX - start.x, now.clientY - start.y) < DRAG_PIXELS) return;
      now.preventDefault();
      ghost ??= this.lift(button);
      ghost.style.translate = `${now.clientX - start.x}px ${now.clientY - start.y}px`;
      this.over(uid, now.clientX, now.clientY);
    };
    const done = (now) => {
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", done);
      removeEventListener("pointercancel", done);
      clearTimeout(this.opening);
      if (!ghost) return;
      ghost.remove();
      // The click that follows a drag is none.
      const swallow = (click) => click.stopPropagation();
      addEventListener("click", swallow, { capture: true });
      setTimeout(() => {
        removeEventListener("click", swallow, { capture: true });
        this.drop(uid, now);
      }, 0);
    };
    addEventListener("pointermove", moved, { passive: false });
    addEventListener("pointerup", done);
    addEventListener("pointercancel", done);
  }

  lift(button) {
    const { left, top, width, height } = button.getBoundingClientRect();
    const ghost = button.cloneNode(true);
    ghost.classList.add("phone-ghost");
    ghost.removeAttribute("data-uid");
    Object.assign(ghost.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    document.body.append(ghost);
    button.classList.add("lifted");
    return ghost;
  }

  over(uid, x, y) {
    const target = this.target(uid, x, y);
    for (const each of this.node.querySelectorAll(".drop-before, .drop-after")) each.classList.remove("drop-before", "drop-after");
    if (target?.mark) target.mark.classList.add(target.after ? "drop-after" : "drop-before");
    const under = this.node.ownerDocument.elementsFromPoint(x, y).find((each) => each.matches?.("[data-slot]"));
    const slot = under?.dataset.slot;
    if (slot !== this.hovered) {
      clearTimeout(this.opening);
      this.hovered = slot;
      const parent = slot && slot !== uid && isParent(find(this.editor.buttons, slot).button);
      if (parent && this.editor.open !== slot) this.opening = setTimeout(() => this.editor.unfold(slot), OPEN_MS);
    }
  }

  // Where a drop would put it: in the open submenu by height, in the bar by breadth.
  target(uid, x, y) {
    const inside = (node) => {
      const { left, right, top, bottom } = node.getBoundingClientRect();
      return x >= left - 12 && x <= right + 12 && y >= top - 12 && y <= bottom + 12;
    };
    const list = this.node.querySelector(".phone-submenu");
    if (list && inside(list)) return this.place([...list.querySelectorAll("[data-uid]")], list.dataset.list, (box) => y > box.top + box.height / 2);
    const bar = this.node.querySelector(".phone-slots");
    if (!inside(bar)) return null;
    return this.place([...bar.querySelectorAll(".slot > [data-uid]")], null, (box) => x > box.left + box.width / 2);
  }

  place(nodes, above, isPast) {
    const past = nodes.filter((node) => isPast(node.getBoundingClientRect())).length;
    const mark = nodes[past] ?? nodes.at(-1);
    return { above, place: past, mark, after: past === nodes.length };
  }

  drop(uid, { clientX, clientY, type }) {
    this.hovered = null;
    const target = type === "pointerup" ? this.target(uid, clientX, clientY) : null;
    const moved = target && move(this.editor.buttons, uid, target.above, target.place, data.limits);
    if (moved) this.editor.put(moved);
    else if (target && !isSame(this.editor.buttons, uid, target)) this.editor.banner(t("full"));
    this.editor.choose(uid);
  }
}

function isSame(buttons, uid, target) {
  const { above, place } = find(buttons, uid);
  return (above?.uid ?? null) === target.above && [place, place + 1].includes(target.place);
}
