// Runs inside every page of the webview: the JS bridge of WeChat, as far as paying and closing need it. The
// parameters go to the phone, which checks them as WeChat does and shows the pay sheet.

(() => {
  if (window.parent === window) return;
  const waiting = new Map();
  let last = 0;

  addEventListener("message", (event) => {
    if (event.source !== window.parent || event.data?.webview !== "paid") return;
    waiting.get(event.data.id)?.(event.data);
    waiting.delete(event.data.id);
  });

  const pay = (params, page) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      window.parent.postMessage({ webview: "pay", id: last, params: { ...params }, page }, "*");
    });

  const address = () => location.href.replace(location.origin, window.webviewOrigin || location.origin);

  async function invoke(name, params = {}, callback = () => {}) {
    if (name === "closeWindow") return window.closeWebview();
    if (name !== "getBrandWCPayRequest" && name !== "chooseWXPay") return callback({ err_msg: `${name}:fail no permission` });
    const { result, reason } = await pay(params, address());
    callback({ err_msg: `get_brand_wcpay_request:${result}`, ...(reason ? { err_desc: reason } : {}) });
  }

  window.WeixinJSBridge = {
    invoke,
    call: (name) => invoke(name),
    on() {},
  };

  let config = null;
  const settled = async (name, given, result) => {
    const answer = { errMsg: `${name}:${result}` };
    const callback = { ok: given.success, cancel: given.cancel, fail: given.fail }[result];
    callback?.(answer);
    given.complete?.(answer);
  };
  // The page's SDK is there already (inside.js): it learns to pay, and learns for which account it was set up.
  const configure = window.wx.config;
  Object.assign(window.wx, {
    config(given) {
      config = given;
      return configure(given);
    },
    checkJsApi: ({ jsApiList = [], success }) =>
      success?.({ errMsg: "checkJsApi:ok", checkResult: Object.fromEntries(jsApiList.map((each) => [each, each === "chooseWXPay"])) }),
    async chooseWXPay(given) {
      const { timestamp, nonceStr, package: prepay, signType, paySign } = given;
      const params = { appId: given.appId ?? config?.appId, timeStamp: String(timestamp), nonceStr, package: prepay, signType, paySign };
      const { result } = await pay(params, address());
      await settled("chooseWXPay", given, result);
    },
  });

  addEventListener("DOMContentLoaded", () => document.dispatchEvent(new Event("WeixinJSBridgeReady")));
})();
