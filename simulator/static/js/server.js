// What the page asks the simulator, and what the simulator tells it.

async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || answer.statusText);
  return body;
}

export function accounts() {
  return ask("/phone/accounts");
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

export async function upload(phone, kind, file) {
  const query = new URLSearchParams({ kind, name: file.name });
  return (await ask(`${at(phone)}/media?${query}`, { method: "POST", body: file })).media_id;
}

export function mediaAddress(appid, mediaId) {
  return `/mmbiz/${encodeURIComponent(appid)}/${encodeURIComponent(mediaId)}`;
}

// One stream serves the whole page: browsers allow only six connections to a host.
export class Live {
  constructor(heard, linked) {
    this.heard = heard;
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
    for (const kind of ["entry", "typing", "reset"]) {
      source.addEventListener(kind, (event) => this.heard(kind, JSON.parse(event.data)));
    }
  }
}
