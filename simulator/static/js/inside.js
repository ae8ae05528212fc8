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
