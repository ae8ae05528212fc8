"use strict";
// The editor of an article's text, the cover as it will be cut, and pictures to choose by looking at them.
// Without it the text is HTML in a plain field, and pictures are chosen by name.

const chinese = document.documentElement.lang.startsWith("zh");
const say = (zh, en) => (chinese ? zh : en);
const MOST = 20000;
const TOOLS = [
  ["B", say("加粗", "Bold"), () => run("bold")],
  ["I", say("斜体", "Italic"), () => run("italic")],
  ["U", say("下划线", "Underline"), () => run("underline")],
  ["H", say("小标题", "Heading"), () => run("formatBlock", "<h2>")],
  ["¶", say("正文", "Paragraph"), () => run("formatBlock", "<p>")],
  ["“”", say("引用", "Quote"), () => run("formatBlock", "<blockquote>")],
  ["•", say("列表", "List"), () => run("insertUnorderedList")],
  ["1.", say("编号列表", "Numbered list"), () => run("insertOrderedList")],
  ["↔", say("居中", "Centre"), () => run("justifyCenter")],
  ["↤", say("左对齐", "Left"), () => run("justifyLeft")],
  ["✕", say("清除格式", "Clear formatting"), () => run("removeFormat")],
  ["↶", say("撤销", "Undo"), () => run("undo")],
  ["↷", say("重做", "Redo"), () => run("redo")],
];

function run(command, value) {
  document.execCommand(command, false, value);
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const address = (pk) => `/admin/materials/asset/${pk}/file/`;

// Another field of the same article: all their names begin alike.
function beside(field, name) {
  return field.form.elements[field.name.slice(0, field.name.lastIndexOf("-") + 1) + name];
}

function tool(text, [face, name, act]) {
  return make("button", {
    type: "button", title: name, "aria-label": name,
    onmousedown: (event) => event.preventDefault(),
    onclick: () => { text.focus(); act(); text.dispatchEvent(new Event("input")); },
  }, face);
}

async function insertPicture(field, text) {
  const place = getSelection().rangeCount && text.contains(getSelection().anchorNode) ? getSelection().getRangeAt(0) : null;
  const found = await window.pick(say("选择图片", "Choose a picture"), beside(field, "cover").dataset.pick);
  text.focus();
  if (place) { getSelection().removeAllRanges(); getSelection().addRange(place); }
  if (found) run("insertHTML", `<p><img src="${address(Number(found.value))}" alt=""></p>`);
}

// What a page or Word puts on the clipboard, without what nobody sees of it; the server cleans what it stores.
const KEPT_STYLES = ["text-align", "color", "font-weight", "font-style", "text-decoration"];

function cleaned(html) {
  const pasted = new DOMParser().parseFromString(html, "text/html").body;
  for (const each of pasted.querySelectorAll("style, script, meta, link, title, xml, iframe, object, form")) each.remove();
  const comments = document.createTreeWalker(pasted, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (comments.nextNode()) found.push(comments.currentNode);
  for (const each of found) each.remove();
  for (const each of pasted.querySelectorAll("*")) {
    // Elements of Word's own names, like o:p.
    if (each.localName.includes(":")) { each.replaceWith(...each.childNodes); continue; }
    const styles = KEPT_STYLES.map((name) => [name, each.style.getPropertyValue(name)]).filter(([, value]) => value);
    for (const one of [...each.attributes]) if (!["href", "src", "alt", "colspan", "rowspan"].includes(one.name)) each.removeAttribute(one.name);
    for (const [name, value] of styles) each.style.setProperty(name, value);
  }
  return pasted.innerHTML;
}

function paste(event) {
  const html = event.clipboardData.getData("text/html");
  if (!html) return;
  event.preventDefault();
  run("insertHTML", cleaned(html));
}

function edit(field) {
  if (field.dataset.edited || field.name.includes("__prefix__")) return;
  field.dataset.edited = "1";
  const text = make("div", { class: "editor-text", contenteditable: "true", role: "textbox", "aria-multiline": "true", "aria-label": say("正文", "Text") });
  const count = make("div", { class: "editor-count" });
  // The server cleans what it stores; what a browser shows before that is parsed without running anything.
  const parsed = new DOMParser().parseFromString(field.value, "text/html");
  for (const each of parsed.querySelectorAll("script, iframe, object, form")) each.remove();
  for (const each of parsed.querySelectorAll("*")) for (const one of [...each.attributes]) if (one.name.startsWith("on")) each.removeAttribute(one.name);
  text.append(...parsed.body.childNodes);
  const keep = () => {
    field.value = text.innerHTML;
    count.textContent = `${field.value.length} / ${MOST}`;
    count.classList.toggle("over", field.value.length >= MOST);
  };
  text.addEventListener("input", keep);
  text.addEventListener("paste", paste);
  const picture = make("button", { type: "button", title: say("插入图片", "Picture"), "aria-label": say("插入图片", "Picture"), onclick: () => insertPicture(field, text) }, make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, "image"));
  field.hidden = true;
  field.after(make("div", { class: "editor" }, make("div", { class: "editor-bar", role: "toolbar" }, ...TOOLS.map((each) => tool(text, each)), picture), text, count));
  count.textContent = `${field.value.length} / ${MOST}`;
}

// The cover in its two shapes, cut where the two numbers say.
function showCover(cover) {
  if (cover.name.includes("__prefix__") || cover.dataset.shown) return;
  const [x, y] = ["focus_x", "focus_y"].map((name) => beside(cover, name));
  cover.dataset.shown = "1";
  const view = make("div", { class: "cover-view" });
  const draw = () => {
    const position = `${x.value}% ${y.value}%`;
    view.replaceChildren(...(cover.value ? ["wide", "square"] : []).map((shape) => {
      const picture = make("img", { src: address(cover.value), class: shape, alt: say("封面预览", "Cover preview") });
      picture.style.objectPosition = position;
      return picture;
    }));
  };
  for (const each of [x, y]) { each.type = "range"; each.min = 0; each.max = 100; each.addEventListener("input", draw); }
  cover.addEventListener("change", draw);
  cover.parentElement.append(view);
  draw();
}

// Pictures of a picture message: the newest to tap in the order in which they will be shown, and a window with all.
const NEWEST = 24;

function choosePictures(select) {
  if (select.dataset.shown || select.name.includes("__prefix__")) return;
  select.dataset.shown = "1";
  const order = beside(select, "order");
  let chosen = order.value ? order.value.split(",") : [];
  const box = make("div", { class: "picture-choice" });
  const more = make("button", { type: "button", class: "button-plain", onclick: () => pickMore() }, say("从素材库选择…", "From the library…"));
  const put = (pk) => { chosen = [...chosen.filter((each) => each !== pk), pk]; draw(); };
  const pickMore = async () => {
    const found = await window.pick(say("选择图片", "Choose a picture"), select.dataset.pick, chosen);
    more.focus();
    if (!found) return;
    const option = [...select.options].find((each) => each.value === found.value) ?? make("option", { value: found.value, "data-image": found.image }, found.title);
    select.prepend(option);
    put(found.value);
  };
  const draw = () => {
    order.value = chosen.join(",");
    for (const option of select.options) option.selected = chosen.includes(option.value);
    const shown = [...select.options].filter((option, place) => place < NEWEST || option.selected);
    box.replaceChildren(...shown.map((option) => {
      const at = chosen.indexOf(option.value);
      const tap = () => (at < 0 ? put(option.value) : (chosen = chosen.filter((each) => each !== option.value), draw()));
      return make("button", { type: "button", title: option.textContent, "aria-pressed": String(at >= 0), onclick: tap },
        make("img", { src: option.dataset.image, alt: option.textContent, loading: "lazy" }), ...(at < 0 ? [] : [make("b", {}, String(at + 1))]));
    }));
  };
  select.hidden = true;
  select.after(box, more);
  draw();
}

function begin() {
  for (const field of document.querySelectorAll("textarea.article-text")) edit(field);
  for (const cover of document.querySelectorAll("select[name$='-cover']")) showCover(cover);
  for (const select of document.querySelectorAll("select.article-pictures")) choosePictures(select);
}

document.addEventListener("DOMContentLoaded", begin);
document.addEventListener("formset:added", begin);
