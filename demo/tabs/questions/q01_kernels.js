// A kernel to paint: type into a cell, or choose a pen and press or drag over cells. Every change is sent on.
let pen = null;
let painting = false;
const cells = () => [...element.querySelectorAll(".kernel input")];

const colour = () => {
  for (const cell of cells()) cell.style.setProperty("--strength", Math.min(1, Math.abs(Number(cell.value) || 0)));
  for (const cell of cells()) cell.classList.toggle("below", Number(cell.value) < 0);
};
const tell = () => {
  const values = cells().map((cell) => Math.max(-9, Math.min(9, Number(cell.value) || 0)));
  const side = Math.round(Math.sqrt(values.length));
  colour();
  trigger("input", { cells: Array.from({ length: side }, (_, row) => values.slice(row * side, (row + 1) * side)) });
};
const touch = (event) => {
  const cell = document.elementFromPoint(event.clientX, event.clientY);
  if (cell?.matches?.(".kernel input") && element.contains(cell) && Number(cell.value) !== pen) {
    cell.value = pen;
    colour();
  }
};

element.addEventListener("change", (event) => event.target.matches(".kernel input") && tell());
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pen]");
  if (!button) return;
  const chosen = button.getAttribute("aria-pressed") !== "true";
  pen = chosen ? Number(button.dataset.pen) : null;
  for (const each of element.querySelectorAll("[data-pen]")) {
    each.setAttribute("aria-pressed", String(chosen && each === button));
  }
});
element.addEventListener("pointerdown", (event) => {
  if (pen === null || !event.target.matches(".kernel input")) return;
  event.preventDefault();
  painting = true;
  touch(event);
});
element.addEventListener("pointermove", (event) => painting && touch(event));
for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
  element.addEventListener(end, () => {
    if (painting) tell();
    painting = false;
  });
}
new MutationObserver(() => {
  colour();
  const pressed = pen !== null && element.querySelector(`[data-pen="${pen}"]`);
  if (pressed) pressed.setAttribute("aria-pressed", "true");
}).observe(element, { childList: true, subtree: true });
colour();
