// wechat-oauth against the simulator.

const OAuth = require("wechat-oauth");
const { APPID, MINI, SECRET, assert, called, consent, control, flow, run } = require("./harness.js");

const oauth = new OAuth(APPID, SECRET);
const ask = (name, ...given) => called(oauth, name)(...given);
let token;

flow("web login", async () => {
  await control("/accounts", { appid: APPID, oauth_domains: ["h5.example.com"] });
  const url = oauth.getAuthorizeURL("https://h5.example.com/done#/route", "", "snsapi_userinfo");
  const code = assert(await consent(url), "no code");
  token = (await ask("getAccessToken", code)).data;
  assert((await ask("getUser", token.openid)).nickname);
  await ask("verifyToken", token.openid, token.access_token);
  await ask("refreshAccessToken", token.refresh_token);
});
flow("a wrong token is refused as expected", async () => {
  const error = await ask("verifyToken", token.openid, "99_nonsense").catch((each) => each);
  assert(error.code === 40001, `code ${error.code}`);
});
flow("mini program login, subscription messages", async () => {
  const client = new OAuth(MINI, SECRET);
  const port = new URL(process.env.SIMULATOR).port;
  const http = require("http");
  const given = await new Promise((done, failed) => {
    const headers = { Host: `anna.localhost:${port}` };
    const asked = http.request({ host: "127.0.0.1", port, path: `/.mini/${MINI}/login`, method: "POST", headers }, (answer) => {
      let text = "";
      answer.on("data", (part) => { text += part; });
      answer.on("end", () => done(JSON.parse(text).given));
    });
    asked.on("error", failed);
    asked.end();
  });
  const session = await called(client, "getSessionKey")(given);
  assert(session.data.session_key);
});

run();
