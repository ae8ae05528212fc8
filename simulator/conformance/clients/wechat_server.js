// The middleware `wechat` (npm) as an account's server.

const http = require("http");
const wechat = require("wechat");
const { APPID, KEY, TOKEN, checkCallbacks, flow, run } = require("./harness.js");

function answer(message, request, response) {
  if (message.MsgType === "image") return response.reply({ type: "image", content: { mediaId: message.MediaId } });
  return response.reply(message.Event === "subscribe" ? "欢迎" : `听到了:${message.Content}`);
}

function server() {
  const middleware = wechat({ token: TOKEN, appid: APPID, encodingAESKey: KEY }, (request, response) => answer(request.weixin, request, response));
  return http.createServer((request, response) => {
    request.query = Object.fromEntries(new URL(request.url, "http://x").searchParams);
    middleware(request, response, (error) => response.writeHead(error ? 500 : 404).end());
  });
}

flow("server: callbacks in plain mode", () => checkCallbacks(server(), "plain"));
flow("server: callbacks in safe mode", () => checkCallbacks(server(), "safe"));
flow("server: callbacks in compatible mode", () => checkCallbacks(server(), "compatible"));

run();
