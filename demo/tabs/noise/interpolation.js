// Any place on the way between two pictures, and their arithmetic as strong as one likes, drawn on this device while a slider
// is dragged. Until the network is there, and where it does not work, the way shows the nearest of its frames.
{
  const device = import(new URL("device/page.js", document.baseURI)).catch(() => null);
  const WAYS = ["slerp", "lerp"];
  let last = ""; // the way that was set up last: the server changes it in its place

  const numbers = (text) => Float64Array.from(JSON.parse(text));
  const dot = (a, b) => a.reduce((sum, value, at) => sum + value * b[at], 0);
  const length = (z) => Math.sqrt(dot(z, z));
  const mixed = (p, a, q, b) => a.map((value, at) => p * value + q * b[at]);
  const lerp = (a, b, share) => mixed(1 - share, a, share, b);
  // As gan/core/latent.py has it; null between opposite ones, where every great circle leads.
  const slerp = (a, b, share) => {
    const [long, other] = [length(a), length(b)];
    const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b) / (long * other))));
    if (angle < 1e-3) return lerp(a, b, share);
    if (angle > Math.PI - 1e-3) return null;
    const far = (1 - share) * long + share * other;
    const [p, q] = [1 - share, share].map((part) => (far * Math.sin(part * angle)) / Math.sin(angle));
    return mixed(p / long, a, q / other, b);
  };
  // mean(A) + share * (mean(C) - mean(B)), as long as those of C; the length of A where the share is 0
  const sum = (a, change, far, share) => {
    const z = mixed(1, a, share, change);
    const part = Math.min(share, 1);
    return mixed(((1 - part) * length(a) + part * far) / length(z), z, 0, z);
  };

  const canvases = (shown) => [...shown.querySelectorAll("canvas")];
  const frame = async (shown, share) => {
    for (const [at, canvas] of canvases(shown).entries()) {
      const images = element.querySelectorAll(`.frames.${WAYS[at]} img`);
      const image = images[Math.round(share * (images.length - 1))];
      await image.decode();
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      canvas.getContext("2d").drawImage(image, 0, 0);
    }
  };

  const draw = async (shown, vectors) => {
    const here = await device;
    const { runtime, file } = shown.dataset;
    if (!vectors.every(Boolean) || !here?.dragging.ready(runtime, file)) return false;
    const size = vectors[0].length;
    const values = new Float32Array(vectors.length * size);
    vectors.forEach((vector, at) => values.set(vector, at * size));
    const put = ({ values, shape: [count, ...shape] }) => {
      const each = values.length / count;
      canvases(shown).forEach((canvas, at) =>
        here.show({ values: values.subarray(at * each, (at + 1) * each), shape: [1, ...shape] }, canvas),
      );
      shown.classList.add("here");
    };
    return here.dragging.draw(values, [vectors.length, size], put);
  };

  const walk = async (shown) => {
    const share = Number(shown.querySelector("input").value) / 100;
    const [a, b] = [numbers(shown.dataset.a), numbers(shown.dataset.b)];
    shown.querySelector("output").textContent = shown.dataset.share.replace("{percent}", Math.round(100 * share));
    if (!(await draw(shown, [slerp(a, b, share), lerp(a, b, share)]))) frame(shown, share);
  };
  const mix = async (shown) => {
    const share = Number(shown.querySelector("input").value);
    const { a, change, length: far } = shown.dataset;
    shown.querySelector("output").textContent = share.toFixed(2);
    const is = share !== 1 && (await draw(shown, [sum(numbers(a), numbers(change), Number(far), share)]));
    shown.classList.toggle("moved-on", is && Number(shown.querySelector("input").value) !== 1);
  };
  const moved = (shown) => (shown.matches(".on-the-way") ? walk(shown) : mix(shown));

  element.addEventListener("input", ({ target }) => {
    const shown = target.closest(".on-the-way, .strength");
    if (shown) moved(shown);
  });
  // The film of a way that a visitor chose is kept in this browser.
  const portfolio = import(new URL("portfolio/store.js", document.baseURI)).catch(() => null); // the server may be gone
  let isChosen = false;
  const keepFilm = async () => {
    const [film, frames] = [element.querySelector(".film img"), [...element.querySelectorAll(".frames.slerp button")]];
    const name = [frames.length, frames[0].dataset.address, frames.at(-1).dataset.address].join(" ");
    const title = element.querySelector(".film a").download.replace("-walk.gif", "");
    const pictures = [{ source: film.src, alt: film.alt }];
    (await portfolio)?.keep("film", name, { title, texts: [film.alt], pictures });
  };
  const choose = ({ target }) => {
    if (!element.isConnected) return document.removeEventListener("input", choose);
    if (target.closest?.("#between-start, #between-end, #between-steps")) isChosen = true;
  };
  document.addEventListener("input", choose);
  element.addEventListener("click", ({ target }) => target.closest(".film a") && keepFilm());

  const prepare = () => {
    const shown = element.querySelector(".on-the-way");
    const now = shown && [shown.dataset.a, shown.dataset.b, element.querySelector(".film img").src].join(" ");
    if (!shown || now === last) return;
    last = now;
    frame(shown, Number(shown.querySelector("input").value) / 100);
    if (isChosen) keepFilm();
    isChosen = false;
  };
  new MutationObserver(prepare).observe(element, { childList: true, subtree: true, attributes: true });
}
