// wechatpay-node-v3 against the simulator.

const fs = require("fs");
const Pay = require("wechatpay-node-v3");
const { APPID, assert, control, flow, run } = require("./harness.js");

const merchant = JSON.parse(fs.readFileSync(process.env.MERCHANT, "utf8"));
const NOTIFY = "https://shop.example.com/notify";
const pay = new Pay({
  appid: APPID, mchid: merchant.mchid, publicKey: Buffer.from(merchant.certificate), privateKey: Buffer.from(merchant.private_key), key: merchant.apiv3_key,
});

function good(answer, ...statuses) {
  const known = statuses.length ? statuses : [200];
  if (!known.includes(answer.status)) throw new Error(`${answer.status} ${answer.error || JSON.stringify(answer)}`);
  return answer.data ?? answer;
}

const order = (number, more = {}) => ({
  appid: APPID, mchid: merchant.mchid, description: "会员年卡", out_trade_no: number, notify_url: NOTIFY, amount: { total: 10000 }, ...more,
});
const scene = { payer_client_ip: "203.0.113.7", h5_info: { type: "Wap", app_name: "x", app_url: "x" } };

async function paid(number) {
  good(await pay.transactions_jsapi(order(number, { payer: { openid: merchant.openid } })));
  await control("/pay", { mchid: merchant.mchid, out_trade_no: number, openid: merchant.openid });
}

flow("orders: jsapi, native, h5, app", async () => {
  good(await pay.transactions_jsapi(order("JS00000001", { payer: { openid: merchant.openid } })));
  good(await pay.transactions_native(order("NA00000001")));
  good(await pay.transactions_h5(order("H500000001", { scene_info: scene })));
  good(await pay.transactions_app(order("AP00000001")));
});
flow("query, close", async () => {
  good(await pay.query({ out_trade_no: "JS00000001" }));
  good(await pay.close("JS00000001"), 204);
  await paid("JS00000002");
  assert(good(await pay.query({ out_trade_no: "JS00000002" })).trade_state === "SUCCESS");
});
flow("refunds", async () => {
  good(await pay.refunds({ out_trade_no: "JS00000002", out_refund_no: "RF00000001", amount: { refund: 3000, total: 10000, currency: "CNY" } }));
  good(await pay.find_refunds("RF00000001"));
});
flow("platform certificates", async () => {
  const found = await pay.get_certificates(merchant.apiv3_key);
  assert(found[0].publicKey);
});
flow("bills", async () => {
  await control("/clock", { offset: -2 * 86400 });
  await paid("JS00000003");
  await control("/clock", { offset: 0 });
  const day = new Date(Date.now() + 8 * 3600e3 - 2 * 86400e3).toISOString().slice(0, 10);
  const applied = good(await pay.tradebill({ bill_date: day, bill_type: "ALL" }));
  good(await pay.downloadBill(applied.download_url));
  good(await pay.fundflowbill({ bill_date: day, account_type: "BASIC" }));
});
flow("profit sharing", async () => {
  const found = good(await pay.query({ out_trade_no: "JS00000002" }));
  good(await pay.query_profitsharing_amounts(found.transaction_id));
});
flow("combined orders", async () => good(await pay.combine_query("CO00000001")));

run();
