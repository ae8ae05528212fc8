// The editor of a menu: the phone, the panel beside it, undo, and the draft on the server.

import { data, el, t } from "./dom.js";
import { Panel } from "./panel.js";
import { Drawing } from "./phone.js";
import { Saving } from "./saving.js";
import { asParent, change, childrenOf, find, History, insert, isParent, move, newUid, room, without } from "./tree.js";

class Editor {
  constructor() {
    this.history = new History(data.buttons);
    this.bubbles = data.bubbles;
    this.problems = data.problems;
    this.chosen = null;
    this.open = null;
    this.drawing = new Drawing(this);
    this.panel = new Panel(this);
    this.saving = new Saving(this);
    this.undoButton = this.tool("menu-undo", t("undo"), () => this.undo());
    this.redoButton = this.tool("menu-redo", t("redo"), () => this.redo());
    document.addEventListener("keydown", (event) => this.key(event));
    document.getElementById("menu-publish").addEventListener("click", (event) => this.leave(event));
    this.saving.showStatus(this.saving.stamp);
    if (this.buttons.length) this.choose(this.buttons[0].uid);
    else this.draw();
    if (data.mayEdit && this.saving.left) this.offerLeft(this.saving.left);
  }

  get buttons() {
    return this.history.now;
  }

  tool(id, label, run) {
    const button = document.getElementById(id);
    button.textContent = label;
    button.hidden = !data.mayEdit;
    button.addEventListener("click", run);
    return button;
  }

  draw(how) {
    this.drawing.draw();
    this.panel.draw(how);
    this.list();
    this.undoButton.disabled = !this.history.past.length;
    this.redoButton.disabled = !this.history.future.length;
  }

  // --- choosing

  choose(uid, focus = false) {
    const found = find(this.buttons, uid);
    if (!found) return;
    const again = this.chosen === uid && this.open === uid;
    this.chosen = uid;
    this.open = found.above?.uid ?? (isParent(found.button) && !again ? uid : null);
    this.draw();
    if (focus) this.drawing.focus(uid);
  }

  unfold(uid) {
    this.open = uid;
    this.drawing.draw();
  }

  // --- changing

  put(buttons, mark) {
    this.history.put(buttons, mark);
    this.saving.changed();
    this.banner("");
    this.draw();
  }

  change(uid, fields, mark = null) {
    this.put(change(this.buttons, uid, fields), mark);
  }

  add(above) {
    if (room(this.buttons, above, data.limits) < 1) return this.banner(t("full"));
    const button = { uid: newUid(), name: t("newName"), kind: "click" };
    const place = above ? childrenOf(find(this.buttons, above).button).length : this.buttons.length;
    this.put(insert(this.buttons, button, above, place));
    this.choose(button.uid);
    const name = this.panel.node.querySelector("input");
    name.focus();
    name.select();
  }

  remove(uid) {
    const { button, above, place, beside } = find(this.buttons, uid);
    this.put(without(this.buttons, uid));
    const next = beside[place + 1] ?? beside[place - 1] ?? above;
    this.chosen = null;
    if (next && find(this.buttons, next.uid)) this.choose(next.uid, true);
    else this.draw();
    this.banner(t("removed", button.name), [[t("undo"), () => this.undo()]]);
  }

  makeParent(uid) {
    const { button } = find(this.buttons, uid);
    const parent = asParent(button);
    // What the button did becomes the first entry below it.
    const first = { ...button, uid: newUid() };
    this.put(change(this.buttons, uid, { ...cleared(button), ...parent, children: [first] }));
    if (this.bubbles[uid]) this.bubbles[first.uid] = this.bubbles[uid];
    this.open = uid;
    this.draw({ anew: true });
  }

  shift(uid, step) {
    const { place, above } = find(this.buttons, uid);
    const moved = move(this.buttons, uid, above?.uid ?? null, step > 0 ? place + 2 : place - 1, data.limits);
    const last = (above ? childrenOf(above) : this.buttons).length - 1;
    if (!moved || place + step < 0 || place + step > last) return;
    this.put(moved);
    this.drawing.focus(uid);
  }

  moveTo(uid, above) {
    const place = above ? childrenOf(find(this.buttons, above).button).length : this.buttons.length;
    const moved = move(this.buttons, uid, above, place, data.limits);
    if (!moved) return this.banner(t("full"));
    this.put(moved);
    this.choose(uid, true);
  }

  undo() {
    if (this.history.undo()) this.stepped();
  }

  redo() {
    if (this.history.redo()) this.stepped();
  }

  stepped() {
    this.saving.changed();
    this.banner("");
    if (!find(this.buttons, this.chosen)) this.chosen = this.buttons[0]?.uid ?? null;
    if (this.open && !find(this.buttons, this.open)) this.open = null;
    this.draw({ anew: true });
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey) || !data.mayEdit) return;
    // In a text field the browser's own undo is meant.
    if (event.target.matches("input, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "z" || key === "y") event.preventDefault();
    if (key === "z" && !event.shiftKey) this.undo();
    else if (key === "y" || key === "z") this.redo();
  }

  // --- with others

  // Somebody else's state in place of ours, which undo brings back.
  replace(theirs, words) {
    Object.assign(this.bubbles, theirs.bubbles);
    this.history.put(theirs.buttons);
    this.checked(theirs.problems);
    if (!find(this.buttons, this.chosen)) this.chosen = this.buttons[0]?.uid ?? null;
    this.draw({ anew: true });
    this.banner(words);
  }

  // Ours stays, and undo brings theirs.
  beneath(theirs) {
    Object.assign(this.bubbles, theirs.bubbles);
    this.history.past.push(theirs.buttons);
  }

  others(names) {
    document.getElementById("menu-others").textContent = names.length ? t("others", names.join("、")) : "";
  }

  offerLeft(buttons) {
    this.banner(t("left"), [
      [t("restore"), () => this.put(buttons)],
      [t("discard"), () => { this.saving.forget(); this.banner(""); }],
    ]);
  }

  // The publishing page speaks of the draft on the server.
  async leave(event) {
    if (!this.saving.dirty) return;
    event.preventDefault();
    await this.saving.save();
    if (!this.saving.dirty) location.href = event.target.href;
  }

  // --- what it shows

  checked(problems) {
    this.problems = problems;
    this.draw();
  }

  list() {
    const entry = (each) => el("li", { class: each.error ? "bad" : "warn" },
      each.uid ? el("button", { type: "button", onclick: () => this.choose(each.uid, true) }, each.text) : each.text);
    const part = (words, found) => (found.length ? [el("h2", {}, t(words)), el("ul", {}, ...found.map(entry))] : []);
    const parts = [
      ...part("problems", this.problems.filter((each) => each.error)),
      ...part("warnings", this.problems.filter((each) => !each.error)),
    ];
    const fine = this.buttons.length && !this.saving.dirty ? [el("p", { class: "good" }, t("fine"))] : [];
    document.getElementById("menu-problems").replaceChildren(...(parts.length ? parts : fine));
  }

  banner(words, actions = []) {
    const place = document.getElementById("menu-banner");
    place.hidden = !words;
    const run = (action) => () => {
      place.hidden = true;
      action();
    };
    place.replaceChildren(el("span", {}, words), ...actions.map(([label, action]) =>
      el("button", { type: "button", class: "button-small", onclick: run(action) }, label)));
  }
}

function cleared(button) {
  return Object.fromEntries(Object.keys(button).map((name) => [name, undefined]));
}

new Editor();
