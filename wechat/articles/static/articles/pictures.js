"use strict";
// The cover as it will be cut, and pictures to choose by looking at them. Without it pictures are chosen by name.

(() => {
  const chinese = document.documentElement.lang.startsWith("zh");
  const say = (zh, en) => (chinese ? zh : en);

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
  function sibling(field, name) {
    return field.form.elements[field.name.slice(0, field.name.lastIndexOf("-") + 1) + name];
  }

  // The cover in its two shapes, cut where the two numbers say.
  function showCover(cover) {
    if (cover.name.includes("__prefix__") || cover.dataset.shown) return;
    const [x, y] = ["focus_x", "focus_y"].map((name) => sibling(cover, name));
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
    const order = sibling(select, "order");
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
    for (const cover of document.querySelectorAll("select[name$='-cover']")) showCover(cover);
    for (const select of document.querySelectorAll("select.article-pictures")) choosePictures(select);
  }

  document.addEventListener("DOMContentLoaded", begin);
  document.addEventListener("formset:added", begin);
})();
