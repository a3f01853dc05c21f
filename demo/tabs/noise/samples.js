// A click on a picture becomes an event that tells which and what for. The page is drawn anew after it, so the
// focus is put back where it was, for those who come by keyboard.
let focused = null;
const name = (button) => `button[data-address="${button.dataset.address}"][data-act="${button.dataset.act}"]`;

element.addEventListener("click", (event) => {
  const stop = event.target.closest("button[data-amount]");
  if (stop) trigger("select", { amount: stop.dataset.amount });
  const button = event.target.closest("button[data-address]");
  if (!button) return;
  if (button.dataset.act === "hold") {
    for (const other of element.querySelectorAll('button[data-act="hold"]')) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  }
  trigger("select", { address: button.dataset.address, act: button.dataset.act });
});
element.addEventListener("focusin", (event) => {
  const button = event.target.closest("button[data-address]");
  focused = button && name(button);
});
new MutationObserver(() => {
  if (focused && document.activeElement === document.body) element.querySelector(focused)?.focus();
}).observe(element, { childList: true, subtree: true });
