// The examples are buttons; a page without https has no camera, which the CSS then says.
document.documentElement.toggleAttribute("data-no-camera", !window.isSecureContext || !navigator.mediaDevices);

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-index]");
  if (button) trigger("select", { index: Number(button.dataset.index) });
});
