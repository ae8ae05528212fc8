// co-wechat-api against the simulator.

const API = require("co-wechat-api");
const { APPID, MINI, OPENID, OTHER, SECRET, assert, control, flow, picture, run, countedDay } = require("./harness.js");

const api = new API(APPID, SECRET);
const mini = new API(MINI, SECRET);
const MENU = { button: [{ type: "click", name: "价格", key: "price" }] };

flow("token, callback addresses", async () => assert((await api.getIp()).ip_list));
flow("menus", async () => {
  await api.createMenu(MENU);
  assert((await api.getMenu()).menu);
  await api.getMenuConfig();
  const { tag } = await api.createTags("会员");
  const made = await api.addConditionalMenu({ ...MENU, matchrule: { tag_id: String(tag.id) } });
  await api.tryConditionalMenu(OPENID);
  await api.delConditionalMenu(made.menuid);
  await api.removeMenu();
});
flow("followers", async () => {
  assert((await api.getFollowers()).data.openid.includes(OPENID));
  assert((await api.getUser({ openid: OPENID, lang: "en" })).subscribe === 1);
  await api.updateRemark(OPENID, "王女士");
  assert((await api.batchGetUsers([OPENID, OTHER])).user_info_list.length === 2);
});
flow("tags, blacklist", async () => {
  const { tag } = await api.createTags("老客");
  await api.updateTag(tag.id, "常客");
  await api.batchTagging([OPENID], tag.id);
  assert((await api.getUsersFromTag(tag.id)).count === 1);
  await api.getIdList(OPENID);
  await api.batchUnTagging([OPENID], tag.id);
  await api.deleteTag(tag.id);
});
flow("QR codes with parameters", async () => {
  assert((await api.createTmpQRCode(7, 60)).ticket);
  assert((await api.createLimitQRCode(8)).ticket);
});
flow("temporary media", async () => {
  const made = await api.uploadImageMedia(picture());
  assert((await api.getMedia(made.media_id)).length === 68, "other bytes");
  assert((await api.uploadThumbMedia(picture())).thumb_media_id);
});
flow("permanent material", async () => {
  const made = await api.uploadImageMaterial(picture());
  assert(await api.getMaterial(made.media_id));
  assert((await api.getMaterialCount()).image_count === 1);
  assert((await api.getMaterials("image", 0, 20)).item_count === 1);
  await api.removeMaterial(made.media_id);
  assert((await api.uploadImage(picture())).url);
});
flow("template messages", async () => {
  const template = { template_id: "T".repeat(43), kind: "template", title: "预约", content: "门店:{{thing1.DATA}}" };
  await api.setIndustry({ industry_id1: "1", industry_id2: "2" });
  await api.getIndustry();
  await api.getAllPrivateTemplate();
  await control(`/accounts/${APPID}/templates`, { templates: [template] });
  assert((await api.sendTemplate(OPENID, template.template_id, "", "", { thing1: { value: "天河店" } })).msgid);
  await api.delPrivateTemplate(template.template_id);
});
flow("service accounts, sessions", async () => {
  await api.addKfAccount("kf1@demo", "小林", "x");
  await api.updateKfAccount("kf1@demo", "小李", "x");
  await api.getCustomServiceList();
  await api.getOnlineCustomServiceList();
});
flow("avatar of a service account", async () => api.setKfAccountAvatar("kf1@demo", picture()));
flow("service account deleted", async () => api.deleteKfAccount("kf1@demo"));
flow("customer messages", async () => {
  await api.sendText(OPENID, "您好");
  await api.sendImage(OPENID, (await api.uploadImageMedia(picture())).media_id);
});
flow("mass sends", async () => {
  const sent = await api.massSendText("周末活动", [OPENID, OTHER]);
  await api.getMassMessageStatus(sent.msg_id);
  await api.massSendImage((await api.uploadImageMedia(picture())).media_id, true);
  await api.previewText(OPENID, "看看");
});
flow("mini program login, subscription messages", async () => {
  const template = { template_id: "N".repeat(43), kind: "notice", title: "预约", content: "门店:{{thing1.DATA}}" };
  await control(`/accounts/${MINI}/templates`, { templates: [template] });
  await control(`/accounts/${MINI}/events/${OPENID}`, { type: "agree", choices: { [template.template_id]: "accept" }, attempts: 1 });
  await mini.sendSubscribeMessage(OPENID, template.template_id, "", { thing1: { value: "天河店" } });
});
flow("mini program codes", async () => {
  assert((await mini.getWXACodeUnlimit("s=42")).length > 100, "no picture");
  assert((await mini.getWXACode("pages/index")).length > 100, "no picture");
  assert((await mini.createWXAQRCode("pages/index")).length > 100, "no picture");
});
flow("ticket of the JS-SDK", async () => {
  assert((await api.getJsConfig({ debug: false, jsApiList: [], url: "https://h5.example.com/" })).signature);
});
flow("statistics", async () => {
  const day = countedDay();
  for (const name of ["getUserSummary", "getUserCumulate", "getUserRead", "getUserShare", "getUpstreamMsg", "getUpstreamMsgHour",
    "getUpstreamMsgDist", "getInterfaceSummary", "getInterfaceSummaryHour", "getArticleSummary", "getArticleTotal"]) {
    assert(Array.isArray((await api[name](day, day)).list), name);
  }
});

run();
