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
  const other = { type: "MERCHANT_ID", account: merchant.other_mchid };
  good(await pay.profitsharing_receivers_add({ ...other, relation_type: "PARTNER" }));
  good(await pay.transactions_jsapi(order("PS00000001", { payer: { openid: merchant.openid }, settle_info: { profit_sharing: true } })));
  const { transaction_id: id } = await control("/pay", { mchid: merchant.mchid, out_trade_no: "PS00000001", openid: merchant.openid });
  assert(good(await pay.query_profitsharing_amounts(id)).unsplit_amount > 0);
  const part = { ...other, amount: 1000, description: "分给合作方" };
  good(await pay.create_profitsharing_orders({ transaction_id: id, out_order_no: "PO00000001", receivers: [part], unfreeze_unsplit: false }));
  await control("/clock", { advance: 5 });
  await control("/notifications/settle", {});
  assert(good(await pay.query_profitsharing_orders(id, "PO00000001")).state === "FINISHED");
  const back = { out_order_no: "PO00000001", out_return_no: "RT00000001", return_mchid: merchant.other_mchid, amount: 400, description: "退" };
  assert(good(await pay.profitsharing_return_orders(back)).result === "SUCCESS");
  good(await pay.query_profitsharing_return_orders("RT00000001", "PO00000001"));
  good(await pay.profitsharing_orders_unfreeze({ transaction_id: id, out_order_no: "PO00000002", description: "解冻" }));
  good(await pay.profitsharing_receivers_delete(other));
});
flow("combined orders", async () => {
  const sub = (mchid, number) => ({
    mchid, out_trade_no: number, attach: "x", description: "咖啡", amount: { total_amount: 3000, currency: "CNY" },
  });
  const combined = (number, subs, more = {}) => ({ combine_out_trade_no: number, sub_orders: subs, notify_url: NOTIFY, ...more });
  const both = [sub(merchant.mchid, "CS00000001"), sub(merchant.other_mchid, "CS00000002")];
  const made = good(await pay.combine_transactions_jsapi(combined("CO00000001", both, { combine_payer_info: { openid: merchant.openid } })));
  await control("/pay", { prepay: made.package, openid: merchant.openid });
  const found = good(await pay.combine_query("CO00000001"));
  assert(found.sub_orders.every((each) => each.trade_state === "SUCCESS"));
  good(await pay.combine_transactions_native(combined("CO00000002", [sub(merchant.mchid, "CS00000003")])));
  good(await pay.combine_transactions_app(combined("CO00000003", [sub(merchant.mchid, "CS00000004")])));
  good(await pay.combine_transactions_h5(combined("CO00000004", [sub(merchant.mchid, "CS00000005")], { scene_info: scene })));
  good(await pay.combine_close("CO00000002", [{ mchid: merchant.mchid, out_trade_no: "CS00000003" }]), 204);
});

run();
