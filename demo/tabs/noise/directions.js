// The moved picture, computed on this device while a slider is dragged, where the server has what that takes; what is said
// of it comes from the server once the sliders rest. The network is loaded at the first touch. Until it is there, and where
// it does not work, the server draws each picture. The sliders are listened to directly: Gradio's own events come to an end
// with the server.
const RESTING = 400; // milliseconds without a change
const device = import(new URL("device/page.js", document.baseURI)).catch(() => null);
let rest = 0;

const panel = () => element.querySelector(".moved");
const number = (id) => Number(document.querySelector(`#${id} input[type=number]`)?.value ?? 0);
const ask = (after = 0) => {
  clearTimeout(rest);
  rest = setTimeout(() => trigger("input"), after); // not at once: Gradio has yet to take in the slider's new value
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

const draw = async ({ show, dragging }, shown) => {
  const z = moved(shown.dataset);
  const put = (made) => {
    if (panel() !== shown) return draw({ show, dragging }, panel()); // what the server has drawn meanwhile is older
    show(made, shown.querySelector("canvas"));
    shown.classList.add("here");
  };
  if (!(await dragging.draw(z, [1, z.length], put))) ask();
};

const drag = async ({ target }) => {
  if (!element.isConnected) return document.removeEventListener("input", drag);
  const here = await device;
  const shown = panel();
  if (!shown || !target.closest?.("[id^=slider-]")) return;
  const { file, runtime } = shown.dataset;
  if (!here?.dragging.ready(runtime, file)) {
    here?.dragging.loading.then(() => (element.dataset.device = here.dragging.failed ? "" : "ready"));
    return ask();
  }
  draw(here, shown);
  ask(RESTING);
};
document.addEventListener("input", drag);
