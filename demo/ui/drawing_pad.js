// A pad to draw on with mouse, pen, finger or keyboard: white on black, as the digits are. After every stroke the picture
// is sent on; the server decides what to make of it.
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 10; // pixels that an arrow key moves the pen; with Shift, a fifth of it
let pen = null; // where the pen draws; null while it is lifted
let spot = [140, 140]; // where the pen of the keyboard stands
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
  context.lineTo(to[0] + 0.01, to[1]); // a line of no length at all would leave no dot
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

const begin = (canvas, at) => {
  canvas.dataset.used = "yes";
  stroke(canvas, at, at);
  pen = at;
};
const draw = (canvas, to) => {
  stroke(canvas, pen, to);
  pen = to;
};
const end = () => {
  if (!pen) return;
  pen = null;
  tell(parts().canvas);
};

element.addEventListener("pointerdown", (event) => {
  const canvas = event.target.closest("canvas");
  if (!canvas || event.button) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  begin(canvas, place(canvas, event));
});
element.addEventListener("pointermove", (event) => {
  const { canvas } = parts();
  if (!pen || !canvas.hasPointerCapture(event.pointerId)) return;
  for (const each of event.getCoalescedEvents?.() ?? [event]) draw(canvas, place(canvas, each));
});
for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, end);

const say = (what) => {
  const output = element.querySelector("output");
  output.textContent = output.dataset[what];
};
const point = () => {
  const { canvas } = parts();
  const nib = element.querySelector(".nib");
  [nib.style.left, nib.style.top] = spot.map((at) => `${(100 * at) / canvas.width}%`);
  nib.classList.toggle("down", Boolean(pen));
};
element.addEventListener("keydown", (event) => {
  const canvas = event.target.closest("canvas");
  if (!canvas || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === " " && !event.repeat) {
    if (pen) end();
    else begin(canvas, spot);
    say(pen ? "down" : "up");
  } else if (KEYS[event.key]) {
    const step = event.shiftKey ? STEP / 5 : STEP;
    spot = spot.map((at, axis) => Math.min(canvas.width, Math.max(0, at + step * KEYS[event.key][axis])));
    if (pen) draw(canvas, spot);
  } else if (event.key !== " ") return;
  event.preventDefault();
  point();
});
element.addEventListener("focusin", (event) => {
  if (!event.target.matches("canvas:focus-visible")) return;
  point();
  say("start");
});
element.addEventListener("focusout", (event) => {
  if (!event.target.closest("canvas") || !pen) return;
  end();
  say("up"); // never nothing: a button below would move away under the click that took the focus
});
// A drawing that was made elsewhere, by its address: the event "drawn" on the canvas.
element.addEventListener("drawn", async ({ detail }) => {
  const { canvas } = parts();
  const image = Object.assign(new Image(), { src: detail });
  await image.decode();
  blank(canvas);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.dataset.used = "elsewhere";
  tell(canvas);
});
element.addEventListener("click", (event) => {
  if (!event.target.closest("button")) return;
  blank(parts().canvas);
  tell(parts().canvas);
});
