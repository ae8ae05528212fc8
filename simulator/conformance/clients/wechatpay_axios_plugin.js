// wechatpay-axios-plugin against the simulator.

const fs = require("fs");
const { Wechatpay } = require("wechatpay-axios-plugin");
const { APPID, assert, control, flow, run } = require("./harness.js");

const told = JSON.parse(fs.readFileSync(process.env.MERCHANT, "utf8"));
const NOTIFY = "https://shop.example.com/notify";
const certs = Object.fromEntries(told.platform.certificates.map((each) => [each.serial_no, each.certificate]));
const pay = new Wechatpay({
  mchid: told.mchid, serial: told.serial_no, privateKey: told.private_key, certs, secret: told.apiv3_key,
});
const order = (number, more = {}) => ({
  appid: APPID, mchid: told.mchid, description: "会员年卡", out_trade_no: number, notify_url: NOTIFY, amount: { total: 10000 }, ...more,
});

async function paid(number) {
  await pay.v3.pay.transactions.jsapi.post(order(number, { payer: { openid: told.openid } }));
  await control("/pay", { mchid: told.mchid, out_trade_no: number, openid: told.openid });
}

flow("orders: jsapi, native, h5, app", async () => {
  assert((await pay.v3.pay.transactions.jsapi.post(order("JS00000001", { payer: { openid: told.openid } }))).data.prepay_id);
  assert((await pay.v3.pay.transactions.native.post(order("NA00000001"))).data.code_url);
  const scene = { payer_client_ip: "203.0.113.7", h5_info: { type: "Wap" } };
  assert((await pay.v3.pay.transactions.h5.post(order("H500000001", { scene_info: scene }))).data.h5_url);
  assert((await pay.v3.pay.transactions.app.post(order("AP00000001"))).data.prepay_id);
});
flow("query, close", async () => {
  const params = { mchid: told.mchid };
  await pay.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params, out_trade_no: "JS00000001" });
  await pay.v3.pay.transactions.outTradeNo.$out_trade_no$.close.post(params, { out_trade_no: "JS00000001" });
  await paid("JS00000002");
  const found = await pay.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params, out_trade_no: "JS00000002" });
  assert(found.data.trade_state === "SUCCESS");
});
flow("refunds", async () => {
  const amount = { refund: 3000, total: 10000, currency: "CNY" };
  await pay.v3.refund.domestic.refunds.post({ out_trade_no: "JS00000002", out_refund_no: "RF00000001", amount });
});
flow("platform certificates", async () => assert((await pay.v3.certificates.get()).data.data.length));
flow("bills", async () => {
  await control("/clock", { offset: -2 * 86400 });
  await paid("JS00000003");
  await control("/clock", { offset: 0 });
  const day = new Date(Date.now() + 8 * 3600e3 - 2 * 86400e3).toISOString().slice(0, 10);
  const applied = await pay.v3.bill.tradebill.get({ params: { bill_date: day, bill_type: "ALL" } });
  assert(applied.data.download_url.startsWith("https://api.mch.weixin.qq.com/"));
  const path = applied.data.download_url.slice("https://api.mch.weixin.qq.com/".length);
  const file = await pay.client.v3.get(path, { responseType: "arraybuffer", transformResponse: [(data) => data] }).catch((error) => error);
  assert(file.status === 200, String(file.message || file.status));
});

run();
