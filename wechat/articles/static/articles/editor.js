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

// The library as the form offers it: the options of the cover's select.
function library(field) {
  const select = beside(field, "cover");
  return [...select.options].filter((each) => each.value).map((each) => ({ pk: each.value, name: each.textContent }));
}

function tool(text, [face, name, act]) {
  return make("button", {
    type: "button", title: name, "aria-label": name,
    onmousedown: (event) => event.preventDefault(),
    onclick: () => { text.focus(); act(); text.dispatchEvent(new Event("input")); },
  }, face);
}

function insertPicture(field, text) {
  const place = getSelection().rangeCount && text.contains(getSelection().anchorNode) ? getSelection().getRangeAt(0) : null;
  const dialog = make("dialog", { class: "picture-dialog", "aria-label": say("选择图片", "Choose a picture") });
  const choices = library(field).map(({ pk, name }) => make("button", {
    type: "button", title: name,
    onclick: () => {
      dialog.close();
      text.focus();
      if (place) { getSelection().removeAllRanges(); getSelection().addRange(place); }
      run("insertHTML", `<p><img src="${address(pk)}" alt=""></p>`);
    },
  }, make("img", { src: address(pk), alt: name, loading: "lazy" })));
  const none = make("p", { class: "quiet" }, say("素材库里还没有图片，请先上传。", "There is no picture in the library yet: upload one first."));
  const close = make("button", { type: "button", class: "button-plain", onclick: () => dialog.close() }, say("取消", "Cancel"));
  dialog.append(make("div", { class: "picture-choice" }, ...(choices.length ? choices : [none])), make("p", { class: "tools-after" }, close));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
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
  const picture = make("button", { type: "button", title: say("插入图片", "Picture"), "aria-label": say("插入图片", "Picture"), onclick: () => insertPicture(field, text) }, "🖼");
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

// Pictures of a picture message: tapped in the order in which they will be shown.
function choosePictures(select) {
  if (select.dataset.shown || select.name.includes("__prefix__")) return;
  select.dataset.shown = "1";
  const order = beside(select, "order");
  let chosen = order.value ? order.value.split(",") : [];
  const box = make("div", { class: "picture-choice" });
  const draw = () => {
    order.value = chosen.join(",");
    for (const option of select.options) option.selected = chosen.includes(option.value);
    box.replaceChildren(...[...select.options].map((option) => {
      const at = chosen.indexOf(option.value);
      const tap = () => { chosen = at < 0 ? [...chosen, option.value] : chosen.filter((each) => each !== option.value); draw(); };
      return make("button", { type: "button", title: option.textContent, "aria-pressed": String(at >= 0), onclick: tap },
        make("img", { src: address(option.value), alt: option.textContent, loading: "lazy" }), ...(at < 0 ? [] : [make("b", {}, String(at + 1))]));
    }));
  };
  select.hidden = true;
  select.after(box);
  draw();
}

function begin() {
  for (const field of document.querySelectorAll("textarea.article-text")) edit(field);
  for (const cover of document.querySelectorAll("select[name$='-cover']")) showCover(cover);
  for (const select of document.querySelectorAll("select.article-pictures")) choosePictures(select);
}

document.addEventListener("DOMContentLoaded", begin);
document.addEventListener("formset:added", begin);
