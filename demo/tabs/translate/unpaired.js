element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-side]");
  if (button) trigger("select", { side: button.dataset.side, index: Number(button.dataset.index) });
});
