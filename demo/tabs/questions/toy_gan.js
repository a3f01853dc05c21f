// A GAN small enough to see whole, trained in the page: what gan/toy/toy_gan.py does, name by name, in plain JavaScript
// (lecture, question 20). Tests hold both to the same numbers.
//
// An array [N, features] lies in a Float32Array row by row, as in PyTorch. Sums are taken in float64 and kept in float32.

const MANY = 4096; // generated points from which q is measured
const SHOWN = 160; // points of each kind that are shown
const LINES = 11; // the net that shows what becomes of the plane of z: lines each way,
const STEPS = 21; // points on a line
const WIDTH = 32;
const BATCH = 128;
const BETAS = [0.5, 0.9]; // of Adam
const SLOPE = 0.2; // of LeakyReLU below zero
const NOTHING = new Float32Array(WIDTH); // the bias where there is none
const BLOWN_UP = 1e6; // a loss or a gradient beyond which nothing was ever seen to come back
const REMEMBERED = 600; // rounds in the history; when it is full every second is forgotten
const CONFIG = { loss: "bce", descent: "adam", rateG: 5e-4, rateD: 2e-3, nCritic: 1, seed: 0 };

// The adversarial losses of gan/core/losses.py: each a mean over points of something of the logit alone, with its slope.
// `verdict` maps a logit to what is shown as D(x), and `undecided` is the best D's logit where real and fake are equally
// likely.
const sigmoid = (v) => 1 / (1 + Math.exp(-v));
const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
const raw = (v) => v;

const crossEntropy = {
  ...{ real: (v) => softplus(-v), realSlope: (v) => -sigmoid(-v) }, // -log D(x)
  ...{ fake: softplus, fakeSlope: sigmoid }, // -log(1 - D(G(z)))
  ...{ verdict: sigmoid, undecided: 0, isProbability: true },
};
const LOSSES = {
  bce: { ...crossEntropy, g: (v) => softplus(-v), gSlope: (v) => -sigmoid(-v) }, // -log D(G(z)), non-saturating
  saturating: { ...crossEntropy, g: (v) => -softplus(v), gSlope: (v) => -sigmoid(v) }, // log(1 - D(G(z))), minimax
  "least-squares": {
    ...{ real: (v) => 0.5 * (v - 1) ** 2, realSlope: (v) => v - 1 },
    ...{ fake: (v) => 0.5 * v ** 2, fakeSlope: raw },
    ...{ g: (v) => (v - 1) ** 2, gSlope: (v) => 2 * (v - 1) },
    ...{ verdict: raw, undecided: 0.5, isProbability: false },
  },
  hinge: {
    ...{ real: (v) => Math.max(0, 1 - v), realSlope: (v) => (v < 1 ? -1 : 0) },
    ...{ fake: (v) => Math.max(0, 1 + v), fakeSlope: (v) => (v > -1 ? 1 : 0) },
    ...{ g: (v) => -v, gSlope: () => -1 },
    ...{ verdict: raw, undecided: 0, isProbability: false },
  },
};
// Where real and fake cannot be told apart: both losses, and the verdict on either.
for (const loss of Object.values(LOSSES)) {
  const v = loss.undecided;
  loss.equilibrium = { d: loss.real(v) + loss.fake(v), g: loss.g(v), verdict: loss.verdict(v) };
}

// Random numbers that a seed repeats: xoshiro128** (Blackman and Vigna 2018, arXiv:1805.01407), its state filled by
// splitmix32; Gaussian ones by the method of Box and Muller (1958).
class Random {
  constructor(seed) {
    let mixed = seed | 0;
    this.state = Uint32Array.from({ length: 4 }, () => {
      mixed = (mixed + 0x9e3779b9) | 0;
      let each = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      each = Math.imul(each ^ (each >>> 15), 0x735a2d97);
      return each ^ (each >>> 15);
    });
    this.spare = NaN;
  }

  // Uniform on [0, 1).
  uniform() {
    const s = this.state;
    const turned = Math.imul(s[1], 5);
    const result = Math.imul((turned << 7) | (turned >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result / 2 ** 32;
  }

  // N(0, 1).
  normal() {
    const kept = this.spare;
    if (!Number.isNaN(kept)) {
      this.spare = NaN;
      return kept;
    }
    const size = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = size * Math.sin(angle);
    return size * Math.cos(angle);
  }
}

// y = x W^T + b, then LeakyReLU of that slope: x is [n, ins], y is [n, outs], n even. The weight of input i in output o is
// w[o * nextOut + i * nextIn], so that the transposed matrix takes the same function. Two points and four outputs at a time
// stay in registers: that is most of the speed.
const multiply = (y, w, nextOut, nextIn, b, x, ins, outs, n, slope) => {
  for (let k = 0; k < n; k += 2) {
    const from0 = k * ins;
    const from1 = from0 + ins;
    const to0 = k * outs;
    const to1 = to0 + outs;
    let o = 0;
    for (; o + 3 < outs; o += 4) {
      let p0 = b[o];
      let q0 = b[o + 1];
      let r0 = b[o + 2];
      let s0 = b[o + 3];
      let p1 = p0;
      let q1 = q0;
      let r1 = r0;
      let s1 = s0;
      let at = o * nextOut;
      for (let i = 0; i < ins; i++) {
        const x0 = x[from0 + i];
        const x1 = x[from1 + i];
        const p = w[at];
        const q = w[at + nextOut];
        const r = w[at + 2 * nextOut];
        const s = w[at + 3 * nextOut];
        p0 += p * x0;
        p1 += p * x1;
        q0 += q * x0;
        q1 += q * x1;
        r0 += r * x0;
        r1 += r * x1;
        s0 += s * x0;
        s1 += s * x1;
        at += nextIn;
      }
      y[to0 + o] = p0 > 0 ? p0 : slope * p0;
      y[to0 + o + 1] = q0 > 0 ? q0 : slope * q0;
      y[to0 + o + 2] = r0 > 0 ? r0 : slope * r0;
      y[to0 + o + 3] = s0 > 0 ? s0 : slope * s0;
      y[to1 + o] = p1 > 0 ? p1 : slope * p1;
      y[to1 + o + 1] = q1 > 0 ? q1 : slope * q1;
      y[to1 + o + 2] = r1 > 0 ? r1 : slope * r1;
      y[to1 + o + 3] = s1 > 0 ? s1 : slope * s1;
    }
    for (; o < outs; o++) {
      let p0 = b[o];
      let p1 = p0;
      let at = o * nextOut;
      for (let i = 0; i < ins; i++) {
        p0 += w[at] * x[from0 + i];
        p1 += w[at] * x[from1 + i];
        at += nextIn;
      }
      y[to0 + o] = p0 > 0 ? p0 : slope * p0;
      y[to1 + o] = p1 > 0 ? p1 : slope * p1;
    }
  }
};

// The gradients of W and b from those of y, [n, outs]: sums over the n points of dy x and of dy.
const gather = (dw, db, dy, x, ins, outs, n) => {
  for (let o = 0; o < outs; o++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += dy[k * outs + o];
    db[o] = sum;
  }
  let o = 0;
  for (; o + 1 < outs; o += 2) {
    const row0 = o * ins;
    const row1 = row0 + ins;
    let i = 0;
    for (; i + 3 < ins; i += 4) {
      let p0 = 0;
      let q0 = 0;
      let r0 = 0;
      let s0 = 0;
      let p1 = 0;
      let q1 = 0;
      let r1 = 0;
      let s1 = 0;
      let at = o;
      let from = i;
      for (let k = 0; k < n; k++) {
        const d0 = dy[at];
        const d1 = dy[at + 1];
        const p = x[from];
        const q = x[from + 1];
        const r = x[from + 2];
        const s = x[from + 3];
        p0 += d0 * p;
        p1 += d1 * p;
        q0 += d0 * q;
        q1 += d1 * q;
        r0 += d0 * r;
        r1 += d1 * r;
        s0 += d0 * s;
        s1 += d1 * s;
        at += outs;
        from += ins;
      }
      dw[row0 + i] = p0;
      dw[row0 + i + 1] = q0;
      dw[row0 + i + 2] = r0;
      dw[row0 + i + 3] = s0;
      dw[row1 + i] = p1;
      dw[row1 + i + 1] = q1;
      dw[row1 + i + 2] = r1;
      dw[row1 + i + 3] = s1;
    }
    if (i < ins) gatherFew(dw, dy, x, ins, outs, n, o, o + 2, i);
  }
  if (o < outs) gatherFew(dw, dy, x, ins, outs, n, o, outs, 0);
};
const gatherFew = (dw, dy, x, ins, outs, n, o0, o1, i0) => {
  for (let o = o0; o < o1; o++) {
    for (let i = i0; i < ins; i++) {
      let p = 0;
      for (let k = 0; k < n; k++) p += dy[k * outs + o] * x[k * ins + i];
      dw[o * ins + i] = p;
    }
  }
};

// Two hidden layers, [N, inputs] to [N, outputs]; weights in PyTorch's order, one array for all of them. `Numbers` are
// Float64Array in a test alone.
class Network {
  constructor(inputs, outputs, random, Numbers = Float32Array) {
    const sizes = [inputs, WIDTH, WIDTH, outputs];
    const count = sizes.slice(1).reduce((sum, outs, k) => sum + outs * (sizes[k] + 1), 0);
    this.Numbers = Numbers;
    this.weights = new Numbers(count);
    this.gradient = new Numbers(count);
    this.layers = [];
    for (let k = 0, at = 0; k < 3; k++) {
      const [ins, outs] = [sizes[k], sizes[k + 1]];
      const part = (array) => [array.subarray(at, at + ins * outs), array.subarray(at + ins * outs, at + ins * outs + outs)];
      const [[w, b], [dw, db]] = [part(this.weights), part(this.gradient)];
      this.layers.push({ ins, outs, w, b, dw, db, slope: k < 2 ? SLOPE : 1 });
      for (const each of [w, b]) each.forEach((_, j) => (each[j] = (2 * random.uniform() - 1) / Math.sqrt(ins))); // nn.Linear
      at += (ins + 1) * outs;
    }
    this.passes = new Map();
  }

  // What the layers take and give for so many points, `x`, and their gradients, `dx`: made once for each number of points.
  pass(n) {
    if (!this.passes.has(n)) {
      const features = [this.layers[0].ins, ...this.layers.map((layer) => layer.outs)];
      const make = () => features.map((each) => new this.Numbers(each * n));
      this.passes.set(n, { n, x: make(), dx: make() });
    }
    return this.passes.get(n);
  }

  // From pass.x[0] to pass.x[3], which is returned.
  forward({ n, x }) {
    for (let k = 0; k < 3; k++) {
      const { ins, outs, w, b, slope } = this.layers[k];
      multiply(x[k + 1], w, ins, 1, b, x[k], ins, outs, n, slope);
    }
    return x[3];
  }

  // From pass.dx[3] back to `gradient`, to pass.dx[0], or both.
  backward({ n, x, dx }, { toWeights = true, toInputs = false } = {}) {
    for (let k = 2; k >= 0; k--) {
      const { ins, outs, w, dw, db } = this.layers[k];
      if (toWeights) gather(dw, db, dx[k + 1], x[k], ins, outs, n);
      if (!k && !toInputs) break;
      multiply(dx[k], w, 1, ins, NOTHING, dx[k + 1], outs, ins, n, 1);
      if (!k) break;
      for (let j = 0; j < dx[k].length; j++) if (!(x[k][j] > 0)) dx[k][j] *= SLOPE;
    }
    return dx[0];
  }

  // The 2-norm of all gradients.
  gradNorm() {
    let sum = 0;
    for (let k = 0; k < this.gradient.length; k++) sum += this.gradient[k] ** 2;
    return Math.sqrt(sum);
  }
}

// Kingma and Ba 2014, arXiv:1412.6980, algorithm 1, as PyTorch writes it.
class Adam {
  constructor(network) {
    this.network = network;
    this.mean = new network.Numbers(network.weights.length);
    this.square = new network.Numbers(network.weights.length);
    this.steps = 0;
  }

  step(rate) {
    const { weights, gradient } = this.network;
    this.steps += 1;
    const size = rate / (1 - BETAS[0] ** this.steps);
    const root = Math.sqrt(1 - BETAS[1] ** this.steps);
    for (let k = 0; k < weights.length; k++) {
      const g = gradient[k];
      this.mean[k] += (1 - BETAS[0]) * (g - this.mean[k]);
      this.square[k] = BETAS[1] * this.square[k] + (1 - BETAS[1]) * g * g;
      weights[k] -= (size * this.mean[k]) / (Math.sqrt(this.square[k]) / root + 1e-8);
    }
  }
}

// Plain steps along the gradient, which a small gradient makes small.
class SGD {
  constructor(network) {
    this.network = network;
  }

  step(rate) {
    const { weights, gradient } = this.network;
    for (let k = 0; k < weights.length; k++) weights[k] -= rate * gradient[k];
  }
}

const mean = (values, from, count, f) => {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += f(values[from + k]);
  return sum / count;
};

// Two small networks and the points they fight over. A seed repeats it, as long as the same is asked of it.
class ToyGAN {
  constructor(points, config = {}, Numbers = Float32Array) {
    this.points = points;
    this.config = { ...CONFIG, ...config };
    this.random = new Random(this.config.seed);
    this.g = new Network(points.dims, points.dims, this.random, Numbers);
    this.d = new Network(points.dims, 1, this.random, Numbers);
    this.optG = this.descent(this.config);
    this.optD = new Adam(this.d);
    this.history = []; // rounds: {number, lossD, lossG, dReal, dFake, gradG}
    this.rounds = 0;
    this.every = 1;
    this.blownUp = false; // whether a number was about to leave all bounds: nothing moves any more
    this.shownZ = this.noise(new Float32Array(SHOWN * points.dims));
    this.shownReal = points.draw(new Float32Array(SHOWN * points.dims), SHOWN, this.random);
    this.manyZ = this.noise(new Float32Array(MANY * points.dims), new Random(1)); // looking changes nothing of the GAN
    this.netZ = netOf(points.dims);
    this.places = places(points.dims);
    this.density = points.density(BLUR);
  }

  // Other settings from the next round on, all but the seed; the networks stay what they are.
  change(config) {
    const before = this.config;
    this.config = { ...before, ...config };
    if (this.config.descent !== before.descent) this.optG = this.descent(this.config);
  }

  descent({ descent }) {
    return descent === "sgd" ? new SGD(this.g) : new Adam(this.g);
  }

  // Fill `out` with z, uniform on [-1, 1]^dims.
  noise(out, random = this.random) {
    for (let k = 0; k < out.length; k++) out[k] = 2 * random.uniform() - 1;
    return out;
  }

  // The discriminator learns, then the generator from its new verdict; either may be held still. Null where a step would
  // blow it up: it is not taken, and no later one either.
  trainStep({ freezeD = false, freezeG = false } = {}) {
    const loss = LOSSES[this.config.loss];
    const [both, made, judged] = [this.d.pass(2 * BATCH), this.g.pass(BATCH), this.d.pass(BATCH)];
    let [lossD, dReal, dFake] = [0, 0, 0];
    for (let turn = 0; turn < this.config.nCritic; turn++) {
      const real = this.points.draw(judged.x[0], BATCH, this.random); // its buffer is free until D judges G
      this.noise(made.x[0]);
      const fake = this.g.forward(made);
      both.x[0].set(real);
      both.x[0].set(fake, real.length);
      const logits = this.d.forward(both);
      lossD = mean(logits, 0, BATCH, loss.real) + mean(logits, BATCH, BATCH, loss.fake);
      [dReal, dFake] = [mean(logits, 0, BATCH, loss.verdict), mean(logits, BATCH, BATCH, loss.verdict)];
      if (freezeD) break;
      for (let k = 0; k < BATCH; k++) {
        both.dx[3][k] = loss.realSlope(logits[k]) / BATCH;
        both.dx[3][BATCH + k] = loss.fakeSlope(logits[BATCH + k]) / BATCH;
      }
      this.d.backward(both);
      if (!this.step(this.optD, this.config.rateD, lossD, this.d.gradNorm())) return null;
    }
    judged.x[0].set(made.x[3]);
    const logits = this.d.forward(judged);
    const lossG = mean(logits, 0, BATCH, loss.g);
    for (let k = 0; k < BATCH; k++) judged.dx[3][k] = loss.gSlope(logits[k]) / BATCH;
    made.dx[3].set(this.d.backward(judged, { toWeights: false, toInputs: true }));
    this.g.backward(made);
    const gradG = this.g.gradNorm();
    if (!this.step(freezeG ? null : this.optG, this.config.rateG, lossG, gradG)) return null;
    this.rounds += 1;
    const turn = { number: this.rounds, lossD, lossG, dReal, dFake, gradG };
    if (this.rounds % this.every === 0) this.history.push(turn);
    if (this.history.length > REMEMBERED) {
      this.history = this.history.filter((_, k) => k % 2);
      this.every *= 2;
    }
    return turn;
  }

  // Let an optimiser, if any, step, unless the loss or its gradient's size is beyond all bounds; whether not.
  step(optimiser, rate, loss, size) {
    this.blownUp ||= !(Math.abs(loss) < BLOWN_UP && size < BLOWN_UP); // NaN is not below anything
    if (optimiser && !this.blownUp) optimiser.step(rate);
    return !this.blownUp;
  }

  // What a network gives for points; the array is its own until it is asked for as many again.
  answer(network, points) {
    const pass = network.pass(points.length / network.layers[0].ins);
    pass.x[0].set(points);
    return network.forward(pass);
  }

  // All there is to see of the GAN as it stands: the points and D, and what follows from the densities.
  look() {
    return { ...this.glance(), ...this.compare(), verdict: this.verdicts() };
  }

  // What costs least: real and fake points, `pull`, where G's loss would have each fake point go, and the net.
  glance() {
    const loss = LOSSES[this.config.loss];
    const fake = this.answer(this.g, this.shownZ);
    const pass = this.d.pass(SHOWN);
    const logits = this.answer(this.d, fake);
    for (let k = 0; k < SHOWN; k++) pass.dx[3][k] = -loss.gSlope(logits[k]); // the mean's part of one point
    const pull = this.d.backward(pass, { toWeights: false, toInputs: true });
    return { real: this.shownReal, fake, pull, net: this.answer(this.g, this.netZ) };
  }

  // D's verdict of every place.
  verdicts() {
    const { verdict } = LOSSES[this.config.loss];
    return this.answer(this.d, this.places).map(verdict);
  }

  // What costs most: both densities, the best D for them, their divergence, the share of p that is covered, and how far D,
  // by its verdicts, is from the best on the mean of all points.
  compare(verdict = this.verdicts()) {
    const [p, q] = [this.density, measured(this.answer(this.g, this.manyZ), this.points.dims, BLUR)];
    const ideal = best(p, q, this.config.loss);
    let [sum, weights] = [0, 0];
    for (let k = 0; k < p.length; k++) {
      if (Number.isNaN(ideal[k])) continue;
      sum += (p[k] + q[k]) * Math.abs(verdict[k] - ideal[k]);
      weights += p[k] + q[k];
    }
    return {
      ...{ p, q, best: ideal, off: sum / weights },
      ...{ divergence: divergence(p, q, this.points.dims), covered: covered(p, q) },
    };
  }
}

// The z of the net: along the line, or lines of a plane, first those along y, then those along x.
const netOf = (dims) => {
  const along = (count) => Array.from({ length: count }, (_, k) => -1 + (2 * k) / (count - 1));
  if (dims === 1) return Float32Array.from(along(4 * STEPS));
  const [lines, steps] = [along(LINES), along(STEPS)];
  const [still, moving] = [lines.flatMap((each) => steps.map(() => each)), lines.flatMap(() => steps)];
  return Float32Array.from([...still.flatMap((each, k) => [each, moving[k]]), ...still.flatMap((each, k) => [moving[k], each])]);
};
