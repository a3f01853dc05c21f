// A GAN small enough to see whole, trained in the page: what gan/toy/toy_gan.py does, name by name, in plain JavaScript
// (lecture, question 20), with the networks of toy_network.js. Tests hold both to the same numbers.

const MANY = 4096; // generated points from which q is measured
const SHOWN = 160; // points of each kind that are shown
const LINES = 11; // the net that shows what becomes of the plane of z: lines each way,
const STEPS = 21; // points on a line
const BATCH = 128;
const BLOWN_UP = 1e6; // a loss or a gradient beyond which nothing was ever seen to come back
const REMEMBERED = 600; // rounds in the history; when it is full every second is forgotten
const CONFIG = { loss: "bce", descent: "adam", rateG: 5e-4, rateD: 2e-3, nCritic: 1, seed: 0, r1: 0 };

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
      if (this.config.r1) this.d.penalise(both, BATCH, this.config.r1);
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
