// Networks computed on this device instead of on the server.
const RUNS = 300; // on an iPhone or iPad a worker's memory grows: after so many runs another takes its place
const APPLE = /iPhone|iPad/.test(navigator.userAgent) || (navigator.maxTouchPoints > 1 && /Mac/.test(navigator.platform));
const address = (path) => new URL(`device/${path}`, document.baseURI).href;

// A run's generator on this device: `await open(...)`, then `await network.run(values, shape)`; `close()` gives it up.
export class Network {
  // `runtime` is the version that the server has, `file` is "RUN/STAMP/NET"; `tell(share)` hears how far loading is.
  constructor(runtime, file, tell = () => {}) {
    this.paths = { runtime: address(`runtime/${runtime}`), network: address(`networks/${file}.onnx`) };
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
    await this.ask({ task: "open", ...this.paths });
    this.runs = 0;
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

// What a network made, {values, shape}, as a picture on a canvas, which takes its size.
export const show = ({ values, shape }, canvas) => {
  const [, channels, height, width] = shape;
  const image = new ImageData(width, height);
  const all = width * height;
  for (let at = 0; at < all; at++) {
    for (let c = 0; c < 3; c++) image.data[4 * at + c] = (values[channels === 1 ? at : c * all + at] + 1) * 127.5;
    image.data[4 * at + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(image, 0, 0);
};
