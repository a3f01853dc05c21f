// What PyTorch does for the small GAN of toy_gan.js, in plain JavaScript: random numbers, a network forward and backward, and
// the two ways to descend. An array [N, features] lies in a Float32Array row by row, as there; sums are taken in float64 and
// kept in float32.

const WIDTH = 32;
const BETAS = [0.5, 0.9]; // of Adam
const SLOPE = 0.2; // of LeakyReLU below zero
const NOTHING = new Float32Array(WIDTH); // the bias where there is none

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

// What comes back to the pre-activations of LeakyReLU, whose outputs are x, in place.
const throughKinks = (dx, x, n) => {
  for (let j = 0; j < n; j++) if (!(x[j] > 0)) dx[j] *= SLOPE;
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
      throughKinks(dx[k], x[k], dx[k].length);
    }
    return dx[0];
  }

  // Add to `gradient` that of R1: gamma / 2 times the mean, over the first n points of a pass, of the squared slope of the
  // one answer by the inputs. Between kinks the network is linear, so the slope is a product of the weights alone.
  penalise({ x }, n, gamma) {
    const [one, two, three] = this.layers;
    const [ins, W] = [one.ins, WIDTH];
    this.slopes ??= new Map();
    if (!this.slopes.has(n)) {
      const rows = [W, W, ins, W, W].map((each) => new this.Numbers(each * n));
      this.slopes.set(n, [...rows, new this.Numbers(W * W), new this.Numbers(W)]);
    }
    const [upper, lower, slope, toLower, toUpper, grown, unused] = this.slopes.get(n);
    for (let j = 0; j < n * W; j++) upper[j] = three.w[j % W];
    throughKinks(upper, x[2], n * W); // dD/d(second pre-activations)
    multiply(lower, two.w, 1, W, NOTHING, upper, W, W, n, 1);
    throughKinks(lower, x[1], n * W); // dD/d(first pre-activations)
    multiply(slope, one.w, 1, ins, NOTHING, lower, W, ins, n, 1); // dD/dx
    for (let j = 0; j < n * ins; j++) slope[j] *= gamma / n;
    multiply(toLower, one.w, ins, 1, NOTHING, slope, ins, W, n, 1);
    throughKinks(toLower, x[1], n * W);
    multiply(toUpper, two.w, W, 1, NOTHING, toLower, W, W, n, 1);
    throughKinks(toUpper, x[2], n * W);
    for (const [{ dw }, dy, from, width] of [[one, lower, slope, ins], [two, upper, toLower, W]]) {
      gather(grown, unused, dy, from, width, W, n);
      for (let j = 0; j < dw.length; j++) dw[j] += grown[j];
    }
    for (let j = 0; j < n * W; j++) three.dw[j % W] += toUpper[j];
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
