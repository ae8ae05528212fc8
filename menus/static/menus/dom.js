// Elements are built from parts; text is always a text node, never markup.

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export const data = JSON.parse(document.getElementById("menu-data").textContent);

export function t(key, ...values) {
  return values.reduce((text, value, place) => text.replace(`{${place}}`, () => String(value)), data.words[key] ?? key);
}
