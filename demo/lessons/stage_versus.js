// The class plays the duel, on the stage: the newest pictures of the training, D(real), D(fake) and the class's share of
// right answers on one scale, and what the teacher does to the training.
import { fill, make } from "./elements.js";

const draw = (tag, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
};
const EVERY = 1000; // milliseconds between two looks at the training
const [WIDE, HIGH, LEFT, TOP, BOTTOM, RIGHT] = [640, 370, 40, 32, 40, 16]; // of the chart
const DONE = 4; // acts that are told of in words
const LINES = ["d_real", "d_fake", "class"];

export default class Versus {
  constructor({ words, lesson, here, key }) {
    Object.assign(this, { words, leads: lesson.leads, here, key });
    this.say = (name, values = {}) => fill(words[`versus_${name}`], values);
    document.head.append(make("link", "", { rel: "stylesheet", href: here("versus.css").href }));
    this.root = make("div", "", { id: "lesson-versus", hidden: true });
    this.code = null; // of the room
    this.shown = ""; // the pictures that are shown, by run and step
    this.image = make("img", "", { alt: "" });
    this.told = make("p", "", { role: "status" });
    this.teacher = make("input", "", { type: "password", autocomplete: "off", ariaLabel: this.say("key"), placeholder: this.say("key") });
  }

  ask(scene) {
    this.root.hidden = scene?.stage !== "versus";
    this.begin();
  }

  hear(_, code) {
    if (this.code === code && this.root.childElementCount) return;
    this.code = code;
    this.begin();
  }

  begin() {
    clearTimeout(this.timer);
    if (this.root.hidden) return;
    if (this.code) this.look();
    else this.invite();
  }

  // Without a room: what this scene is, and how it is begun.
  invite() {
    this.last = "";
    const list = make("ol");
    const lines = this.leads ? ["begin", "start_how", "phones"] : ["join", "phones"];
    list.append(...lines.map((name) => make("li", this.say(name, { lead: this.words.lead }))));
    this.root.replaceChildren(make("p", this.say("how"), { className: "how" }), list);
  }

  async look() {
    clearTimeout(this.timer);
    const code = this.code;
    const answer = document.hidden ? null : await fetch(this.here(`../room/${code}/versus`)).catch(() => null);
    const now = answer?.ok ? await answer.json().catch(() => null) : null;
    if (this.root.hidden || this.code !== code) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), EVERY);
    const text = JSON.stringify(now);
    if (!now || text === this.last) return;
    this.last = text;
    this.draw(now);
  }

  // Each part is put in the place of the one before; the buttons only where there are others, for a hand may be on one.
  draw(now) {
    if (!this.parts?.picture.isConnected) this.frame();
    const parts = { picture: this.picture(now), caption: this.caption(now), story: this.story(now) };
    Object.assign(parts, { numbers: this.numbers(now), chart: this.chart(now), meaning: this.meaning(now) });
    const offered = JSON.stringify(this.offered(now));
    if (offered !== this.offers) parts.acts = this.acts(now);
    this.offers = offered;
    for (const [name, part] of Object.entries(parts)) {
      if (part === this.parts[name]) continue;
      this.parts[name].replaceWith(part);
      this.parts[name] = part;
    }
  }

  frame() {
    this.offers = "";
    const names = ["picture", "caption", "story", "numbers", "chart", "meaning", "acts"];
    this.parts = Object.fromEntries(names.map((name) => [name, make("div")]));
    const [left, right] = [make("figure", "", { className: "newest" }), make("div", "", { className: "duel" })];
    const { picture, caption, story, ...others } = this.parts;
    left.append(picture, caption, story);
    right.append(...Object.values(others), this.told);
    this.root.replaceChildren(left, right);
  }

  picture({ run, sample, why }) {
    if (sample === null || sample === undefined) {
      return make("p", run ? why || this.say("coming") : this.say("none"), { className: "empty" });
    }
    const shown = `${run.name}/${sample}`;
    if (shown !== this.shown) this.image.src = this.here(`../room/${this.code}/versus/shown.png?of=${encodeURIComponent(shown)}`).href;
    this.shown = shown;
    this.image.alt = this.say("alt", { step: sample.toLocaleString() });
    return this.image;
  }

  caption({ run }) {
    return make("figcaption", run ? this.say("standing", { ...run, step: run.step.toLocaleString() }) : "");
  }

  // The newest numbers, which are the legend too.
  numbers(now) {
    const list = make("ul", "", { className: "numbers" });
    const lines = now.lines ?? {};
    const newest = { d_real: lines.d_real?.at(-1), d_fake: lines.d_fake?.at(-1), class: now.class.at(-1)?.[1] };
    for (const name of LINES) {
      const item = make("li", "", { className: name });
      item.append(make("span", this.say(name)), make("b", newest[name] === undefined ? "–" : newest[name].toFixed(2)));
      list.append(item);
    }
    return list;
  }

  chart(now) {
    const { step = [], ...lines } = now.lines ?? {};
    const end = Math.max(100, step.at(-1) ?? 0, now.before?.step.at(-1) ?? 0, ...now.class.map(([at]) => at));
    const x = (at) => LEFT + (at / end) * (WIDE - LEFT - RIGHT);
    const y = (share) => TOP + (1 - share) * (HIGH - TOP - BOTTOM);
    const svg = draw("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": this.say("chart") });
    for (const share of [0, 0.5, 1]) {
      const rule = { x1: LEFT, x2: WIDE - RIGHT, y1: y(share), y2: y(share), class: share === 0.5 ? "half" : "rule" };
      svg.append(draw("line", rule), draw("text", { x: LEFT - 8, y: y(share) + 6, "text-anchor": "end" }, share === 0.5 ? "½" : share));
    }
    svg.append(draw("text", { x: LEFT, y: HIGH - 10 }, "0"));
    svg.append(draw("text", { x: WIDE - RIGHT, y: HIGH - 10, "text-anchor": "end" }, this.say("axis", { step: end.toLocaleString() })));
    (now.marks ?? []).forEach(([at, text], number) => {
      const mark = draw("line", { x1: x(at), x2: x(at), y1: TOP, y2: HIGH - BOTTOM, class: "mark" });
      mark.append(draw("title", {}, text));
      svg.append(mark, draw("text", { x: x(at), y: TOP - 8, "text-anchor": "middle", class: "number" }, number + 1));
    });
    const path = (xs, ys) => xs.map((at, i) => `${i ? "L" : "M"}${x(at).toFixed(1)} ${y(ys[i]).toFixed(1)}`).join("");
    for (const name of ["d_real", "d_fake"]) {
      if (now.before) svg.append(draw("path", { d: path(now.before.step, now.before[name]), class: `${name} before` }));
      svg.append(draw("path", { d: path(step, lines[name] ?? []), class: name }));
    }
    svg.append(draw("path", { d: path(now.class.map(([at]) => at), now.class.map(([, share]) => share)), class: "class" }));
    now.class.forEach(([at, share, count]) => {
      const dot = draw("circle", { cx: x(at), cy: y(share), r: 6, class: "class" });
      dot.append(draw("title", {}, this.say("of", { count })));
      svg.append(dot);
    });
    return svg;
  }

  // What one half means, for D and for the class.
  meaning({ run }) {
    const half = run?.half ?? 0.5;
    const words = make("div", "", { className: "meaning" });
    words.append(make("p", this.say(half < 0.5 ? "half_smooth" : "half", { half })), make("p", this.say("half_class")));
    return words;
  }

  // How many have answered, and what was done to the training: by its number in the chart.
  story(now) {
    const share = Math.round((100 * now.right) / Math.max(1, now.answers));
    const list = make("ul", "", { className: "story" });
    const lines = [now.answers ? this.say("answers", { count: now.answers, share }) : this.say("nobody")];
    (now.marks ?? []).forEach(([, text], at, { length }) => at >= length - DONE && lines.push(`${at + 1}. ${text}`));
    if (now.before) lines.push(this.say("before", now.before));
    list.append(...lines.map((line) => make("li", line)));
    return list;
  }

  // What may be done next, where this visitor may: the class votes on it first.
  offered({ run, busy, may, needs_key }) {
    const trains = run && ["running", "paused"].includes(run.status);
    const names = [];
    if (!busy) names.push("start");
    if (trains) names.push(run.frozen ? "free-d" : "hold-d", "lr-d=x3", "lr-d=/3");
    if (run?.can_branch && run.changed && (trains || !busy)) names.push("what-if");
    return { names: this.leads && this.key() ? names : [], may: may || needs_key, needs_key };
  }

  acts(now) {
    const { names, may, needs_key } = this.offered(now);
    const bar = make("div", "", { className: "acts" });
    if (!may) bar.append(make("p", this.say("may_not")));
    const words = { start: "start", "hold-d": "hold", "free-d": "free", "lr-d=x3": "faster", "lr-d=/3": "slower", "what-if": "what_if" };
    for (const name of may ? names : []) {
      const button = make("button", this.say(words[name], { minutes: now.minutes }), { type: "button" });
      button.dataset.act = name;
      if (["start", "hold-d", "free-d"].includes(name)) button.className = "act";
      button.onclick = () => this.act(name, bar);
      bar.append(button);
    }
    if (needs_key && names.length) bar.append(this.teacher);
    return bar;
  }

  async act(name, bar) {
    for (const each of bar.querySelectorAll("button")) each.disabled = true;
    this.told.textContent = "";
    const body = JSON.stringify({ key: this.key(), do: name, teacher: this.teacher.value });
    const answer = await fetch(this.here(`../room/${this.code}/versus/do`), { method: "POST", body }).catch(() => null);
    if (!answer?.ok) this.told.textContent = (await answer?.json().catch(() => null))?.error ?? this.say("lost");
    for (const each of bar.querySelectorAll("button")) each.disabled = false;
    this.last = "";
    setTimeout(() => this.look(), 300); // the training takes it in at its next step
  }
}
