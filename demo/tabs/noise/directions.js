// The moved picture, computed on this device while a slider is dragged, where the server has what that takes; what is said
// of it comes from the server once the sliders rest. The network is loaded at the first touch. Until it is there, and where
// it does not work, the server draws each picture. The sliders are listened to directly: Gradio's own events come to an end
// with the server.
const RESTING = 400; // milliseconds without a change
let network = null; // {file, page: the module, here: the open network, null while it loads}
let failed = false;
let wanted = false; // whether the sliders have moved since the last picture
let drawing = false;
let rest = 0;

const panel = () => element.querySelector(".moved");
const number = (id) => Number(document.querySelector(`#${id} input[type=number]`)?.value ?? 0);
const ask = (after = 0) => {
  clearTimeout(rest);
  rest = setTimeout(() => trigger("input"), after); // not at once: Gradio has yet to take in the slider's new value
};

const prepare = async ({ file, runtime }) => {
  network?.here?.close();
  const mine = (network = { file, here: null });
  delete element.dataset.device;
  try {
    mine.page = await import(new URL("device/page.js", document.baseURI));
    const here = await new mine.page.Network(runtime, file).open();
    if (network !== mine) return here.close();
    mine.here = here;
    element.dataset.device = "ready";
  } catch {
    failed = true;
  }
};

// z, moved along each direction by its slider and along one coordinate, counted from 1, by another.
const moved = ({ z, vectors }) => {
  const values = Float32Array.from(JSON.parse(z));
  JSON.parse(vectors).forEach((vector, k) => {
    const amount = number(`slider-${k + 1}`);
    vector.forEach((value, at) => (values[at] += amount * value));
  });
  values[number("slider-coordinate") - 1] += number("slider-extra");
  return values;
};

const draw = async () => {
  drawing = true;
  while (wanted) {
    const shown = panel();
    const z = moved(shown.dataset);
    wanted = false;
    try {
      const made = await network.here.run(z, [1, z.length]);
      if (panel() === shown) {
        network.page.show(made, shown.querySelector("canvas"));
        shown.classList.add("here");
      } else wanted = true; // what the server has drawn meanwhile is older
    } catch {
      failed = true;
      ask();
      break;
    }
  }
  drawing = false;
};

const drag = ({ target }) => {
  if (!element.isConnected) return document.removeEventListener("input", drag);
  const shown = panel();
  if (!shown || !target.closest?.("[id^=slider-]")) return;
  const { file, runtime } = shown.dataset;
  if (runtime && !failed && network?.file !== file) prepare(shown.dataset);
  if (!runtime || failed || !network.here) return ask();
  wanted = true;
  if (!drawing) draw();
  ask(RESTING);
};
document.addEventListener("input", drag);
