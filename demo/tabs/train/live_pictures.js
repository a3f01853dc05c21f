// Sixteen pictures from noise of one's own, drawn on this device. The newest weights of the training are asked for every few
// seconds while the pictures can be seen. Where the server has gone, the last ones go on drawing.
const [COUNT, COLUMNS] = [16, 4];
const EVERY = 3000; // milliseconds between two questions
const SHARE = 4; // and so many times as long as the last answer took: a class may share a slow line
let live = null; // {run, noise, page: the module, network, file: of its weights, step, made: the pictures}

const panel = () => element.querySelector(".live-pictures");
const word = (name, values = {}) =>
  Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), panel()?.dataset[name] ?? "");
const tell = (text) => {
  const output = panel()?.querySelector("output");
  if (output) output.textContent = text;
};
const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Normal random numbers, by Box and Muller.
const normal = (count) =>
  Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
    return radius * Math.cos(2 * Math.PI * Math.random());
  });

const show = () => {
  const shown = panel();
  if (!shown) return;
  const is = live !== null && live.run === shown.dataset.run;
  shown.classList.toggle("live", is);
  if (is && live.made) live.page.show(live.made, shown.querySelector("canvas"), COLUMNS);
  if (is && live.step !== undefined) tell(word("at", { step: live.step.toLocaleString("en") }));
};

const stop = (text = "") => {
  live?.network?.close();
  live = null;
  show();
  tell(text);
};

const draw = async (mine) => {
  const made = await mine.network.run(mine.noise.slice(), [COUNT, mine.noise.length / COUNT]);
  if (live !== mine) return;
  mine.made = made;
  show();
};

// Take the newest weights, where they are others than those that are here.
const renew = async (mine) => {
  const answer = await fetch(new URL(`device/newest/${encodeURIComponent(mine.run)}`, document.baseURI), { cache: "no-store" });
  if (answer.status === 404) return tell(word("none"));
  const { file, step } = await answer.json();
  if (live !== mine || file === mine.file) return;
  if (mine.network) {
    await mine.network.take(file);
  } else {
    const loading = (share) => live === mine && !mine.made && tell(word("loading", { percent: Math.round(100 * share) }));
    mine.network = new mine.page.Network(panel().dataset.runtime, file, loading);
    await mine.network.open();
  }
  [mine.file, mine.step] = [file, step];
  await draw(mine);
};

const start = async () => {
  const { run, latent } = panel().dataset;
  const mine = (live = { run, noise: normal(COUNT * Number(latent)) });
  show();
  while (live === mine) {
    if (!element.isConnected || panel()?.dataset.run !== run) return stop(); // another run is watched
    const began = performance.now();
    if (!document.hidden && element.checkVisibility()) {
      try {
        mine.page ??= await import(new URL("device/page.js", document.baseURI));
        await renew(mine);
      } catch {
        if (live !== mine) return;
        if (!mine.made) return stop(word("failed"));
        tell(word("lost"));
      }
    }
    await rest(Math.max(EVERY, SHARE * (performance.now() - began)));
  }
};

element.addEventListener("click", ({ target }) => {
  if (target.closest("button.start")) start();
  if (target.closest("button.stop")) stop();
  if (target.closest("button.again") && live?.network && live.made) {
    live.noise = normal(live.noise.length);
    draw(live).catch(() => tell(word("failed")));
  }
});
new MutationObserver((changes) => {
  if (changes.some(({ addedNodes }) => [...addedNodes].some((node) => node.contains?.(panel())))) show();
}).observe(element, { childList: true, subtree: true });
