"use strict";
// The code on the background picture: dragged, sized and moved by keys. The number fields are the truth.

document.addEventListener("DOMContentLoaded", () => {
  const editor = document.getElementById("poster-editor");
  const names = ["left", "top", "size"];
  const fields = Object.fromEntries(names.map((name) => [name, document.getElementById(`id_${name}`)]));
  if (!editor) {
    return;
  }
  const code = editor.querySelector(".poster-code");
  const limits = { width: Number(editor.dataset.width), height: Number(editor.dataset.height) };
  const smallest = Math.min(120, limits.width, limits.height);
  const valueOf = (name) => Number(fields[name] ? fields[name].value : editor.dataset[name]) || 0;
  const read = () => Object.fromEntries(names.map((name) => [name, valueOf(name)]));

  function draw() {
    const { left, top, size } = read();
    code.style.left = `${(left / limits.width) * 100}%`;
    code.style.top = `${(top / limits.height) * 100}%`;
    code.style.width = `${(size / limits.width) * 100}%`;
    code.style.height = `${(size / limits.height) * 100}%`;
  }

  draw();
  // Whoever may not change the poster sees where its code is.
  if (names.some((name) => !fields[name])) {
    return;
  }

  const within = (value, least, most) => Math.round(Math.min(Math.max(value, least), Math.max(least, most)));

  // Whatever is asked for, the whole code stays on the picture.
  function put({ left, top, size }) {
    const side = within(size, smallest, Math.min(limits.width, limits.height));
    fields.size.value = side;
    fields.left.value = within(left, 0, limits.width - side);
    fields.top.value = within(top, 0, limits.height - side);
    draw();
  }

  code.addEventListener("pointerdown", (event) => {
    const resizing = event.target.matches(".poster-corner");
    const began = { x: event.clientX, y: event.clientY, ...read() };
    const scale = limits.width / editor.clientWidth;
    code.setPointerCapture(event.pointerId);
    const move = (moved) => {
      const dx = (moved.clientX - began.x) * scale;
      const dy = (moved.clientY - began.y) * scale;
      if (resizing) {
        const room = Math.min(limits.width - began.left, limits.height - began.top);
        put({ ...began, size: Math.min(began.size + Math.max(dx, dy), room) });
      } else {
        put({ ...began, left: began.left + dx, top: began.top + dy });
      }
    };
    const end = () => {
      code.removeEventListener("pointermove", move);
      code.removeEventListener("pointerup", end);
      code.removeEventListener("pointercancel", end);
    };
    code.addEventListener("pointermove", move);
    code.addEventListener("pointerup", end);
    code.addEventListener("pointercancel", end);
  });

  code.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 50 : 10;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const way = ways[event.key];
    if (way) {
      event.preventDefault();
      const { left, top, size } = read();
      put({ left: left + way[0], top: top + way[1], size });
    }
  });

  for (const field of Object.values(fields)) {
    field.addEventListener("input", draw);
  }
});
