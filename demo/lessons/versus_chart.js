// D(real), D(fake) and the class's share of right answers over training steps, on one scale; of a training and what began
// beside it the lines of both, from shortly before the step that they have in common.
const draw = (tag, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
};
const [LEFT, TOP, BOTTOM, RIGHT] = [40, 32, 40, 16];

export const chart = (now, say) => {
  const [wide, high] = now.beside ? [960, 190] : [640, 370];
  const { step = [], ...lines } = now.lines ?? {};
  const { beside, before } = now;
  const begin = beside ? Math.min(beside.since, step[0] ?? beside.since, beside.lines.step[0] ?? beside.since) : 0;
  const answers = now.class.filter(([at]) => at >= begin);
  const ends = [step, before?.step ?? [], beside?.lines.step ?? [], answers.map(([at]) => at)].map((each) => each.at(-1) ?? 0);
  const end = Math.max(begin + 100, ...ends);
  const x = (at) => LEFT + ((at - begin) / (end - begin)) * (wide - LEFT - RIGHT);
  const y = (share) => TOP + (1 - share) * (high - TOP - BOTTOM);
  const path = (xs, ys) => xs.map((at, i) => `${i ? "L" : "M"}${x(at).toFixed(1)} ${y(ys[i]).toFixed(1)}`).join("");
  const svg = draw("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": say("chart") });
  for (const share of [0, 0.5, 1]) {
    const rule = { x1: LEFT, x2: wide - RIGHT, y1: y(share), y2: y(share), class: share === 0.5 ? "half" : "rule" };
    svg.append(draw("line", rule), draw("text", { x: LEFT - 8, y: y(share) + 6, "text-anchor": "end" }, share === 0.5 ? "½" : share));
  }
  svg.append(draw("text", { x: LEFT, y: high - 10 }, begin.toLocaleString()));
  svg.append(draw("text", { x: wide - RIGHT, y: high - 10, "text-anchor": "end" }, say("axis", { step: end.toLocaleString() })));
  (now.marks ?? []).forEach(([at, text], number) => {
    const mark = draw("line", { x1: x(at), x2: x(at), y1: TOP, y2: high - BOTTOM, class: "mark" });
    mark.append(draw("title", {}, text));
    svg.append(mark, draw("text", { x: x(at), y: TOP - 8, "text-anchor": "middle", class: "number" }, number + 1));
  });
  for (const name of ["d_real", "d_fake"]) {
    if (before) svg.append(draw("path", { d: path(before.step, before[name]), class: `${name} before` }));
    svg.append(draw("path", { d: path(step, lines[name] ?? []), class: `${name} main` }));
    if (beside) svg.append(draw("path", { d: path(beside.lines.step, beside.lines[name]), class: `${name} beside` }));
  }
  svg.append(draw("path", { d: path(answers.map(([at]) => at), answers.map(([, share]) => share)), class: "class" }));
  for (const [at, share, count] of answers) {
    const dot = draw("circle", { cx: x(at), cy: y(share), r: 6, class: "class" });
    dot.append(draw("title", {}, say("of", { count })));
    svg.append(dot);
  }
  return svg;
};
