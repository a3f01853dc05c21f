// Points on a line or in a plane whose density is known, and what follows from two densities (question 20): what
// gan/toy/densities.py says, name by name. Points are a Float32Array [N, dims], row by row; a picture's rows begin at the
// top.

const REACH = 1.5; // what is looked at goes from -REACH to REACH, both ways
const BLUR = 0.1; // standard deviation of the blur through which p and q are both seen
const CELLS = { 1: 120, 2: 48 }; // squares a side of what is looked at, by dimensions

// Where real points come from: `centres`, [K, dims], drawn alike, and N(0, spread^2) round each.
class Points {
  constructor(dims, centres, spread) {
    this.dims = dims;
    this.centres = Float32Array.from(centres);
    this.spread = spread;
  }

  // Fill `out`, [count, dims], with real points.
  draw(out, count, random) {
    const known = this.centres.length / this.dims;
    for (let k = 0; k < count; k++) {
      const picked = Math.floor(known * random.uniform());
      for (let axis = 0; axis < this.dims; axis++) {
        out[k * this.dims + axis] = this.centres[picked * this.dims + axis] + this.spread * random.normal();
      }
    }
    return out;
  }

  // p behind a Gaussian blur: exact, since blurring adds variances.
  density(blur = 0) {
    return mixture(this.centres, this.dims, Math.hypot(this.spread, blur));
  }
}

const circle = (radius, count) =>
  Array.from({ length: count }, (_, k) => [Math.cos, Math.sin].map((of) => radius * of((2 * Math.PI * k) / count)));
const plane = (centres, spread) => new Points(2, centres.flat(), spread);

const SETS = {
  hill: () => new Points(1, [0.6], 0.2),
  hills: () => new Points(1, [-0.8, 0.8], 0.15),
  line: () => plane(Array.from({ length: 81 }, (_, k) => -1 + k / 40).map((x) => [x, 0.6 * x]), 0.06),
  ring: () => plane(circle(0.9, 120), 0.06),
  rings: () => plane([...circle(1.1, 160), ...circle(0.5, 72)], 0.05),
  grid: () => {
    const along = [-0.9, 0, 0.9];
    return plane(along.flatMap((x) => along.map((y) => [x, y])), 0.07);
  },
};

// Points where there is ink: `ink`, [side, side] in [0, 1], the plane with its upper left corner first; null where there
// is none.
const drawn = (ink, side) => {
  const centres = [];
  const step = (2 * REACH) / 40;
  for (let row = 0; row < 40; row++) {
    for (let column = 0; column < 40; column++) {
      const [top, bottom] = [Math.floor((row * side) / 40), Math.ceil(((row + 1) * side) / 40)];
      const [left, right] = [Math.floor((column * side) / 40), Math.ceil(((column + 1) * side) / 40)];
      let sum = 0;
      for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) sum += ink[i * side + j];
      if (sum <= 0.25 * (bottom - top) * (right - left)) continue;
      centres.push([column * step - REACH + step / 2, REACH - step / 2 - row * step]);
    }
  }
  return centres.length ? plane(centres, 0.05) : null;
};

// Densities, and what follows from them

// The middles of the squares that are looked at, from the least.
const axis = (dims) => {
  const step = (2 * REACH) / CELLS[dims];
  return Float32Array.from({ length: CELLS[dims] }, (_, k) => k * step - REACH + step / 2);
};

// The middles of all squares, row by row from the top.
const places = (dims) => {
  const along = axis(dims);
  if (dims === 1) return along;
  return Float32Array.from([...along].reverse().flatMap((y) => [...along].flatMap((x) => [x, y])));
};

// A Gaussian round each of `centres` along an axis: [centres, cells].
const bells = (centres, dims, spread) => {
  const along = axis(dims);
  const scale = 1 / (spread * Math.sqrt(2));
  const made = new Float32Array(centres.length * along.length);
  for (let k = 0; k < centres.length; k++) {
    for (let cell = 0; cell < along.length; cell++) {
      const off = (along[cell] - centres[k]) * scale;
      made[k * along.length + cell] = (Math.exp(-off * off) * scale) / Math.sqrt(Math.PI);
    }
  }
  return made;
};

// The density of equal Gaussians round `centres`: [cells] or [cells, cells].
const mixture = (centres, dims, spread) => {
  const known = centres.length / dims;
  const cells = CELLS[dims];
  const [across, up] = [0, 1].slice(0, dims).map((axis) => bells(centres.filter((_, k) => k % dims === axis), dims, spread));
  const density = new Float32Array(cells ** dims);
  for (let k = 0; k < known; k++) {
    for (let row = 0; row < (up ? cells : 1); row++) {
      const weight = (up ? up[k * cells + cells - 1 - row] : 1) / known;
      for (let column = 0; column < cells; column++) {
        density[row * cells + column] += weight * across[k * cells + column];
      }
    }
  }
  return density;
};

// The fine squares in which `measured` counts, and the blur round the middle of each.
const fine = (dims, spread) => {
  const step = spread / 4;
  const reach = REACH + 4 * spread;
  const squares = Math.ceil((2 * reach) / step);
  const middles = Float32Array.from({ length: squares }, (_, k) => (k + 0.5) * step - reach);
  return {
    ...{ step: Math.fround(step), reach: Math.fround(reach), squares },
    bells: bells(middles, dims, Math.sqrt(spread ** 2 - step ** 2 / 12)),
    counts: new Int32Array(squares ** dims),
    half: new Float32Array(squares * CELLS[dims]),
  };
};
const FINE = {};

// `mixture` round very many points in a small part of its time: they are counted in fine squares. A square's side is a
// quarter of the spread; what the squares add to the variance (Sheppard 1898) is taken off the blur. Points so far out of
// sight that nothing of their blur is seen count for the mean alone.
const measured = (points, dims, spread) => {
  const { step, reach, squares, bells, counts, half } = (FINE[`${dims} ${spread}`] ??= fine(dims, spread));
  const count = points.length / dims;
  const cells = CELLS[dims];
  const square = (value) => Math.floor(Math.fround(Math.fround(value + reach) / step)); // in float32, as PyTorch does
  counts.fill(0);
  for (let k = 0; k < count; k++) {
    const column = square(points[k * dims]);
    const row = dims === 1 ? 0 : square(points[2 * k + 1]);
    if (column >= 0 && column < squares && row >= 0 && row < squares) counts[row * squares + column]++;
  }
  half.fill(0); // blurred from left to right only: [squares, cells]
  for (let at = 0; at < counts.length; at++) {
    if (!counts[at]) continue;
    const to = Math.floor(at / squares) * cells;
    const from = (at % squares) * cells;
    for (let cell = 0; cell < cells; cell++) half[to + cell] += (counts[at] / count) * bells[from + cell];
  }
  if (dims === 1) return half.slice(0, cells);
  const density = new Float32Array(cells * cells);
  for (let each = 0; each < squares; each++) {
    for (let row = 0; row < cells; row++) {
      const weight = bells[each * cells + cells - 1 - row];
      for (let column = 0; column < cells; column++) {
        density[row * cells + column] += weight * half[each * cells + column];
      }
    }
  }
  return density;
};

// The verdict of the best discriminator for densities p and q; NaN where there is next to nothing of either.
// p / (p + q) for cross-entropy (Goodfellow et al. 2014, eq. 2) and for least squares (Mao et al. 2017, eq. 5 with labels
// 1 and 0); 1 where p > q, else -1, for hinge (Lim and Ye 2017).
const best = (p, q, loss = "bce") => {
  let most = 0;
  for (let k = 0; k < p.length; k++) most = Math.max(most, p[k] + q[k]);
  return p.map((each, k) => {
    if (!(each + q[k] > 0.01 * most)) return NaN;
    if (loss === "hinge") return each > q[k] ? 1 : -1;
    return each / (each + q[k]);
  });
};

// The Jensen-Shannon divergence of two densities, in nats: 0 if equal, log 2 if disjoint. All that lies out of sight counts
// as one more square.
const divergence = (p, q, dims) => {
  const cell = ((2 * REACH) / CELLS[dims]) ** dims;
  const fromMiddle = (a, b) => (a > 0 ? a * Math.log((2 * a) / (a + b)) : 0);
  let sum = 0;
  let restP = 1;
  let restQ = 1;
  for (let k = 0; k < p.length; k++) {
    const a = cell * p[k];
    const b = cell * q[k];
    sum += fromMiddle(a, b) + fromMiddle(b, a);
    restP -= a;
    restQ -= b;
  }
  [restP, restQ] = [Math.max(0, restP), Math.max(0, restQ)];
  return (sum + fromMiddle(restP, restQ) + fromMiddle(restQ, restP)) / 2;
};

// The share of the real points that lie where at least a quarter as many generated ones are.
const covered = (p, q) => {
  let [near, all] = [0, 0];
  for (let k = 0; k < p.length; k++) {
    all += p[k];
    if (q[k] >= p[k] / 4) near += p[k];
  }
  return near / all;
};

// The least that the discriminator's loss could be: log 4 - 2 JS for cross-entropy (theorem 1), else null.
const leastLoss = (loss, divergence) => (LOSSES[loss].isProbability ? Math.log(4) - 2 * divergence : null);
