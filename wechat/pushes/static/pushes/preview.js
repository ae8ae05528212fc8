// The card beside the form shows what is being typed.
document.addEventListener("input", (event) => {
  const shown = document.querySelector(`[data-shows="${CSS.escape(event.target.dataset.preview ?? "")}"]`);
  if (shown) shown.textContent = event.target.value || "…";
});
