// What the page asks the simulator, and what the simulator sends it.

async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || answer.statusText);
  return body;
}

export function accounts() {
  return ask("/phone/accounts");
}

// The first account of somebody who uses the simulator alone; its secrets are made here.
export async function makeAccount({ name, callback_url, token }) {
  const digits = (count) => Array.from(crypto.getRandomValues(new Uint8Array(count)), (each) => (each % 16).toString(16)).join("");
  const made = { appid: `wx${digits(16)}`, secret: digits(32), original_id: `gh_${digits(12)}`, name, callback_url, token };
  await ask("/_sim/accounts", { method: "POST", body: JSON.stringify(made) });
  return made;
}

const at = (phone) => `/phone/${encodeURIComponent(phone.appid)}/${encodeURIComponent(phone.person)}`;

export function conversation(phone) {
  return ask(`${at(phone)}/conversation`);
}

export function act(phone, deed) {
  return ask(`${at(phone)}/do`, { method: "POST", body: JSON.stringify(deed) });
}

export async function notices(phone) {
  return (await ask(`${at(phone)}/notices`)).notices;
}

// Where a page of the account is found as this person: {frame}, null for pages of others.
export function pageFrame(phone, url) {
  return ask(`${at(phone)}/open`, { method: "POST", body: JSON.stringify({ url }) });
}

export function menuOf(phone) {
  return ask(`${at(phone)}/menu`);
}

export function changePlatform(phone, platform) {
  return ask(`${at(phone)}/menu/platform`, { method: "POST", body: JSON.stringify({ platform }) });
}

export function give(phone, button) {
  return ask(`${at(phone)}/menu/give`, { method: "POST", body: JSON.stringify(button) });
}

export async function upload(phone, kind, file) {
  const query = new URLSearchParams({ kind, name: file.name });
  return (await ask(`${at(phone)}/media?${query}`, { method: "POST", body: file })).media_id;
}

export async function codes(phone) {
  return (await ask(`${at(phone)}/codes`)).codes;
}

// The `ticket` of the code that a text or the picture in a file means, or the `url` of a page of the platform.
export function recognise(phone, { text, file }) {
  const query = text === undefined ? "" : `?${new URLSearchParams({ text })}`;
  return ask(`${at(phone)}/codes${query}`, { method: "POST", body: file ?? "" });
}

// Paying: what the sheet shows (by "bridge" or "token"), and "do".
export function payment(what, given) {
  return ask(`/phone/pay/${what}`, { method: "POST", body: JSON.stringify(given) });
}

export function mediaAddress(appid, mediaId) {
  return `/mmbiz/${encodeURIComponent(appid)}/${encodeURIComponent(mediaId)}`;
}

// One stream serves the whole page: browsers allow only six connections to a host.
export class Live {
  constructor(onEvent, linked) {
    this.onEvent = onEvent;
    this.linked = linked;
    this.watched = null;
  }

  watch(conversations) {
    const wanted = conversations.join(",");
    if (wanted === this.watched) return;
    this.watched = wanted;
    this.source?.close();
    const source = new EventSource(`/phone/live?watch=${encodeURIComponent(wanted)}`);
    this.source = source;
    source.onopen = () => this.linked(true);
    source.onerror = () => this.linked(false);
    for (const kind of ["entry", "typing", "menu", "reset"]) {
      source.addEventListener(kind, (event) => this.onEvent(kind, JSON.parse(event.data)));
    }
  }
}
