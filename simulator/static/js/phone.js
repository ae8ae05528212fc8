// One phone: one person in the chat of one account.

import { bubble, happening } from "./bubbles.js";
import { Composer } from "./composer.js";
import { confirm } from "./dialogs.js";
import { el, toast } from "./dom.js";
import { scan } from "./scan.js";
import { Menu } from "./menu.js";
import { act, conversation } from "./server.js";
import { trace } from "./trace.js";
import { openLinks, openPage } from "./webview.js";
import { locale, reason, t } from "./words.js";

const PAUSE = 300;
const TYPING_MS = 15000;
const COLOURS = ["#e57373", "#5c9ded", "#9a7bd0", "#e0a03c", "#4db6ac", "#d277a8", "#7a9e4f", "#6d8cc4"];

// The time of day, with the date when it is another day.
function clock(seconds) {
  const moment = new Date(seconds * 1000);
  const today = moment.toDateString() === new Date().toDateString();
  const day = today ? {} : { month: "short", day: "numeric" };
  return moment.toLocaleString(locale(), { ...day, hour: "2-digit", minute: "2-digit", hour12: false });
}

export class Phone {
  constructor({ person, number, name, appid }, page) {
    Object.assign(this, { person, number, name, appid, page });
    this.lines = new Map();
    this.openid = null;
    this.events = 0;
    this.build();
  }

  get samples() {
    return this.page.samples;
  }

  get account() {
    return this.page.accounts.find((each) => each.appid === this.appid)?.name ?? this.appid;
  }

  build() {
    this.status = el("span", { class: "status", role: "status" });
    this.allowed = el("span", { class: "allowed" });
    this.leave = el("button", { type: "button", class: "plain", hidden: true, onclick: () => this.unfollow() }, t("unfollow"));
    this.log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": t("chat", this.account), tabindex: "0" });
    this.stick();
    openLinks(this);
    this.composer = new Composer(this);
    this.menu = new Menu(this);
    this.gate = this.welcome();
    this.node = el(
      "section",
      { class: "phone", "aria-label": t("phoneOf", this.name) },
      el("header", {},
        el("div", { class: "who" }, this.face(this.name, this.colour()), el("span", {}, t("phoneOf", this.name)), this.menu.platform, this.remove()),
        el("div", { class: "title" }, this.chooser(), this.miniProgram(), this.authorizations(), this.leave),
        el("div", { class: "state" }, this.allowed, this.status)),
      this.log,
      this.gate,
      this.composer.node,
      this.menu.node,
    );
    this.stand({ following: false, with_worker: false });
  }

  // Who reads the end keeps reading the end, also when pictures arrive late or a trace is opened there.
  stick() {
    this.stuck = true;
    let before = 0;
    this.log.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.log;
      if (scrollTop < before) this.stuck = false;
      if (scrollHeight - scrollTop - clientHeight < 60) this.stuck = true;
      before = scrollTop;
    });
    for (const grown of ["load", "loadedmetadata"]) this.log.addEventListener(grown, () => this.stuck && this.toEnd(), true);
    this.log.addEventListener("toggle", (event) => event.target.scrollIntoView({ block: "nearest" }), true);
  }

  colour() {
    return COLOURS[this.number % COLOURS.length];
  }

  face(name, colour) {
    const face = el("span", { class: "face", "aria-hidden": "true" }, [...name][0] ?? "?");
    face.style.background = colour;
    return face;
  }

  remove() {
    const run = () => this.page.remove(this);
    return el("button", { type: "button", class: "plain", "aria-label": t("removePhone"), title: t("removePhone"), onclick: run }, "✕");
  }

  chooser() {
    const options = this.page.accounts.map((each) => el("option", { value: each.appid, selected: each.appid === this.appid }, each.name));
    return el("select", { "aria-label": t("account"), onchange: (event) => this.page.open(this, event.target.value) }, ...options);
  }

  miniProgram() {
    const address = this.page.accounts.find((each) => each.appid === this.appid)?.mini;
    return address ? el("button", { type: "button", class: "plain", onclick: () => openPage(this, address) }, t("openMiniProgram")) : null;
  }

  // Where the account's administrator sees which third-party platforms it authorised.
  authorizations() {
    if (!this.page.hasComponents) return null;
    const address = `https://mp.weixin.qq.com/safe/authorizations?appid=${encodeURIComponent(this.appid)}`;
    return el("button", { type: "button", class: "plain", onclick: () => openPage(this, address) }, t("authorizations"));
  }

  welcome() {
    const face = this.face(this.account, "#07c160");
    const name = el("strong", {}, this.account);
    const mini = this.miniProgram();
    // Nobody follows a mini program.
    if (mini) return el("div", { class: "gate" }, face, name, mini);
    return el(
      "div",
      { class: "gate" },
      face,
      name,
      el("p", {}, t("notFollowing")),
      el("button", { type: "button", class: "strong", onclick: () => this.act({ type: "follow" }) }, t("follow")),
      el("button", { type: "button", class: "quiet", onclick: () => this.scan() }, t("orScan")),
    );
  }

  // May be asked again after a gap in the live stream: known lines are brought up to date.
  async load() {
    const { openid, person, entries } = await this.latest();
    this.openid = openid;
    for (const entry of entries) this.show(entry);
    this.stand(person);
    await this.menu.refresh();
  }

  // An answer that was made before the stream brought something newer would take it back: it is asked for again.
  async latest() {
    for (;;) {
      const { events } = this;
      const payload = await conversation(this);
      if (events === this.events) return payload;
    }
  }

  // Who does not follow sees the account's card instead of the input.
  stand({ following, with_worker: withWorker, may_send: maySend = [], now = 0 }) {
    this.following = following;
    this.gate.hidden = following;
    this.composer.node.hidden = !following;
    this.leave.hidden = !following;
    this.worker = withWorker;
    this.maySend = maySend;
    this.ahead = now - Date.now() / 1000;
    this.node.classList.toggle("stranger", !following);
    this.showStatus();
  }

  typing(on) {
    clearTimeout(this.typingTimer);
    this.isTyping = on;
    if (on) this.typingTimer = setTimeout(() => this.typing(false), TYPING_MS);
    this.showStatus();
  }

  showStatus() {
    this.status.textContent = this.isTyping ? t("typing") : this.worker ? t("withWorker") : "";
    const now = Date.now() / 1000 + this.ahead;
    const running = this.maySend.filter((each) => each.ends_at > now);
    const parts = running.map((each) => t("until", each.left, clock(each.ends_at)));
    this.allowed.textContent = parts.length ? t("maySend", parts.join(t("and"))) : this.following ? t("mayNotSend") : "";
  }

  received(entry, person) {
    this.events += 1;
    if (entry.side === "account") this.typing(false);
    this.show(entry);
    if (person.following !== this.following) this.menu.refresh();
    this.stand(person);
  }

  // A line that is sent again (another delivery attempt, say) replaces itself in place.
  show(entry) {
    const before = this.lines.get(entry.seq);
    const line = this.line(entry, before?.querySelector(".trace")?.open ?? false);
    if (before) before.replaceWith(line);
    else this.append(entry, line);
    this.lines.set(entry.seq, line);
    if (this.stuck || !before) this.toEnd();
  }

  append(entry, line) {
    if (!this.lastAt || !this.lines.size || entry.at - this.lastAt > PAUSE) this.log.append(this.time(entry.at));
    this.lastAt = entry.at;
    this.log.append(line);
  }

  time(seconds) {
    return el("time", { datetime: new Date(seconds * 1000).toISOString() }, clock(seconds));
  }

  line(entry, open) {
    const caption = happening(entry);
    if (caption !== null) {
      return el("div", { class: `line middle ${entry.via}` }, el("p", {}, caption), trace(entry, open));
    }
    const mine = entry.side === "follower";
    const face = mine ? this.face(this.name, this.colour()) : this.face(this.account, "#07c160");
    return el("div", { class: `line ${mine ? "mine" : "theirs"}` }, face, el("div", { class: "message" }, bubble(this, entry), mine ? trace(entry, open) : null));
  }

  toEnd() {
    this.stuck = true;
    requestAnimationFrame(() => this.log.scrollTo({ top: this.log.scrollHeight }));
  }

  async act(deed) {
    try {
      await act(this, deed);
    } catch (error) {
      toast(t("failed", reason(error.message)));
    }
  }

  tap(entry) {
    this.act({ type: "text", content: String(entry.content), bizmsgmenuid: String(entry.id) });
  }

  async scan() {
    const ticket = await scan(this);
    if (ticket) await this.act({ type: "scan", ticket });
  }

  async unfollow() {
    if (await confirm(t("confirmUnfollow", this.account), t("unfollow"))) await this.act({ type: "unfollow" });
  }
}
