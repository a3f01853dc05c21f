// Ask for news while the charts can be seen, not from behind another tab of the page or of the browser, nor while a list
// of choices is open, which would change under the finger; twice as often where what is shown says that it moves fast.
if (SECONDS) {
  let odd = false;
  const clock = setInterval(() => {
    odd = !odd;
    if (!element.isConnected) clearInterval(clock);
    else if (odd && !element.querySelector("[data-fast]")) return;
    else if (document.hidden || document.querySelector("ul[role=listbox]")) return;
    else if (element.checkVisibility()) trigger("tick");
  }, 500 * SECONDS);
}

// What the lines say under the pointer, read back from the points that were drawn.
const numbers = (text) => text.split(" ").map(Number);
const logs = (chart, value) => ("log" in chart.dataset ? 10 ** value : value);
const short = (value) => (Math.abs(value) >= 100 ? Math.round(value).toLocaleString() : value.toPrecision(3));

const nearest = (line, x) => {
  const points = line.points;
  let [low, high] = [0, points.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle].x < x) low = middle;
    else high = middle;
  }
  return x - points[low].x < points[high].x - x ? points[low] : points[high];
};

element.addEventListener("pointermove", (event) => {
  for (const output of element.querySelectorAll(".chart output")) output.style.display = "none";
  const plot = event.target.closest?.(".chart .plot");
  if (!plot) return;
  const chart = plot.closest(".chart");
  const [x0, x1] = numbers(chart.dataset.x);
  const [y0, y1] = numbers(chart.dataset.y);
  const box = plot.getBoundingClientRect();
  const share = (event.clientX - box.left) / box.width;
  const lines = [...plot.querySelectorAll("polyline.mean")];
  if (share < 0 || share > 1 || !lines.length) return;
  const found = lines.map((line) => [line.dataset.label, nearest(line, share * 1000)]);
  const at = x0 + (found[0][1].x / 1000) * (x1 - x0);
  const words = found.map(([label, point]) => `${label} ${short(logs(chart, y0 + (1 - point.y / 1000) * (y1 - y0)))}`);
  const output = plot.querySelector("output");
  output.textContent = [`${chart.dataset.unit} ${Math.round(at).toLocaleString()}`, ...words].join("\n");
  output.style.display = "block";
  output.style.left = share < 0.5 ? `${share * 100}%` : "auto";
  output.style.right = share < 0.5 ? "auto" : `${(1 - share) * 100}%`;
});
element.addEventListener("pointerleave", () => {
  for (const output of element.querySelectorAll(".chart output")) output.style.display = "none";
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-step]");
  if (button) trigger("select", { step: button.dataset.step });
});
