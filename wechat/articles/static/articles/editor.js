"use strict";
// The editor of an article's text, and beside it the text as a phone shows it. Without it the text is HTML in a
// plain field. What is pasted or dropped goes through the server's cleaning, so that nobody finds out only
// after saving what WeChat does not show.

(() => {
  const chinese = document.documentElement.lang.startsWith("zh");
  const say = (zh, en) => (chinese ? zh : en);
  const CARDS = ["mp-common-mpaudio", "mp-common-profile", "mp-common-videosnap", "mp-miniprogram", "mpvoice", "qqmusic"];
  const TOOLS = [
    "undo redo", "blocks fontsize lineheight", "bold italic underline strikethrough forecolor backcolor",
    "alignleft aligncenter alignright alignjustify", "bullist numlist outdent indent blockquote hr",
    "library link table charmap", "removeformat searchreplace fullscreen",
  ].join(" | ");
  const SIZES = "12px 13px 14px 15px 16px 17px 18px 20px 22px 24px 28px 32px";
  // Names that the language file of this version lacks.
  const NAMES = {
    "Block {0}": "段落样式 {0}", "Font size {0}": "字号 {0}", "Text color {0}": "文字颜色 {0}", "Background color {0}": "背景颜色 {0}",
  };
  const DRAWN_AFTER = 150;
  // A picture file that the browser put in by itself is uploaded, not cleaned.
  const FILE = /^<img src="(?:blob|data):[^"]*"[^>]*>$/;

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  // With the keyboard alone: Tab goes to the next cell of a table and moves the line of a list in, so that Esc is
  // the way out. It first ends what lies over the text, and in an input method it only takes a word back.
  const KEYS = say("键盘操作：Alt+F10 到工具栏，Esc 离开正文", "With the keyboard: Alt+F10 for the tools, Esc to leave the text");

  function leave(editor, event, next) {
    if (event.key !== "Escape" || event.isComposing || event.keyCode === 229 || event.isDefaultPrevented()) return;
    event.preventDefault();
    const [notice] = editor.notificationManager.getNotifications();
    if (notice) notice.close();
    else if (editor.plugins.fullscreen.isFullscreen()) editor.execCommand("mceFullScreen");
    else next.focus();
  }

  // The address a server gives in its answer, or an error with its sentence.
  async function post(field, address, name, body, file) {
    const data = new FormData();
    data.append(name, body, file);
    const token = field.form.elements.csrfmiddlewaretoken.value;
    const failed = say("没有成功，请检查网络后重试。", "That did not work. Check the connection, then try again.");
    const response = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, body: data })
      .catch(() => { throw new Error(failed); });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error ?? failed);
    return answer;
  }

  function notify(editor, text, type = "warning") {
    editor.notificationManager.open({ text, type });
  }

  const clean = (field, html) => post(field, field.dataset.clean, "text", new Blob([html]), "text.html");

  async function paste(editor, field, html) {
    const place = editor.selection.getBookmark(2, true);
    try {
      const answer = await clean(field, html);
      if (editor.removed) return;
      editor.selection.moveToBookmark(place);
      editor.insertContent(answer.html);
      if (answer.dropped) notify(editor, answer.dropped);
    } catch (error) {
      notify(editor, error.message, "error");
    }
  }

  // Says at once that a link to another site will not stay one.
  async function judge(editor, field, href) {
    const answer = await clean(field, make("a", { href }).outerHTML).catch(() => ({}));
    if (answer.dropped && !editor.removed) notify(editor, answer.dropped);
  }

  async function fromLibrary(editor, field) {
    const title = say("选择图片", "Choose a picture");
    const place = editor.selection.getBookmark(2, true);
    const found = await window.pick(title, field.dataset.library);
    editor.focus();
    editor.selection.moveToBookmark(place);
    if (found) editor.insertContent(`<img src="/admin/materials/asset/${Number(found.value)}/file/" alt="">`);
  }

  async function publishedArticles(field, done) {
    const answer = await fetch(field.dataset.links).then((response) => response.json()).catch(() => ({}));
    done((answer.choices ?? []).map((each) => ({ title: each.title, value: each.value })));
  }

  // Another field of the same article: all their names begin alike.
  function sibling(field, name) {
    return field.form.elements[field.name.slice(0, field.name.lastIndexOf("-") + 1) + name];
  }

  // The whole text as a phone shows it; no script runs in the frame, whatever the text holds.
  function preview(field) {
    const page = document.implementation.createHTMLDocument(say("手机预览", "Phone preview"));
    page.head.append(
      make("meta", { name: "referrer", content: "no-referrer" }),
      make("link", { rel: "stylesheet", href: field.dataset.look }),
    );
    const frame = make("iframe", { class: "article-phone", sandbox: "allow-same-origin", title: page.title, srcdoc: page.documentElement.outerHTML });
    let timer;
    // As the server cleaned it, once it did: what will be sent.
    let cleaned = null;
    const draw = () => {
      const body = frame.contentDocument?.body;
      if (!body) return;
      const heading = make("h1", { class: "article-heading" }, sibling(field, "title").value);
      const byline = make("p", { class: "article-byline" }, sibling(field, "author").value);
      const text = frame.contentDocument.createElement("div");
      body.replaceChildren(heading, byline, text);
      text.innerHTML = cleaned ?? field.value;
    };
    const later = (html = null) => {
      cleaned = html;
      clearTimeout(timer);
      timer = setTimeout(draw, DRAWN_AFTER);
    };
    for (const name of ["title", "author"]) sibling(field, name).addEventListener("input", () => later(cleaned));
    frame.addEventListener("load", draw);
    return { frame, draw: later };
  }

  function offer(editor, field, kept) {
    const when = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Shanghai" });
    const text = say(`这个浏览器里有 ${when} 未保存的正文。`, `This browser has a text from ${when} that was not saved.`);
    const put = make("button", { type: "button", class: "button-small", onclick: () => { editor.undoManager.transact(() => editor.setContent(kept.html)); box.remove(); } }, say("恢复", "Restore"));
    const drop = make("button", { type: "button", class: "button-small", onclick: () => { window.autosave(field).forget(); box.remove(); } }, say("不要了", "Throw away"));
    const box = make("p", { class: "article-lost", role: "status" }, text, " ", put, " ", drop);
    field.closest(".article-editor").before(box);
  }

  function options(field, changed, next) {
    const dark = document.documentElement.classList.contains("dark");
    return {
      target: field,
      base_url: field.dataset.base,
      suffix: ".min",
      language: chinese ? "zh-Hans" : undefined,
      skin: dark ? "oxide-dark" : "oxide",
      content_css: field.dataset.look,
      plugins: "advlist charmap fullscreen link lists nonbreaking searchreplace table",
      toolbar: TOOLS,
      toolbar_mode: "wrap",
      font_size_formats: SIZES,
      line_height_formats: "1 1.25 1.5 1.6 1.75 2 2.5",
      menubar: false,
      statusbar: false,
      promotion: false,
      branding: false,
      contextmenu: false,
      height: 640,
      iframe_aria_text: say(`正文。${KEYS}`, `Text. ${KEYS}`),
      // What comes in was cleaned by the server, which knows WeChat's elements and SVG better.
      xss_sanitization: false,
      valid_elements: "*[*]",
      custom_elements: CARDS.join(","),
      extended_valid_elements: CARDS.map((each) => `${each}[*]`).join(","),
      convert_urls: false,
      indent: false,
      smart_paste: false,
      paste_data_images: true,
      paste_webkit_styles: "all",
      paste_remove_styles_if_webkit: false,
      images_file_types: "jpeg,jpg,png,gif,webp,bmp",
      images_upload_handler: (blob) => post(field, field.dataset.picture, "file", blob.blob(), blob.filename())
        .then((answer) => answer.location, (error) => Promise.reject({ message: error.message, remove: true })),
      link_list: (done) => publishedArticles(field, done),
      link_target_list: false,
      link_title: false,
      setup: (editor) => {
        editor.ui.registry.addButton("library", { icon: "image", tooltip: say("插入图片", "Picture"), onAction: () => fromLibrary(editor, field) });
        editor.on("PreInit", () => editor.getDoc().head.append(Object.assign(editor.getDoc().createElement("meta"), { name: "referrer", content: "no-referrer" })));
        editor.on("keydown", (event) => leave(editor, event, next));
        editor.on("input change undo redo SetContent ObjectResized", changed);
        editor.on("SetAttrib", (event) => {
          if (field.dataset.clean && event.attrName === "href" && event.attrValue) judge(editor, field, event.attrValue);
        });
        editor.on("PastePreProcess", (event) => {
          if (!field.dataset.clean || FILE.test(event.content)) return;
          event.preventDefault();
          paste(editor, field, event.content);
        });
      },
    };
  }

  async function edit(field) {
    if (field.dataset.edited || field.name.includes("__prefix__") || !field.dataset.base) return;
    field.dataset.edited = "1";
    const { frame, draw } = preview(field);
    const count = make("span", { class: "editor-count" });
    const saved = make("span", { class: "editor-saved", role: "status" });
    const dropped = make("p", { class: "editor-dropped" });
    const keys = make("span", { class: "editor-keys", tabindex: "-1" }, KEYS);
    const wrapper = make("div", { class: "article-editor" });
    field.before(wrapper);
    wrapper.append(make("div", { class: "article-writing" }, field, make("div", { class: "editor-foot" }, keys, saved, count), dropped), frame);
    const keeper = window.autosave(field);
    let editor = null;
    const show = () => {
      count.textContent = `${field.value.length} / ${field.dataset.most}`;
      count.classList.toggle("over", field.value.length >= Number(field.dataset.most));
      draw();
    };
    const changed = () => {
      if (!editor) return;
      const html = editor.getContent();
      if (html === field.value) return;
      field.value = html;
      keeper.later();
      show();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const ready = tinymce.init(options(field, changed, keys));
    const life = new AbortController();
    field.addEventListener("autosaved", (event) => {
      keeper.forget();
      dropped.textContent = event.detail.dropped;
      draw(event.detail.html);
    }, life);
    field.addEventListener("restored", async (event) => {
      await ready;
      editor.undoManager.transact(() => editor.setContent(event.detail));
    }, life);
    [editor] = await ready;
    show();
    // Moved to another place in the page, its frame is loaded anew and empty.
    editor.iframeElement.addEventListener("load", () => {
      life.abort();
      again(editor, field, wrapper);
    });
    const lost = keeper.lost();
    if (!lost) return;
    // The same text from the server is offered once, with all that belongs to it.
    if ((await window.articlesKept).some((each) => keeper.isSame(each.content, lost.html))) keeper.forget();
    else offer(editor, field, lost);
  }

  function again(editor, field, wrapper) {
    const html = field.value;
    editor.destroy();
    wrapper.before(field);
    wrapper.remove();
    for (const each of field.parentElement.querySelectorAll(":scope > .tox")) each.remove();
    field.value = html;
    field.style.display = "";
    delete field.dataset.edited;
    edit(field);
  }

  function begin() {
    if (!window.tinymce) return;
    tinymce.addI18n("zh-Hans", NAMES);
    for (const field of document.querySelectorAll("textarea.article-text")) edit(field);
  }

  document.addEventListener("DOMContentLoaded", begin);
  document.addEventListener("formset:added", begin);
})();
