// wechat-api against the simulator.

const API = require("wechat-api");
const { APPID, OPENID, OTHER, SECRET, assert, called, control, flow, picture, run, countedDay } = require("./harness.js");

const api = new API(APPID, SECRET);
const ask = (name, ...given) => called(api, name)(...given);
const MENU = { button: [{ type: "click", name: "价格", key: "price" }] };

flow("token, callback addresses", async () => assert((await ask("getIp")).ip_list));
flow("menus", async () => {
  await ask("createMenu", MENU);
  assert((await ask("getMenu")).menu);
  await ask("getMenuConfig");
  await ask("removeMenu");
});
flow("followers", async () => {
  assert((await ask("getFollowers")).data.openid.includes(OPENID));
  assert((await ask("getUser", OPENID)).subscribe === 1);
  await ask("updateRemark", OPENID, "王女士");
  assert((await ask("batchGetUsers", [OPENID, OTHER])).user_info_list.length === 2);
});
flow("tags, blacklist", async () => {
  const { tag } = await ask("createTag", "老客");
  await ask("editTag", tag.id, "常客");
  await ask("membersBatchtagging", tag.id, [OPENID]);
  await ask("getUserTags", OPENID);
  await ask("deleteTag", tag.id);
});
flow("QR codes with parameters", async () => {
  assert((await ask("createTmpQRCode", 7, 60)).ticket);
  assert((await ask("createLimitQRCode", 8)).ticket);
});
flow("temporary media", async () => {
  const made = await ask("uploadImage", picture());
  assert(made.url || made.media_id);
});
flow("permanent material", async () => {
  const made = await ask("uploadImageMaterial", picture());
  assert(await ask("getMaterial", made.media_id));
  assert((await ask("getMaterialCount")).image_count === 1);
  assert((await ask("getMaterials", "image", 0, 20)).item_count === 1);
  await ask("removeMaterial", made.media_id);
});
flow("template messages", async () => {
  const template = { template_id: "T".repeat(43), kind: "template", title: "预约", content: "门店:{{thing1.DATA}}" };
  await ask("getIndustry");
  await ask("getAllPrivateTemplate");
  await control(`/accounts/${APPID}/templates`, { templates: [template] });
  assert((await ask("sendTemplate", OPENID, template.template_id, "", { thing1: { value: "天河店" } })).msgid);
});
flow("service accounts, sessions", async () => {
  await ask("addKfAccount", "kf1@demo", "小林", "x");
  await ask("updateKfAccount", "kf1@demo", "小李", "x");
  await ask("getCustomServiceList");
  await ask("getKfSessionWaitCase");
});
flow("avatar of a service account", async () => ask("setKfAccountAvatar", "kf1@demo", picture()));
flow("service account deleted", async () => ask("deleteKfAccount", "kf1@demo"));
flow("customer messages", async () => ask("sendText", OPENID, "您好"));
flow("mass sends", async () => {
  const sent = await ask("massSendText", "周末活动", [OPENID, OTHER]);
  await ask("getMassMessageStatus", sent.msg_id);
  await ask("previewText", OPENID, "看看");
});
flow("ticket of the JS-SDK", async () => {
  assert((await ask("getJsConfig", { debug: false, jsApiList: [], url: "https://h5.example.com/" })).signature);
});
flow("statistics", async () => {
  const day = countedDay();
  for (const name of ["getUserSummary", "getUserCumulate", "getUserRead", "getUserShare", "getUpstreamMsg", "getInterfaceSummary"]) {
    assert(Array.isArray((await ask(name, day, day)).list), name);
  }
});
flow("quotas cleared", async () => ask("clearQuota"));

run();
