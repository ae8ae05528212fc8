"use strict";
// Only a keyword rule has keywords.

function showKeywords() {
  const trigger = document.getElementById("id_trigger");
  const keywords = document.getElementById("keywords-group");
  if (trigger && keywords) {
    keywords.hidden = trigger.value !== "keyword";
  }
}

document.addEventListener("DOMContentLoaded", showKeywords);
document.addEventListener("change", showKeywords);
