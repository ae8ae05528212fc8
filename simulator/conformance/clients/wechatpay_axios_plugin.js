// wechatpay-axios-plugin against the simulator.

const fs = require("fs");
const { Wechatpay } = require("wechatpay-axios-plugin");
const { APPID, assert, control, flow, run } = require("./harness.js");

const merchant = JSON.parse(fs.readFileSync(process.env.MERCHANT, "utf8"));
const NOTIFY = "https://shop.example.com/notify";
const certs = Object.fromEntries(merchant.platform.certificates.map((each) => [each.serial_no, each.certificate]));
const pay = new Wechatpay({
  mchid: merchant.mchid, serial: merchant.serial_no, privateKey: merchant.private_key, certs, secret: merchant.apiv3_key,
});
const order = (number, more = {}) => ({
  appid: APPID, mchid: merchant.mchid, description: "会员年卡", out_trade_no: number, notify_url: NOTIFY, amount: { total: 10000 }, ...more,
});

async function paid(number) {
  await pay.v3.pay.transactions.jsapi.post(order(number, { payer: { openid: merchant.openid } }));
  await control("/pay", { mchid: merchant.mchid, out_trade_no: number, openid: merchant.openid });
}

flow("orders: jsapi, native, h5, app", async () => {
  assert((await pay.v3.pay.transactions.jsapi.post(order("JS00000001", { payer: { openid: merchant.openid } }))).data.prepay_id);
  assert((await pay.v3.pay.transactions.native.post(order("NA00000001"))).data.code_url);
  const scene = { payer_client_ip: "203.0.113.7", h5_info: { type: "Wap" } };
  assert((await pay.v3.pay.transactions.h5.post(order("H500000001", { scene_info: scene }))).data.h5_url);
  assert((await pay.v3.pay.transactions.app.post(order("AP00000001"))).data.prepay_id);
});
flow("query, close", async () => {
  const params = { mchid: merchant.mchid };
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
