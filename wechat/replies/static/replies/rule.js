"use strict";

// Only a keyword rule has keywords.
function showKeywords() {
  const trigger = document.getElementById("id_trigger");
  const keywords = document.getElementById("keywords-group");
  if (trigger && keywords) {
    keywords.hidden = trigger.value !== "keyword";
  }
}

// A new rule is called as its first keyword until somebody names it.
function nameByKeyword() {
  const name = document.getElementById("id_name");
  const keyword = document.getElementById("id_keywords-0-text");
  if (!name || !keyword || name.value) return;
  let isNamed = false;
  name.addEventListener("input", () => { isNamed = name.value !== ""; });
  keyword.addEventListener("input", () => { if (!isNamed) name.value = keyword.value.slice(0, name.maxLength); });
}

document.addEventListener("DOMContentLoaded", nameByKeyword);
document.addEventListener("DOMContentLoaded", showKeywords);
document.addEventListener("change", showKeywords);
