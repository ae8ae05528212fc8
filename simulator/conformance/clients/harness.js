// What the Node drivers share: flows by name, each reported on a line of its own.

const BASE = process.env.SIMULATOR;
const APPID = process.env.APPID;
const TOKEN = "QingchengFitToken01";
const KEY = "gR7vYp2LmX9cTzK4bNwQ8sHdJ1uEoF6aVxI3yWqZ5tA";
const SECRET = "0123456789abcdef0123456789abcdef";
const MINI = "wx3c5e7a9b1d2f4068";
const OPENID = "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M";
const OTHER = "oQc7a6KfXn2tR9vLw0Yp3dUbHs2N";

const flows = [];
const flow = (name, perform) => flows.push([name, perform]);

async function control(path, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`${BASE}/_sim${path}`, options);
  const payload = await answer.json();
  if (!answer.ok) throw new Error(payload.error);
  return payload;
}

// The code a person on a phone is sent back with.
async function consent(url, person = "anna") {
  const http = require("http");
  const port = Number(new URL(BASE).port);
  const path = url.replace(/^https:\/\/[^/]+/, "").replace(/#.*/, "");
  const location = await new Promise((done, failed) => {
    const headers = { Host: `${person}.localhost:${port}`, "Content-Type": "application/x-www-form-urlencoded" };
    const asked = http.request({ host: "127.0.0.1", port, path, method: "POST", headers }, (answer) => {
      answer.resume();
      done(answer.headers.location);
    });
    asked.on("error", failed);
    asked.end("choice=allow");
  });
  return new URL(location, "http://x").searchParams.get("code");
}

function assert(value, why = "nothing came") {
  if (!value) throw new Error(why);
  return value;
}

// The address proves itself; a text, a picture and an event are answered, and the answers are shown.
async function checkCallbacks(server, mode) {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${server.address().port}/`;
  await control("/accounts", { appid: APPID, callback_url: url, mode, aes_key: KEY });
  const shown = async (openid, event) => {
    const result = await control(`/accounts/${APPID}/events/${openid}`, event);
    return assert(result.shown[0], JSON.stringify(result.attempts));
  };
  try {
    assert((await control(`/accounts/${APPID}/verify`, {})).ok, "the address did not prove itself");
    assert((await shown(OPENID, { type: "text", content: "在吗" })).content.content === "听到了:在吗");
    assert((await shown(OPENID, { type: "image" })).msgtype === "image");
    assert((await shown(OTHER, { type: "follow" })).content.content === "欢迎");
  } finally {
    await control("/accounts", { appid: APPID, callback_url: "", mode: "plain" });
    server.close();
  }
}

// For clients that call back.
const called = (subject, name) => (...given) => new Promise((done, failed) => {
  subject[name](...given, (error, answer) => (error ? failed(error) : done(answer)));
});

async function run() {
  for (const [name, perform] of flows) {
    let reason = "";
    try {
      await perform();
    } catch (error) {
      reason = String(error && error.message ? error.message : error).slice(0, 300) || "failed";
    }
    console.log(`\x1e${JSON.stringify({ flow: name, reason })}`);
  }
  process.exit(0);
}

const fs = require("fs");
const os = require("os");
const path = require("path");
function picture() {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "picture-")), "a.jpg");
  fs.writeFileSync(file, Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(64)]));
  return file;
}

/** The day before yesterday in China: yesterday's statistics are there from eight o'clock on. */
function countedDay() {
  return new Date(Date.now() + 8 * 3600e3 - 2 * 86400e3).toISOString().slice(0, 10);
}

module.exports = { APPID, BASE, KEY, MINI, OPENID, OTHER, SECRET, TOKEN, assert, called, checkCallbacks, consent, control, flow, picture, run, countedDay };
