// Runs inside every page of the webview: tells the phone where it is, and goes back when told to.

(() => {
  if (window.parent === window) return;
  const tell = (kind, more = {}) => window.parent.postMessage({ webview: kind, ...more }, "*");
  const address = () => location.href.replace(location.origin, window.webviewOrigin || location.origin);
  const report = () => tell("page", { url: address(), title: document.title });
  addEventListener("DOMContentLoaded", report);
  addEventListener("hashchange", report);
  addEventListener("popstate", report);
  addEventListener("message", (event) => {
    if (event.source === window.parent && event.data?.webview === "back") history.back();
  });
  window.closeWebview = () => tell("close");
})();

// The JS-SDK as far as pages need it to start: its own script comes from a server that is not here.
(() => {
  const waiting = { ready: [], error: [] };
  let state = null;
  const tell = (kind, told) => {
    state = { kind, told };
    waiting[kind].splice(0).forEach((each) => each(told));
  };
  const hear = (kind) => (each) => (state?.kind === kind ? each(state.told) : waiting[kind].push(each));
  window.wx ??= {
    async config(config) {
      const url = location.href.replace(location.origin, window.webviewOrigin || location.origin);
      const answer = await fetch("/.webview/jssdk", { method: "POST", body: JSON.stringify({ config, url }) });
      const told = await answer.json();
      tell(told.errMsg === "config:ok" ? "ready" : "error", told);
    },
    ready: hear("ready"),
    error: hear("error"),
    closeWindow: () => window.closeWebview?.(),
  };
})();
