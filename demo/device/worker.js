// A network in a worker, so that the page stays quick: ONNX Runtime Web on threads of WebAssembly.
let ort;
let session;

// The bytes of an address, with the share that has come told on the way.
const bytes = async (url, tell) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  const whole = new Uint8Array(Number(answer.headers.get("X-Length")));
  let have = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return whole;
    whole.set(value, have);
    have += value.length;
    tell(have / whole.length);
  }
};

const prepare = async (folder, threads, tell) => {
  const [code, binary] = await Promise.all([
    import(`${folder}/ort.wasm.min.mjs`),
    bytes(`${folder}/ort-wasm-simd-threaded.wasm`, tell),
  ]);
  code.env.wasm.numThreads = threads;
  code.env.wasm.wasmPaths = { mjs: `${folder}/ort-wasm-simd-threaded.mjs` };
  code.env.wasm.wasmBinary = binary;
  ort = code;
};

const tasks = {
  // Load the runtime from a folder, the first time, and a network from its file; it takes the place of the one before.
  open: async ({ runtime, network, threads }, tell) => {
    const shares = [0, 0];
    const share = (at) => (value) => {
      shares[at] = value;
      tell(0.8 * shares[0] + 0.2 * shares[1]);
    };
    const [file] = await Promise.all([bytes(network, share(1)), ort || prepare(runtime, threads, share(0))]);
    await session?.release();
    session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
    return { threads: ort.env.wasm.numThreads };
  },
  // What the network makes of float32 values of a shape.
  run: async ({ values, shape }) => {
    const given = new ort.Tensor("float32", values, shape);
    const made = (await session.run({ [session.inputNames[0]]: given }))[session.outputNames[0]];
    return { values: made.data, shape: made.dims };
  },
};

self.onmessage = async ({ data: { number, task, ...given } }) => {
  try {
    const answer = await tasks[task](given, (share) => self.postMessage({ number, share }));
    self.postMessage({ number, answer }, answer.values ? [answer.values.buffer] : []);
  } catch (error) {
    self.postMessage({ number, error: String(error) });
  }
};
