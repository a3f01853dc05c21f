// The small duel on canvases: the plane as both discriminators see it, or the line as the first paper drew it. All is drawn
// in units of the picture, a thousandth of its side each; real points are round and blue, generated ones square and orange,
// so that they are told apart without colour. The colours are those of the style sheet.

const SIDE = 1000;
const FLOOR = 560; // where the upper line lies, in one dimension; z lies on a lower one, at
const GROUND = 960;
const ARROWS = { 1: 40, 2: 80 };
const SHARPEST = 2; // device pixels for one of the page's, at most
const COLOURS = ["ground", "nothing", "spear", "shield", "real", "fake", "pull", "net", "grid", "verdict", "best", "letter"];

const colours = (element) => {
  const style = getComputedStyle(element);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
};
const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)); // of "#rrggbb"

// A verdict as a share: 0 for fake, 1 for real, 1/2 where D can only guess, whatever the loss.
const share = (verdict, loss) => {
  const rest = LOSSES[loss].equilibrium.verdict;
  return (verdict - (2 * rest - 1)) / (2 - 2 * rest);
};
const along = (value) => ((value / REACH + 1) * SIDE) / 2; // from left to right
const kept = (value) => Math.max(-4 * SIDE, Math.min(5 * SIDE, value));
const across = (points, k) => kept(along(points[2 * k]));
const down = (points, k) => kept(along(-points[2 * k + 1]));

// The canvas's context in units of the picture, as sharp as the screen; null while it is not seen.
const paper = (canvas) => {
  const pixels = Math.round(canvas.clientWidth * Math.min(SHARPEST, window.devicePixelRatio));
  if (!pixels) return null;
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  const context = canvas.getContext("2d");
  context.setTransform(pixels / SIDE, 0, 0, pixels / SIDE, 0, 0);
  return context;
};

// Verdicts of [cells, cells] as a picture: orange for fake, white for undecided, blue for real, grey for none.
const heat = (context, verdicts, loss, palette) => {
  const cells = CELLS[2];
  const small = (heat.small ??= Object.assign(document.createElement("canvas"), { width: cells, height: cells }));
  const pen = (heat.pen ??= small.getContext("2d"));
  const image = (heat.image ??= pen.createImageData(cells, cells));
  const [real, fake, nothing] = [palette.shield, palette.spear, palette.nothing].map(channels);
  const { data } = image;
  const rest = LOSSES[loss].equilibrium.verdict;
  for (let k = 0, at = 0; k < verdicts.length; k++, at += 4) {
    const lean = (verdicts[k] - rest) / (1 - rest); // -1 for fake, 0 for undecided, 1 for real
    const side = lean > 0 ? real : fake;
    const strength = 0.75 * Math.min(1, Math.abs(lean));
    for (let each = 0; each < 3; each++) {
      data[at + each] = Number.isNaN(lean) ? nothing[each] : 255 - strength * (255 - side[each]);
    }
    data[at + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
  context.drawImage(small, 0, 0, SIDE, SIDE);
};

// Points with a pale edge, all edges below all points: round for real, square for fake. A disc is drawn once and stamped,
// since curves are the slowest to fill.
const dots = (context, points, kind, palette) => {
  const rings = kind === "real" ? [[13.5, palette.ground], [9.5, palette.real]] : [[12.5, palette.ground], [8.5, palette.fake]];
  for (const [size, colour] of rings) {
    context.fillStyle = colour;
    const stamp = kind === "real" ? disc(context, size, colour) : null;
    for (let k = 0; k < SHOWN; k++) {
      const [left, top] = [across(points, k) - size, down(points, k) - size];
      if (stamp) context.drawImage(stamp, left, top, 2 * size, 2 * size);
      else context.fillRect(left, top, 2 * size, 2 * size);
    }
  }
};

// A small canvas with a disc, as large as it will be on this one.
const disc = (context, size, colour) => {
  const pixels = Math.ceil((2 * size * context.canvas.width) / SIDE);
  const key = `${pixels} ${colour}`;
  return (disc.made[key] ??= (() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: pixels, height: pixels });
    const pen = canvas.getContext("2d");
    pen.fillStyle = colour;
    pen.arc(pixels / 2, pixels / 2, pixels / 2, 0, 2 * Math.PI);
    pen.fill();
    return canvas;
  })());
};
disc.made = {};

const wedge = (context, x0, y0, x1, y1, x2, y2) => {
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.lineTo(x2, y2);
  context.closePath();
};

const fillWedges = (context, palette) => {
  context.globalAlpha = 0.75;
  context.fillStyle = palette.pull;
  context.fill();
  context.globalAlpha = 1;
};

// Where the loss would have each generated point go: a wedge from the point, as long as the pull is strong. One unit of pull
// shows, thirty don't fill the plane.
const arrows = (context, fake, pull, palette) => {
  context.beginPath();
  for (let k = 0; k < ARROWS[2]; k++) {
    const [dx, dy] = [pull[2 * k], pull[2 * k + 1]];
    const size = Math.hypot(dx, dy);
    const length = 0.3 * Math.tanh(size / 2);
    if (!(length > 0.01)) continue;
    const [x, y] = [across(fake, k), down(fake, k)];
    const [stepX, stepY] = [dx, -dy].map((each) => ((each / size) * length * SIDE) / (2 * REACH));
    const side = (0.018 * SIDE) / (2 * REACH) / Math.hypot(stepX, stepY);
    wedge(context, x - stepY * side, y + stepX * side, x + stepX, y + stepY, x + stepY * side, y - stepX * side);
  }
  fillWedges(context, palette);
};

// The plane of z as the generator lays it: its lines.
const net = (context, points, palette) => {
  context.beginPath();
  for (let k = 0; k < points.length / 2; k++) {
    context[k % STEPS ? "lineTo" : "moveTo"](across(points, k), down(points, k));
  }
  Object.assign(context, { lineWidth: 2.5, strokeStyle: palette.net, globalAlpha: 0.55 });
  context.stroke();
  context.globalAlpha = 1;
};

// Two dimensions: what D says of every place, with what is to be shown of the points on top.
const drawPlane = (canvas, verdict, loss, palette, { real, fake, pull, net: lines } = {}, shows = []) => {
  const context = paper(canvas);
  if (!context) return;
  heat(context, verdict, loss, palette);
  if (shows.includes("net")) net(context, lines, palette);
  if (shows.includes("real")) dots(context, real, "real", palette);
  if (shows.includes("fake")) dots(context, fake, "fake", palette);
  if (shows.includes("pull")) arrows(context, fake, pull, palette);
};

// One dimension: both densities, both D over them; under them where the generator sends each z.
const drawLine = (canvas, { p, q, verdict, best, net: ends, fake, pull }, loss, palette, shows) => {
  const context = paper(canvas);
  if (!context) return;
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, SIDE, SIDE);
  const stroke = (colour, lineWidth, dash = [], lineCap = "butt") => {
    Object.assign(context, { strokeStyle: colour, lineWidth, lineCap, lineJoin: "round" });
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
  };
  const curve = (values, height, ...style) => {
    let pen = false;
    context.beginPath();
    for (let k = 0; k < values.length; k++) {
      const y = FLOOR - (FLOOR * Math.min(Math.max(values[k], 0), height)) / height;
      if (Number.isFinite(y)) context[pen ? "lineTo" : "moveTo"]((SIDE * (k + 0.5)) / values.length, y);
      pen = Number.isFinite(y);
    }
    stroke(...style);
  };
  context.beginPath();
  for (const y of [FLOOR, GROUND]) {
    context.moveTo(0, y);
    context.lineTo(SIDE, y);
  }
  stroke(palette.grid, 2);
  const top = 1.1 * Math.max(...p, ...q);
  if (shows.includes("real")) curve(p, top, palette.real, 8, [0.01, 13], "round");
  if (shows.includes("fake")) curve(q, top, palette.fake, 8);
  const shares = (verdicts) => verdicts.map((each) => share(each, loss));
  curve(shares(best), 1.05, palette.best, 4);
  curve(shares(verdict), 1.05, palette.verdict, 6, [24, 12]);
  context.beginPath();
  for (let k = 0; k < 4 * STEPS; k += 1) {
    context.moveTo((SIDE * k) / (4 * STEPS - 1), GROUND);
    context.lineTo(Math.max(-SIDE, Math.min(2 * SIDE, along(ends[k]))), FLOOR);
  }
  context.globalAlpha = 0.55;
  stroke(palette.net, 2.5);
  context.globalAlpha = 1;
  if (shows.includes("pull")) {
    context.beginPath();
    for (let k = 0; k < ARROWS[1]; k++) {
      const x = kept(along(fake[k]));
      const tip = x + 150 * Math.tanh(pull[k] / 2);
      if (Math.abs(tip - x) > 4) wedge(context, x, FLOOR + 12, tip, FLOOR + 24, x, FLOOR + 36);
    }
    fillWedges(context, palette);
  }
  Object.assign(context, { fillStyle: palette.letter, font: "34px sans-serif" });
  context.fillText("z", 8, GROUND + 30);
  context.fillText("x", 8, FLOOR + 34);
};
