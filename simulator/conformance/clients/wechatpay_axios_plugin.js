// wechatpay-axios-plugin against the simulator.

const fs = require("fs");
const { Wechatpay } = require("wechatpay-axios-plugin");
const { APPID, assert, control, flow, run } = require("./harness.js");

const merchant = JSON.parse(fs.readFileSync(process.env.MERCHANT, "utf8"));
const NOTIFY = "https://shop.example.com/notify";
const certs = Object.fromEntries(merchant.platform.certificates.map((each) => [each.serial_no, each.certificate]));
const pay = new Wechatpay({
  mchid: merchant.mchid, serial: merchant.serial_no, privateKey: merchant.private_key, certs, secret: merchant.v2_key,
  merchant: { cert: merchant.certificate, key: merchant.private_key },
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
flow("profit sharing", async () => {
  const { profitsharing } = pay.v3;
  const other = { appid: APPID, type: "MERCHANT_ID", account: merchant.other_mchid };
  await profitsharing.receivers.add.post({ ...other, relation_type: "PARTNER" });
  await pay.v3.pay.transactions.jsapi.post(order("PS00000001", { payer: { openid: merchant.openid }, settle_info: { profit_sharing: true } }));
  const { transaction_id: id } = await control("/pay", { mchid: merchant.mchid, out_trade_no: "PS00000001", openid: merchant.openid });
  const receivers = [{ type: "MERCHANT_ID", account: merchant.other_mchid, amount: 1000, description: "分给合作方" }];
  const made = await profitsharing.orders.post({ appid: APPID, transaction_id: id, out_order_no: "PO00000001", receivers, unfreeze_unsplit: true });
  assert(made.data.state === "PROCESSING");
  await profitsharing.transactions.$transaction_id$.amounts.get({ transaction_id: id });
});
flow("combined orders", async () => {
  const sub = { mchid: merchant.mchid, out_trade_no: "CS00000001", attach: "x", description: "咖啡", amount: { total_amount: 3000, currency: "CNY" } };
  const body = { combine_appid: APPID, combine_mchid: merchant.mchid, combine_out_trade_no: "CO00000001", sub_orders: [sub], notify_url: NOTIFY };
  assert((await pay.v3.combineTransactions.native.post(body)).data.code_url);
  await pay.v3.combineTransactions.outTradeNo.$number$.get({ number: "CO00000001" });
});
flow("payment codes", async () => {
  const { auth_code } = await control("/payment-codes", { openid: merchant.openid });
  const body = {
    appid: APPID, mchid: merchant.mchid, description: "咖啡", out_trade_no: "MP00000001", payer: { auth_code }, amount: { total: 1800 },
    scene_info: { store_info: { out_id: "1" } },
  };
  assert((await pay.v3.pay.transactions.codepay.post(body)).data.trade_state === "SUCCESS");
  await pay.v3.pay.transactions.outTradeNo.$number$.reverse.post({ appid: APPID, mchid: merchant.mchid }, { number: "MP00000001" });
});
flow("service-provider mode", async () => {
  await control("/merchants", { mchid: merchant.mchid, sub_mchids: [merchant.other_mchid] });
  const who = { sp_mchid: merchant.mchid, sub_mchid: merchant.other_mchid };
  const { appid, mchid, ...rest } = order("SP00000001");
  assert((await pay.v3.pay.partner.transactions.native.post({ ...rest, ...who, sp_appid: APPID })).data.code_url);
  const found = await pay.v3.pay.partner.transactions.outTradeNo.$number$.get({ params: who, number: "SP00000001" });
  assert(found.data.sub_mchid === merchant.other_mchid);
});
flow("self test (echo)", async () => {
  const headers = { "Wechatpay-Serial": merchant.platform.certificates[0].serial_no };
  const answer = await pay.v3.security.echo.post({ echo_message: "hello" }, { headers });
  assert(answer.data.echo_message === "hello");
});

// The old API: what is signed comes back as an object.
const old = (path, fields, security = false) =>
  pay.client.v2.post(path, { nonce_str: Math.random().toString(36).slice(2), ...fields }, { security }).then(({ data }) => data);
const own = { appid: APPID, mch_id: merchant.mchid };

flow("v2: payment codes", async () => {
  const { auth_code } = await control("/payment-codes", { openid: merchant.openid });
  const fields = { ...own, body: "咖啡", out_trade_no: "MV00000001", total_fee: 1800, spbill_create_ip: "203.0.113.7", auth_code };
  assert((await old("pay/micropay", fields)).trade_type === "MICROPAY");
  assert((await old("secapi/pay/reverse", { ...own, out_trade_no: "MV00000001" }, true)).recall === "N");
});
flow("v2: payments to users", async () => {
  const fields = {
    mch_appid: APPID, mchid: merchant.mchid, partner_trade_no: "PV00000001", openid: merchant.openid, check_name: "NO_CHECK", amount: 3000,
    desc: "奖励", spbill_create_ip: "203.0.113.7",
  };
  const unsigned = { transformResponse: [(data) => String(data)] };
  const nonce = { nonce_str: "n" };
  const sent = await pay.client.v2.post("mmpaymkttransfers/promotion/transfers", { ...fields, ...nonce }, { security: true, ...unsigned });
  assert(sent.data.includes("payment_no"), sent.data);
  const asked = { ...own, ...nonce, partner_trade_no: "PV00000001" };
  const info = await pay.client.v2.post("mmpaymkttransfers/gettransferinfo", asked, { security: true, ...unsigned });
  assert(info.data.includes("SUCCESS"), info.data);
});
flow("v2: red packets", async () => {
  const fields = {
    wxappid: APPID, mch_id: merchant.mchid, mch_billno: "HB00000001", send_name: "青橙健身", re_openid: merchant.openid, total_amount: 1000, total_num: 1,
    wishing: "恭喜发财", client_ip: "203.0.113.7", act_name: "开业", remark: "再来", nonce_str: "n",
  };
  const options = { security: true, transformResponse: [(data) => String(data)] };
  const sent = await pay.client.v2.post("mmpaymkttransfers/sendredpack", fields, options);
  assert(sent.data.includes("send_listid"), sent.data);
  const asked = { ...own, mch_billno: "HB00000001", bill_type: "MCHT", nonce_str: "n" };
  const info = await pay.client.v2.post("mmpaymkttransfers/gethbinfo", asked, options);
  assert(info.data.includes("SENT"), info.data);
});

run();
