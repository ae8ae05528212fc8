// The draft on its way to the server: saved a moment after each change, never over somebody else's work.

import { data, t } from "./dom.js";

const PAUSE_MS = 700;
const TRY_AGAIN_MS = 4000;
const LOOK_MS = 6000;
const KEPT = `menu-draft-${location.pathname}`;

export class Saving {
  constructor(editor) {
    this.editor = editor;
    this.revision = data.revision;
    this.dirty = false;
    this.stamp = stamp(data);
    setInterval(() => this.look(), LOOK_MS);
    this.look();
    addEventListener("beforeunload", (event) => this.dirty && event.preventDefault());
    document.addEventListener("visibilitychange", () => document.hidden && this.dirty && this.save());
  }

  // What an earlier visit could not save.
  get left() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT));
      return kept && JSON.stringify(kept) !== JSON.stringify(this.editor.buttons) ? kept : null;
    } catch {
      return null;
    }
  }

  forget() {
    localStorage.removeItem(KEPT);
  }

  changed() {
    this.dirty = true;
    localStorage.setItem(KEPT, JSON.stringify(this.editor.buttons));
    this.showStatus(t("unsaved"));
    this.later(PAUSE_MS);
  }

  later(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.busy || !this.dirty || this.stopped) return;
    const buttons = this.editor.buttons;
    this.busy = true;
    this.showStatus(t("saving"));
    const answer = await post(data.urls.draft, JSON.stringify({ revision: this.revision, buttons }), "application/json");
    this.busy = false;
    if (!answer) {
      this.showStatus(t("offline"), true);
      return this.later(TRY_AGAIN_MS);
    }
    if (answer.status === 409) return this.overtaken(answer.body);
    if (answer.status !== 200) return this.showStatus(t("refused", answer.body.error ?? answer.status), true);
    this.revision = answer.body.revision;
    if (this.editor.buttons === buttons) {
      this.dirty = false;
      this.forget();
      this.stamp = stamp(answer.body);
      this.showStatus(this.stamp);
    } else this.later(0);
    this.editor.checked(answer.body.problems);
  }

  // Nothing is decided for the person: both states stay reachable by undo.
  overtaken(theirs) {
    this.stopped = true;
    const go = (run) => () => {
      this.stopped = false;
      this.revision = theirs.revision;
      run();
    };
    this.editor.banner(t("theirs", theirs.savedBy || t("someone"), theirs.savedAt), [
      [t("takeTheirs"), go(() => this.take(theirs, t("takenTheirs")))],
      [t("keepMine"), go(() => this.keep(theirs))],
    ]);
  }

  take(theirs, words) {
    this.revision = theirs.revision;
    this.dirty = false;
    this.forget();
    this.stamp = stamp(theirs);
    this.showStatus(this.stamp);
    this.editor.replace(theirs, words);
  }

  keep(theirs) {
    this.editor.beneath(theirs);
    this.changed();
    this.save();
    this.editor.banner(t("keptMine"));
  }

  async look() {
    if (document.hidden) return;
    const response = await fetch(`${data.urls.state}?revision=${this.revision}`).catch(() => null);
    if (!response?.ok) return;
    const found = await response.json();
    this.editor.others(found.others);
    const newer = found.buttons && found.revision > this.revision;
    if (newer && !this.dirty && !this.busy) {
      this.take(found, t("theirsShown", found.savedBy || t("someone"), found.savedAt));
    }
  }

  showStatus(words, wrong = false) {
    const place = document.getElementById("menu-status");
    place.textContent = words;
    place.classList.toggle("wrong", wrong);
  }
}

function stamp({ savedAt, savedBy, revision }) {
  if (!revision) return "";
  return savedBy ? t("savedBy", savedAt, savedBy) : t("saved", savedAt);
}

// Null without a connection.
export async function post(url, body, type) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "X-CSRFToken": token, ...(type && { "Content-Type": type }) };
  try {
    const response = await fetch(url, { method: "POST", headers, body });
    const json = response.headers.get("Content-Type")?.startsWith("application/json");
    return { status: response.status, body: json ? await response.json() : await response.text() };
  } catch {
    return null;
  }
}
