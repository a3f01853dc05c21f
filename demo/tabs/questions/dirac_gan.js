// The Dirac-GAN as in gan/toy/dirac_gan.py, to which a test holds it. A place is [theta, psi].

const F_PRIME = { saturating: (t) => (1 - Math.tanh(t / 2)) / 2, bce: (t) => (1 - Math.tanh(t / 2)) / 2, wasserstein: () => 1 };
const H = 0.1; // length of a gradient step

const field = ([theta, psi], loss, gamma) => {
  const score = psi * theta;
  const pull = F_PRIME[loss](loss === "saturating" ? -score : score);
  return [psi * pull, -theta * F_PRIME[loss](-score) - gamma * psi];
};

// One step of gradient descent of both: D and then G, which sees the new D, or both from the same moment.
const step = ([theta, psi], loss, gamma, order) => {
  const [toTheta, toPsi] = field([theta, psi], loss, gamma);
  const next = psi + H * toPsi;
  return [theta + H * (order === "alternating" ? field([theta, next], loss, gamma)[0] : toTheta), next];
};

// The two roots of x^2 - trace x + determinant, as [real, imaginary] each.
const roots = (trace, determinant) => {
  const square = trace ** 2 / 4 - determinant;
  const root = Math.sqrt(Math.abs(square));
  return [1, -1].map((sign) => (square < 0 ? [trace / 2, sign * root] : [trace / 2 + sign * root, 0]));
};
const eigenvalues = (loss, gamma) => roots(-gamma, F_PRIME[loss](0) ** 2);
const stepEigenvalues = (loss, gamma, order) => {
  const drive = (H * F_PRIME[loss](0)) ** 2;
  if (order === "simultaneous") return roots(2 - H * gamma, 1 - H * gamma + drive);
  return roots(2 - H * gamma - drive, 1 - H * gamma);
};
const criticalGamma = (loss) => 2 * Math.abs(F_PRIME[loss](0));

// What a path has done: its steps, how often it has turned about the equilibrium, how far it is from there, at first and now, and
// `growth`, the distance now against that of one turn ago (null before the first turn is whole).
const measure = (path) => {
  const [distances, angles] = [path.map((at) => Math.hypot(...at)), [0]];
  for (let k = 1; k < path.length; k++) {
    const [[a, b], [c, d]] = [path[k - 1], path[k]];
    angles.push(angles[k - 1] + Math.atan2(a * d - b * c, a * c + b * d));
  }
  const swept = angles.at(-1);
  const back = Math.abs(swept) - 2 * Math.PI;
  let growth = null;
  if (back >= 0) {
    const k = angles.findLastIndex((each) => Math.abs(each) <= back);
    const [before, after] = [Math.abs(angles[k]), Math.abs(angles[k + 1])];
    const share = after > before ? (back - before) / (after - before) : 0;
    growth = distances.at(-1) / (distances[k] + share * (distances[k + 1] - distances[k]));
  }
  const turns = Math.abs(swept) / (2 * Math.PI);
  return { steps: path.length - 1, turns, first: distances[0], distance: distances.at(-1), growth };
};

// What is to be said of a path by what was measured: a key.
const ARRIVED = 0.02; // of the first distance
const CIRCLES = 0.01; // change of the distance in a turn up to which it is called one and the same circle
const NEAR = 0.02; // distance from the equilibrium from which a path is not worth a sentence
const seen = ({ steps, turns, first, distance, growth }) => {
  if (Math.max(first, distance) < NEAR) return "rests";
  if (!steps) return "start";
  if (!(distance > ARRIVED * first)) return turns >= 0.5 ? "arrived" : "straight";
  if (growth === null) return "on_its_way";
  if (Math.abs(growth - 1) <= CIRCLES) return "circles";
  return growth > 1 ? "leaves" : "spirals";
};
