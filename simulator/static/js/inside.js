// Runs inside every page of the webview: reports its address to the phone, and goes back when the phone asks.

(() => {
  if (window.parent === window) return;
  const post = (kind, more = {}) => window.parent.postMessage({ webview: kind, ...more }, "*");
  const address = () => location.href.replace(location.origin, window.webviewOrigin || location.origin);
  const report = () => post("page", { url: address(), title: document.title });
  addEventListener("DOMContentLoaded", report);
  addEventListener("hashchange", report);
  addEventListener("popstate", report);
  addEventListener("message", (event) => {
    if (event.source === window.parent && event.data?.webview === "back") history.back();
  });
  window.closeWebview = () => post("close");
})();

// The JS-SDK as far as pages need it to start: its own script comes from a server that is not here.
(() => {
  const waiting = { ready: [], error: [] };
  let state = null;
  const settle = (kind, result) => {
    state = { kind, result };
    waiting[kind].splice(0).forEach((each) => each(result));
  };
  const listen = (kind) => (each) => (state?.kind === kind ? each(state.result) : waiting[kind].push(each));
  let configuration = null;
  const ask = async (path, config) => {
    const url = location.href.replace(location.origin, window.webviewOrigin || location.origin);
    return (await fetch(path, { method: "POST", body: JSON.stringify({ config, url }) })).json();
  };
  const finish = ({ success, fail, complete } = {}, result) => {
    (result.errMsg.endsWith(":ok") ? success : fail)?.(result);
    complete?.(result);
  };
  window.wx ??= {
    async config(config) {
      configuration = config;
      const result = await ask("/.webview/jssdk", config);
      settle(result.errMsg === "config:ok" ? "ready" : "error", result);
    },
    ready: listen("ready"),
    error: listen("error"),
    // Nothing is recorded: what is uploaded is the voice sample.
    startRecord: (given) => finish(given, { errMsg: "startRecord:ok" }),
    stopRecord: (given) => finish(given, { errMsg: "stopRecord:ok", localId: `weixin://resourceid/${crypto.randomUUID?.() ?? Date.now()}` }),
    uploadVoice: async (given) => finish(given, await ask("/.webview/voice", configuration)),
    closeWindow: () => window.closeWebview?.(),
  };
})();
