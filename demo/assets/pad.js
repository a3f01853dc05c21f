// A pad to draw on with mouse, pen or finger: white on black, as the digits are. After every stroke the picture is
// sent on; the server decides what to make of it.
let pen = null;
const parts = () => ({ // a pad without colours draws in white
  canvas: element.querySelector("canvas"),
  colour: element.querySelector("input[type=color]"),
  width: element.querySelector("input[type=range]"),
});

const blank = (canvas) => {
  const context = canvas.getContext("2d");
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  delete canvas.dataset.used;
};
const tell = (canvas) => trigger("input", { drawing: canvas.dataset.used ? canvas.toDataURL("image/png") : "" });
const place = (canvas, event) => {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
};
const stroke = (canvas, from, to) => {
  const { colour, width } = parts();
  const context = canvas.getContext("2d");
  Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: Number(width.value), strokeStyle: colour?.value ?? "#fff" });
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
};

const prepare = () => {
  const { canvas } = parts();
  if (!canvas || canvas.dataset.ready) return;
  canvas.dataset.ready = "yes";
  blank(canvas);
};
new MutationObserver(prepare).observe(element, { childList: true, subtree: true });
prepare();

element.addEventListener("pointerdown", (event) => {
  const canvas = event.target.closest("canvas");
  if (!canvas || event.button) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  canvas.dataset.used = "yes";
  pen = place(canvas, event);
  stroke(canvas, pen, pen);
});
element.addEventListener("pointermove", (event) => {
  if (!pen) return;
  const { canvas } = parts();
  for (const each of event.getCoalescedEvents?.() ?? [event]) {
    const next = place(canvas, each);
    stroke(canvas, pen, next);
    pen = next;
  }
});
for (const end of ["pointerup", "pointercancel"]) {
  element.addEventListener(end, () => {
    if (!pen) return;
    pen = null;
    tell(parts().canvas);
  });
}
element.addEventListener("click", (event) => {
  if (!event.target.closest("button")) return;
  blank(parts().canvas);
  tell(parts().canvas);
});
