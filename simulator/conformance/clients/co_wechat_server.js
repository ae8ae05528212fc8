// The middleware `co-wechat` (npm) in koa as an account's server.

const http = require("http");
const Koa = require("koa");
const wechat = require("co-wechat");
const { APPID, KEY, TOKEN, checkCallbacks, flow, run } = require("./harness.js");

function server() {
  const app = new Koa();
  app.use(wechat({ token: TOKEN, appid: APPID, encodingAESKey: KEY }).middleware(async (message) => {
    if (message.MsgType === "image") return { type: "image", content: { mediaId: message.MediaId } };
    return message.Event === "subscribe" ? "欢迎" : `听到了:${message.Content}`;
  }));
  return http.createServer(app.callback());
}

flow("server: callbacks in plain mode", () => checkCallbacks(server(), "plain"));
flow("server: callbacks in safe mode", () => checkCallbacks(server(), "safe"));
flow("server: callbacks in compatible mode", () => checkCallbacks(server(), "compatible"));

run();
