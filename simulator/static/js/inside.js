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
  window.wx ??= {
    async config(config) {
      const url = location.href.replace(location.origin, window.webviewOrigin || location.origin);
      const answer = await fetch("/.webview/jssdk", { method: "POST", body: JSON.stringify({ config, url }) });
      const result = await answer.json();
      settle(result.errMsg === "config:ok" ? "ready" : "error", result);
    },
    ready: listen("ready"),
    error: listen("error"),
    closeWindow: () => window.closeWebview?.(),
  };
})();
