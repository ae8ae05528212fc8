// The menu as a value: every change makes a new one, so undo is only to go back to an old one.

export const newUid = () =>
  [...crypto.getRandomValues(new Uint8Array(5))].map((each) => each.toString(16).padStart(2, "0")).join("");

export const bytes = (text) => new TextEncoder().encode(text).length;

export const childrenOf = (button) => button.children ?? [];

export const isParent = (button) => button.kind === "parent" || childrenOf(button).length > 0;

// Where a button stands: `above` is the one whose submenu it is in, or null.
export function find(buttons, uid) {
  for (const [place, button] of buttons.entries()) {
    if (button.uid === uid) return { button, place, above: null, beside: buttons };
    const below = childrenOf(button).findIndex((each) => each.uid === uid);
    if (below >= 0) return { button: button.children[below], place: below, above: button, beside: button.children };
  }
  return null;
}

export function change(buttons, uid, fields) {
  const edit = (button) => (button.uid === uid ? { ...button, ...fields } : { ...button, ...(button.children && { children: button.children.map(edit) }) });
  return buttons.map(edit);
}

export function without(buttons, uid) {
  const rest = buttons.filter((each) => each.uid !== uid);
  return rest.map((each) => (each.children ? { ...each, children: each.children.filter((child) => child.uid !== uid) } : each));
}

export function insert(buttons, button, above, place) {
  if (!above) return buttons.toSpliced(place, 0, button);
  return buttons.map((each) => {
    if (each.uid !== above) return each;
    return { ...asParent(each), children: childrenOf(each).toSpliced(place, 0, button) };
  });
}

// What it did is set aside: a parent only opens.
export function asParent(button) {
  if (isParent(button)) return { ...button, kind: "parent" };
  return { uid: button.uid, name: button.name, kind: "parent", children: [] };
}

export function room(buttons, above, limits) {
  if (!above) return limits.first - buttons.length;
  return limits.second - childrenOf(find(buttons, above).button).length;
}

// Null when it may not go there: no room, or a submenu inside a submenu.
export function move(buttons, uid, above, place, limits) {
  const { button, above: from, place: was } = find(buttons, uid);
  const same = (from?.uid ?? null) === above;
  if (above && (isParent(button) || above === uid)) return null;
  if (!same && room(buttons, above, limits) < 1) return null;
  const target = same && place > was ? place - 1 : place;
  if (same && target === was) return null;
  return insert(without(buttons, uid), button, above, target);
}

export class History {
  constructor(buttons) {
    this.reset(buttons);
  }

  reset(buttons) {
    this.now = buttons;
    this.past = [];
    this.future = [];
    this.last = null;
  }

  // Keystrokes in one field (the same `mark`) are one step.
  put(buttons, mark = null) {
    if (mark === null || mark !== this.last) this.past.push(this.now);
    this.future = [];
    this.last = mark;
    this.now = buttons;
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.now);
    this.now = this.past.pop();
    this.last = null;
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.now);
    this.now = this.future.pop();
    this.last = null;
    return true;
  }
}
