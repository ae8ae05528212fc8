// Every word of the page in both languages.

const WORDS = {
  title: ["手机模拟器", "Phones"],
  addPhone: ["＋ 添加手机", "＋ Add phone"],
  otherLanguage: ["English", "简体中文"],
  live: ["实时连接", "Live"],
  offline: ["连接中断，正在重连…", "Connection lost, reconnecting…"],
  noAccounts: ["还没有公众号", "No account yet"],
  noAccountsHint: [
    "启动后台服务后，演示公众号会自动出现在这里。",
    "The demo account appears here as soon as the console has started.",
  ],
  phoneOf: ["{0}的手机", "{0}’s phone"],
  account: ["公众号", "Account"],
  removePhone: ["移除这台手机", "Remove this phone"],
  follow: ["关注公众号", "Follow"],
  unfollow: ["取消关注", "Unfollow"],
  confirmUnfollow: ["不再关注“{0}”？", "Stop following “{0}”?"],
  notFollowing: ["你还没有关注这个公众号", "You do not follow this account yet"],
  orScan: ["扫码关注", "Follow by scanning"],
  withWorker: ["人工客服接待中", "With customer service"],
  maySend: ["公众号还可主动发 {0}", "The account may send {0}"],
  until: ["{0} 条（至 {1}）", "{0} until {1}"],
  and: ["，", ", "],
  mayNotSend: ["公众号现在不能主动发消息", "The account may not write first now"],
  page: ["网页", "Page"],
  loading: ["正在打开…", "Opening…"],
  back: ["返回", "Back"],
  close: ["关闭", "Close"],
  outsidePage: ["这个网页不在公众号自己的服务器上，手机模拟器不打开。", "This page is not on the account’s own server, so the phone does not open it."],
  openOutside: ["在浏览器中打开", "Open it in the browser"],
  typing: ["对方正在输入…", "Typing…"],
  chat: ["与{0}的聊天", "Chat with {0}"],
  message: ["消息", "Message"],
  send: ["发送", "Send"],
  emoji: ["表情", "Emoji"],
  more: ["更多", "More"],
  picture: ["图片", "Picture"],
  voice: ["语音", "Voice"],
  video: ["视频", "Video"],
  location: ["位置", "Location"],
  link: ["链接", "Link"],
  scan: ["扫一扫", "Scan"],
  choosePicture: ["选择一张图片", "Choose a picture"],
  chooseVoice: ["选择一段语音", "Choose a voice message"],
  chooseVideo: ["选择一段视频", "Choose a video"],
  ownFile: ["从电脑选择…", "From this computer…"],
  sample: ["示例 {0}", "Sample {0}"],
  cancel: ["取消", "Cancel"],
  close: ["关闭", "Close"],
  latitude: ["纬度", "Latitude"],
  longitude: ["经度", "Longitude"],
  place: ["地点", "Place"],
  placeExample: ["广州市越秀区示例路 18 号", "18 Example Road, Guangzhou"],
  linkTitle: ["标题", "Title"],
  linkDescription: ["描述", "Description"],
  address: ["网址", "Address"],
  linkTitleExample: ["门店活动说明", "What is on in our shop"],
  linkDescriptionExample: ["本周末会员日细则", "Members’ day this weekend"],
  scanEnds: ["{0} 到期", "until {0}"],
  scanOver: ["已过期", "run out"],
  scanForGood: ["永久", "permanent"],
  scanNone: ["这个公众号还没有带参数二维码", "This account has no codes yet"],
  scanPaste: ["或粘贴二维码的场景值、ticket 或链接", "Or paste a code’s scene, ticket or address"],
  scanDrop: ["或把二维码图片拖到这里 / 选择图片", "Or drop a picture of a code here, or choose one"],
  scanRead: ["扫描", "Scan"],
  seconds: ["{0} 秒", "{0} s"],
  playVoice: ["播放语音", "Play the voice message"],
  cannotPlay: ["浏览器不能播放这种格式（AMR）", "Browsers cannot play this format (AMR)"],
  music: ["音乐", "Music"],
  miniProgram: ["小程序", "Mini program"],
  miniProgramTap: ["打开小程序 {0}", "Opens the mini program {0}"],
  menu: ["菜单", "Menu"],
  toKeyboard: ["切换到键盘", "To the keyboard"],
  toMenu: ["切换到菜单", "To the menu"],
  platform: ["手机系统", "System of the phone"],
  otherPlatform: ["其他系统", "Other"],
  unknownButton: ["未知的按钮类型 {0}", "Unknown type of button: {0}"],
  scanResult: ["扫到的内容", "What the code says"],
  scanHint: ["链接、文字，或条码的数字", "A link, a text, or the digits of a barcode"],
  receiving: ["正在接收消息…", "Receiving…"],
  articleTap: ["打开文章 {0}", "Opens the article {0}"],
  view_miniprogram: ["你从菜单打开了小程序（{0}）", "You opened a mini program from the menu ({0})"],
  scancode_push: ["你从菜单扫了码", "You scanned from the menu"],
  scancode_waitmsg: ["你从菜单扫了码，等待回复", "You scanned from the menu and wait for an answer"],
  pic_sysphoto: ["你从菜单拍了照", "You took a photo from the menu"],
  pic_photo_or_album: ["你从菜单发了照片", "You sent a photo from the menu"],
  pic_weixin: ["你从菜单发了相册图片", "You sent an album picture from the menu"],
  location_select: ["你从菜单发了位置", "You sent a place from the menu"],
  template: ["服务通知", "Service notice"],
  details: ["查看详情", "Details"],
  transferred: ["已转接人工客服", "Handed over to customer service"],
  transferredTo: ["已转接人工客服 {0}", "Handed over to customer service, {0}"],
  unknownKind: ["{0} 消息", "{0} message"],
  pictureGone: ["图片无法显示", "This picture cannot be shown"],
  you: ["我", "Me"],
  subscribe: ["你关注了公众号", "You followed the account"],
  subscribeByScan: ["你扫码关注了公众号（{0}）", "You followed by scanning ({0})"],
  unsubscribe: ["你取消了关注", "You stopped following"],
  SCAN: ["你扫描了二维码（{0}）", "You scanned a code ({0})"],
  CLICK: ["你点击了菜单（{0}）", "You tapped the menu ({0})"],
  VIEW: ["你打开了菜单链接（{0}）", "You opened a menu link ({0})"],
  otherEvent: ["事件 {0}", "Event {0}"],
  reportEvent: ["平台通知 {0}", "Report to the account: {0}"],
  forged: ["伪造的推送（{0}）", "A forged push ({0})"],
  attempt: ["第 {0} 次", "attempt {0}"],
  ms: ["{0} 毫秒", "{0} ms"],
  waiting: ["推送中…", "delivering…"],
  success: ["已接收，无回复", "taken, no reply"],
  empty: ["已接收，空回复", "taken, empty answer"],
  reply: ["回复：{0}", "reply: {0}"],
  timeout: ["超时", "timed out"],
  error: ["失败", "failed"],
  held: ["暂停推送（MarkFail）", "held back (MarkFail)"],
  refused: ["回复无效：{0}", "reply refused: {0}"],
  status: ["状态码 {0}", "status {0}"],
  raw: ["原始报文", "Raw texts"],
  rawPush: ["推送内容", "What was pushed"],
  rawSealed: ["实际发出的报文", "As it went over the wire"],
  rawReply: ["返回内容", "What came back"],
  text: ["文本", "text"],
  image: ["图片", "picture"],
  news: ["图文", "article"],
  transfer_customer_service: ["转人工客服", "handover"],
  failed: ["没有成功：{0}", "That did not work: {0}"],
  badFile: ["这个文件平台不接受：{0}", "The platform does not take this file: {0}"],
  people: [
    ["小雨", "阿杰", "婷婷", "大明", "思思", "老周", "可可", "小北"],
    ["Rain", "Jay", "Tina", "Ming", "Sisi", "Zhou", "Coco", "Bei"],
  ],
};

// What the simulator says about a reply comes in English; these are its sentences in Chinese.
const REASONS = [
  [/^the answer is not XML$/, "返回的不是 XML"],
  [/^the answer is JSON$/, "返回的是 JSON，应为 XML"],
  [/^the answer is not (?:JSON|a JSON object)$/, "返回的不是 JSON 对象"],
  [/^the answer has a DTD$/, "XML 中含有 DTD"],
  [/^the root element is <(.*)>$/, "XML 根元素是 <$1>，应为 <xml>"],
  [/^unknown MsgType (.*)$/, "未知的 MsgType $1"],
  [/^the account is in safe mode and the answer is not encrypted$/, "安全模式下必须返回加密的消息"],
  [/^the account is in plain mode and the answer is encrypted$/, "明文模式下不能返回加密的消息"],
  [/^MsgSignature is wrong$/, "MsgSignature 不正确"],
  [/^ToUserName is not the openid of the sender$/, "ToUserName 不是发送者的 openid"],
  [/^FromUserName is not the original id of the account$/, "FromUserName 不是公众号的原始 ID"],
  [/^CreateTime is not a number$/, "CreateTime 不是数字"],
  [/^(\w+) is missing$/, "缺少 $1"],
  [/^(\w+) (.*) is unknown, too old or not .*$/, "$1 $2 不存在、已过期或类型不对"],
  [/^Content is empty$/, "Content 为空"],
  [/^Content is longer than (\d+) bytes$/, "Content 超过 $1 字节"],
  [/^Articles has no item$/, "Articles 中没有图文"],
  [/^ArticleCount is not the number of items$/, "ArticleCount 与图文条数不一致"],
  [/^(\d+) articles are too many here$/, "此处不能回复 $1 条图文"],
  [/^the padding is wrong$/, "解密失败：填充不正确"],
  [/^the AppID inside is another one$/, "解密后的 AppID 不一致"],
  [/^the length field runs past the end$/, "解密失败：长度字段不正确"],
  [/^Encrypt is not (?:base64|a multiple of the cipher block)$/, "Encrypt 内容不正确"],
  [/^no answer within ([\d.]+) s$/, "$1 秒内没有应答"],
  [/^handed over to customer service$/, "已转接人工客服"],
  [/^this code has run out$/, "二维码已过期"],
  [/^there is no such code$/, "没有这个二维码"],
  [/^no code of this account was found in the picture$/, "图片里没有认出这个公众号的二维码"],
  [/^this picture is too large$/, "图片太大"],
  [/^ConnectionError$/, "无法连接服务器"],
  [/^MarkFail: no pushes until (.*)$/, "MarkFail：$1 之前暂停推送"],
  [/^MarkFail: the account is not pushed to for a while$/, "MarkFail：暂停推送一段时间"],
];

let index = localStorage.getItem("simulator.language") === "en" ? 1 : 0;

export function t(key, ...values) {
  const found = WORDS[key] ? WORDS[key][index] : key;
  return values.reduce((text, value, place) => text.replace(`{${place}}`, () => String(value)), found);
}

export function reason(text) {
  if (index) return text;
  const found = REASONS.find(([pattern]) => pattern.test(text));
  return found ? text.replace(found[0], found[1]) : text;
}

export function known(key) {
  return Object.hasOwn(WORDS, key);
}

export function people() {
  return WORDS.people[index];
}

export function locale() {
  return index ? "en" : "zh-CN";
}

export function switchLanguage() {
  index = 1 - index;
  localStorage.setItem("simulator.language", index ? "en" : "zh");
}
