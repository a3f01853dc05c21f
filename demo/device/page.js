// Networks computed on this device instead of on the server.
const RUNS = 300; // on an iPhone or iPad a worker's memory grows: after so many runs another takes its place
const GAP = 2; // pixels between two pictures
const APPLE = /iPhone|iPad/.test(navigator.userAgent) || (navigator.maxTouchPoints > 1 && /Mac/.test(navigator.platform));
const MOST = 4; // threads: more gain little for networks this small
// Several threads take memory that they share, which on an iPhone runs out; one core is the page's own.
const THREADS = crossOriginIsolated && !APPLE ? Math.max(1, Math.min(MOST, navigator.hardwareConcurrency - 1)) : 1;
const address = (path) => new URL(path, import.meta.url).href;

// A run's generator on this device: `await open(...)`, then `await network.run(values, shape)`; `close()` gives it up.
export class Network {
  // `runtime` is the version that the server has, `file` is "RUN/STAMP/NET"; `tell(share)` hears how far loading is.
  constructor(runtime, file, tell = () => {}) {
    this.runtime = address(`runtime/${runtime}`);
    this.file = file;
    this.tell = tell;
    this.waiting = new Map();
    this.asked = 0;
    this.runs = 0;
  }

  async open() {
    this.close();
    this.worker = new Worker(address("worker.js"), { type: "module" });
    this.worker.onmessage = ({ data: { number, share, answer, error } }) => {
      const one = this.waiting.get(number);
      if (share !== undefined) return this.tell(share);
      this.waiting.delete(number);
      error ? one?.fail(new Error(error)) : one?.done(answer);
    };
    this.worker.onerror = () => this.close();
    this.runs = 0;
    return this.take(this.file);
  }

  // Another network from now on; the runtime stays as it is.
  async take(file) {
    const network = address(`networks/${file}.onnx`);
    const { threads } = await this.ask({ task: "open", runtime: this.runtime, network, threads: THREADS });
    [this.file, this.threads] = [file, threads];
    return this;
  }

  ask(message, transfer = []) {
    return new Promise((done, fail) => {
      if (!this.worker) return fail(new Error("closed"));
      const number = ++this.asked;
      this.waiting.set(number, { done, fail });
      this.worker.postMessage({ number, ...message }, transfer);
    });
  }

  // {values, shape} of what the network makes of float32 values; the given ones are handed over and gone.
  async run(values, shape) {
    if (APPLE && this.runs >= RUNS) await this.open();
    this.runs++;
    return this.ask({ task: "run", values, shape }, [values.buffer]);
  }

  close() {
    this.worker?.terminate();
    this.worker = null;
    for (const { fail } of this.waiting.values()) fail(new Error("closed"));
    this.waiting.clear();
  }
}

// Pictures while something is dragged: the network is loaded at the first of them; of those that wait only the latest is drawn.
class Dragging {
  constructor() {
    this.loading = Promise.resolve();
    this.failed = false;
  }

  // Whether it can draw by a network now; another one than before is loaded first.
  ready(runtime, file) {
    if (!runtime || this.failed) return false;
    if (this.file !== file) {
      this.file = file;
      this.loading = this.loading.then(() => this.load(runtime, file)).catch(() => (this.failed = true));
    }
    return this.loaded === file;
  }

  async load(runtime, file) {
    if (this.network) await this.network.take(file);
    else this.network = await new Network(runtime, file).open();
    this.loaded = file;
  }

  // Hand to `put` what the network makes of values of a shape; false where it fails.
  async draw(values, shape, put) {
    this.next = { values, shape, put };
    while (this.next && !this.drawing) {
      const { values, shape, put } = this.next;
      this.next = null;
      this.drawing = this.network.run(values, shape);
      try {
        put(await this.drawing);
      } catch {
        this.failed = true;
      }
      this.drawing = null;
    }
    return !this.failed;
  }
}

// One for the whole page: one thing is dragged at a time, and all of them by the same generator.
export const dragging = new Dragging();

// The pixels of a canvas, by its context, as a network sees them: float32 [1, channels, height, width] in [-1, 1].
export const seen = (context, channels) => {
  const { width, height } = context.canvas;
  const { data } = context.getImageData(0, 0, width, height);
  const all = width * height;
  const values = new Float32Array(channels * all);
  for (let at = 0; at < all; at++) {
    const [r, g, b] = [data[4 * at] / 127.5 - 1, data[4 * at + 1] / 127.5 - 1, data[4 * at + 2] / 127.5 - 1];
    if (channels === 1) {
      values[at] = 0.299 * r + 0.587 * g + 0.114 * b;
    } else {
      values[at] = r;
      values[all + at] = g;
      values[2 * all + at] = b;
    }
  }
  return values;
};

// The pictures that a network made, {values, shape}, on a canvas, which takes their size: so many beside each other.
export const show = ({ values, shape: [count, channels, height, width] }, canvas, columns = 1) => {
  const [right, down] = [width + GAP, height + GAP];
  canvas.width = columns * right - GAP;
  canvas.height = Math.ceil(count / columns) * down - GAP;
  const context = canvas.getContext("2d");
  const all = width * height;
  for (let number = 0; number < count; number++) {
    const image = new ImageData(width, height);
    const first = number * channels * all;
    for (let at = 0; at < all; at++) {
      for (let c = 0; c < 3; c++) image.data[4 * at + c] = (values[first + (channels === 1 ? at : c * all + at)] + 1) * 127.5;
      image.data[4 * at + 3] = 255;
    }
    context.putImageData(image, (number % columns) * right, Math.floor(number / columns) * down);
  }
};
