// Curves that grow in the page: the same HTML as demo/ui/svg_chart.html, so that its style sheet and its read-out under the
// pointer serve these too. A line is {kind, label, x, y, rest}; `rest`, if any, is where it would come to rest.

const UNIT = 1000; // width and height of a chart in its own units
const CURVE = 120; // points of a curve
const ENTITIES = { "&": "&amp;", "<": "&lt;", '"': "&quot;" };
const escaped = (text) => String(text).replace(/[&<"]/g, (each) => ENTITIES[each]);

// The centred mean over a fortieth of the values, fewer at both ends.
const smooth = (y) => {
  const side = Math.floor(y.length / 40);
  const total = [0];
  for (const each of y) total.push(total.at(-1) + each);
  return y.map((_, k) => {
    const [begin, end] = [Math.max(0, k - side), Math.min(y.length, k + side + 1)];
    return (total[end] - total[begin]) / (end - begin);
  });
};

// At most `most` + 1 round numbers within [low, high], a step of 1, 2 or 5 times a power of ten apart.
const ticks = (low, high, most = 5) => {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * (1 - 1e-9));
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
};
const tickNumber = (value) => (Math.abs(value) >= 1000 ? value.toLocaleString("en") : String(Number(value.toFixed(6))));

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.round(q * (values.length - 1))];

const thinned = (turns) => {
  const every = Math.max(1, Math.ceil(turns.length / CURVE));
  return turns.filter((_, k) => k % every === 0);
};

const chart = (lines, { title, unit, xRange: [x0, x1], yRange: [y0, y1], restLabel = "" }) => {
  const across = (value) => ((value - x0) / (x1 - x0)) * UNIT;
  const up = (value) => UNIT - ((value - y0) / (y1 - y0)) * UNIT;
  const clipped = (value) => Math.max(y0, Math.min(y1, value));
  const points = ({ x }, y) => x.map((each, k) => `${across(each).toFixed(1)},${up(clipped(y[k])).toFixed(1)}`).join(" ");
  const [yTicks, xTicks] = [ticks(y0, y1), ticks(x0, x1, 4)];
  const rests = lines.filter((line) => line.rest !== undefined);
  const entries = lines.map(({ kind, label }) => [`${kind} mean`, label]);
  if (restLabel) entries.push(["shared rest", restLabel]);
  const key = ([kind, label]) =>
    `<span><svg viewBox="0 0 30 10" aria-hidden="true"><path class="${kind}" d="M0 5H30"/></svg>${escaped(label)}</span>`;
  const ends = lines.map((line) => `${line.label} ${line.y.at(-1).toPrecision(3)}`).join(", ");
  const tick = (axis, edge, at, value) =>
    `<span class="${axis}" style="${edge}:${(at / UNIT) * 100}%">${tickNumber(value)}</span>`;
  return `<figure class="chart" data-x="${x0} ${x1}" data-y="${y0} ${y1}" data-unit="${escaped(unit)}">
    <figcaption><b>${escaped(title)}</b>${entries.map(key).join("")}</figcaption>
    <div class="plot"><svg viewBox="0 0 ${UNIT} ${UNIT}" preserveAspectRatio="none" role="img"
      aria-label="${escaped(`${title}: ${ends}`)}"><path class="grid" d="${yTicks.map((v) => `M0 ${up(v)}H${UNIT}`).join("")}"/>
      ${rests.map(({ kind, rest }) => `<path class="${rests.length === lines.length ? kind : "shared"} rest" d="M0 ${up(rest)}H${UNIT}"/>`).join("")}
      ${lines.map((line) => `<polyline class="${line.kind} raw" points="${points(line, line.y)}"/>`).join("")}
      ${lines.map((line) => `<polyline class="${line.kind} mean" data-label="${escaped(line.label)}" points="${points(line, smooth(line.y))}"/>`).join("")}
    </svg>${yTicks.map((v) => tick("y", "top", up(v), v)).join("")}${xTicks.map((v) => tick("x", "left", across(v), v)).join("")}<output></output></div>
    <p class="unit">${escaped(unit)}</p></figure>`;
};

// Losses, verdicts and the divergence over the rounds, as HTML; `trail` are pairs of a round and its divergence.
const duelCurves = (gan, trail, say) => {
  const { loss } = gan.config;
  const [rest, turns] = [LOSSES[loss].equilibrium, thinned(gan.history)];
  if (turns.length < 2) return "";
  const column = (name) => turns.map((turn) => turn[name]);
  const x = column("number");
  const line = (kind, name, key, rest) => ({ kind, label: say(key), x, y: column(name), rest });
  const frame = (key, low, high, restLabel) => ({
    ...{ title: say(`charts.${key}`), unit: say("charts.round"), restLabel },
    ...{ xRange: [0, x.at(-1)], yRange: [low, high] },
  });
  const both = [...column("lossG"), ...column("lossD")];
  const verdicts = [line("shield", "dReal", "numbers.d_real"), line("spear", "dFake", "numbers.d_fake", 0.5)];
  for (const each of verdicts) each.y = each.y.map((v) => share(v, loss));
  const charts = [
    chart(
      [line("spear", "lossG", "numbers.loss_g", rest.g), line("shield", "lossD", "numbers.loss_d", rest.d)],
      frame("loss", Math.min(0, quantile(both, 0.02)), Math.max(2, quantile(both, 0.98))),
    ),
    chart(verdicts, frame("verdict", 0, 1, say("charts.half"))),
  ];
  if (trail.length > 1) {
    const kept = thinned(trail);
    const fell = { kind: "cycle", label: say("numbers.divergence"), x: kept.map(([k]) => k), y: kept.map(([, v]) => v) };
    charts.push(chart([{ ...fell, rest: Math.log(2) }], frame("divergence", 0, 0.75, say("charts.apart"))));
  }
  return charts.join("");
};
