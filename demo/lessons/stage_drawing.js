// The class is the generator, on the stage: its drawings with D's probability under each, best first, and round by round
// what D said of them and of real digits, before and while it learned from them.
import { fill, make } from "./elements.js";

const svg = (tag, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
};
const [WIDE, HIGH] = [720, 560]; // of the wall
const [LINE, GAP, MOST] = [24, 8, 96]; // of what stands under a drawing, between two, and how many there are at most
const CHART = { wide: 480, high: 350, left: 56, right: 8, top: 14, bottom: 34 };
const LEARNS = 0.6; // of a round's width: the ten seconds

export default class Drawing {
  constructor({ words, lesson, here, key }) {
    Object.assign(this, { words, leads: lesson.leads, here, key });
    this.root = make("div", "", { id: "lesson-drawing", hidden: true });
    this.state = null; // of the room
    this.code = "";
    this.shown = ""; // what is drawn
  }

  say(name, values = {}) {
    return fill(this.words[`drawing_${name}`], values);
  }

  percent(share) {
    return this.say("percent", { value: Math.round(100 * share) });
  }

  ask(scene) {
    this.root.hidden = scene?.stage !== "drawing";
    this.draw();
  }

  hear(state, code) {
    this.state = state;
    this.code = code;
    this.draw();
  }

  // The key V: D learns.
  turn() {
    if (!this.root.hidden && this.canLearn) this.act("learn");
  }

  act(what) {
    const body = JSON.stringify({ key: this.key(), do: what });
    return fetch(this.here(`../room/${this.code}/drawing/do`), { method: "POST", body }).catch(() => null);
  }

  get now() {
    return this.state?.drawing;
  }

  get drawn() {
    return this.now?.wall?.filter((each) => each.round === this.now.round) ?? [];
  }

  get canLearn() {
    return Boolean(this.drawn.length && !this.now.phase && !this.now.is_full);
  }

  draw() {
    if (this.root.hidden) return;
    const { now, code } = this;
    const isAsked = JSON.stringify([now, code, Boolean(this.state)]);
    if (isAsked === this.shown) return; // the room tells of much else
    this.shown = isAsked;
    if (!now?.wall?.length && !now?.rounds?.length) return this.root.replaceChildren(this.explained());
    if (!this.root.querySelector(".wall")) {
      this.root.replaceChildren(make("div", "", { className: "wall" }), make("div", "", { className: "side" }));
    }
    this.drawWall(now.wall);
    this.drawSide(now);
  }

  // Before there is a drawing: what is to be done, and how a room is opened.
  explained() {
    const list = make("ol", "", { className: "how" });
    const first = this.state ? this.say("room", { code: this.code }) : this.say(this.leads ? "alone" : "guest", { lead: this.words.lead });
    for (const text of [first, ...["first", "second", "third"].map((name) => this.say(name))]) list.append(make("li", text));
    return list;
  }

  drawWall(wall) {
    const shown = wall.slice(0, MOST);
    const fits = (side) => Math.floor(WIDE / (side + GAP)) * Math.floor(HIGH / (side + LINE + GAP)) >= shown.length;
    let side = 200;
    while (side > 40 && !fits(side)) side--;
    const element = this.root.querySelector(".wall");
    const there = new Map([...element.children].map((each) => [each.dataset.id, each]));
    element.style.setProperty("--side", `${side}px`);
    if (!shown.length) return element.replaceChildren(make("p", this.say("restarted"), { role: "status" }));
    element.replaceChildren(
      ...shown.map((each) => {
        const cell = there.get(each.id) ?? this.cell(each.id);
        const isNow = each.round === this.now.round;
        const isFormer = !isNow && this.drawn.length > 0;
        const text = isNow ? this.percent(each.now) : this.say("moved", { first: this.percent(each.first), now: this.percent(each.now) });
        cell.classList.toggle("former", isFormer);
        cell.lastChild.textContent = side > 84 ? text : this.percent(each.now);
        cell.firstChild.alt = this.say("cell", { score: this.percent(each.now) });
        return cell;
      }),
    );
  }

  cell(id) {
    const cell = make("figure");
    cell.dataset.id = id;
    cell.append(make("img", "", { src: this.here(`../room/${this.code}/drawing/${id}.png`).href }), make("figcaption"));
    return cell;
  }

  drawSide(now) {
    const side = this.root.querySelector(".side");
    const learn = make("button", this.say("learn"), { type: "button", className: "act learn", disabled: !this.canLearn, onclick: () => this.turn() });
    const anew = make("button", this.say("anew"), { type: "button", className: "anew", disabled: Boolean(now.phase) });
    anew.onclick = () => confirm(this.say("anew_sure")) && this.act("anew");
    const told = make("p", this.told(now), { className: "sum" });
    told.setAttribute("role", "status");
    const seconds = now.curve.at(-1)?.[0] ?? 0;
    const bar = make("progress", "", { max: now.seconds, value: seconds, hidden: !now.phase, ariaLabel: this.say("progress", { seconds: Math.floor(seconds) }) });
    const acts = make("div", "", { className: "acts" });
    acts.append(learn, anew);
    const focused = ["learn", "anew"].find((name) => side.querySelector(`.${name}`) === document.activeElement);
    side.replaceChildren(this.legend(), this.chart(now), told, bar, acts);
    if (focused) side.querySelector(`.${focused}`).focus();
  }

  told(now) {
    if (now.phase === "waiting") return this.say("queue");
    if (now.phase) return this.say("progress", { seconds: Math.floor(now.curve.at(-1)?.[0] ?? 0) });
    const { drawn } = this;
    if (drawn.length) return this.say("said", { round: now.round, count: drawn.length, class: this.percent(mean(drawn)), real: this.percent(now.real) });
    if (!now.wall.length) return ""; // the program was started again
    const { curve } = now.rounds.at(-1);
    const [before, after] = [curve[0], curve.at(-1)].map((point) => this.percent(point[1]));
    const values = { before, after, real_before: this.percent(curve[0][2]), real_after: this.percent(curve.at(-1)[2]) };
    return this.say(now.is_full ? "last" : "learned", values);
  }

  legend() {
    const legend = make("p", "", { className: "legend" });
    legend.append(...["class", "digits"].map((name) => make("span", this.say(name), { className: name })));
    return legend;
  }

  // Each round: what D said as the class drew, and how that moved while it learned.
  chart(now) {
    const { wide, high, left, right, top, bottom } = CHART;
    const { drawn } = this;
    const rounds = now.rounds.map(({ curve }) => curve);
    if (now.curve.length) rounds.push(now.curve);
    else if (drawn.length) rounds.push([[0, mean(drawn), now.real]]);
    const count = Math.max(3, rounds.length, ...now.restarts);
    const unit = (wide - left - right) / count;
    const x = (at, seconds) => left + unit * (at + 0.15 + (LEARNS * seconds) / now.seconds);
    const y = (share) => top + (1 - share) * (high - top - bottom);
    const figure = svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": this.say("chart") });
    for (const share of [0, 0.5, 1]) {
      figure.append(svg("line", { x1: left, x2: wide - right, y1: y(share), y2: y(share), class: "grid" }));
      figure.append(svg("text", { x: left - 6, y: y(share) + 5, "text-anchor": "end" }, this.percent(share)));
    }
    for (const number of now.restarts) {
      const middle = left + unit * (number - 1);
      figure.append(svg("line", { x1: middle, x2: middle, y1: top, y2: y(0), class: "restart" }));
      figure.append(svg("text", { transform: `translate(${middle + 16} ${y(0) - 6}) rotate(-90)` }, this.say("fresh")));
    }
    rounds.forEach((curve, at) => {
      if (count <= 6 || at === rounds.length - 1) {
        figure.append(svg("text", { x: x(at, now.seconds / 2), y: high - 8, "text-anchor": "middle" }, this.say("round", { round: at + 1 })));
      }
      for (const [of, name] of [[2, "digits"], [1, "class"]]) {
        const points = curve.map((point) => `${x(at, point[0])},${y(point[of])}`);
        figure.append(svg("polyline", { points: points.join(" "), class: name }));
        for (const point of [curve[0], curve.at(-1)]) figure.append(svg("circle", { cx: x(at, point[0]), cy: y(point[of]), r: 5, class: name }));
      }
    });
    return figure;
  }
}

function mean(drawings) {
  return drawings.reduce((sum, each) => sum + each.first, 0) / drawings.length;
}
