// The class plays the duel, on the stage: the newest pictures of the training, D(real), D(fake) and the class's share of
// right answers on one scale, and what the teacher does to the training. Where what would come of it otherwise trains
// beside it, each of the two has its pane.
import { fill, make } from "./elements.js";
import { chart } from "./versus_chart.js";

const EVERY = 1000; // milliseconds between two looks at the training
const FOLLOWS = 10_000; // milliseconds in which other buttons are what came of a press
const [DONE, DONE_BESIDE] = [4, 2]; // acts that are told of in words
const LINES = ["d_real", "d_fake", "class"];

export default class Versus {
  constructor({ words, lesson, here, key }) {
    Object.assign(this, { words, leads: lesson.leads, here, key });
    this.say = (name, values = {}) => fill(words[`versus_${name}`], values);
    document.head.append(make("link", "", { rel: "stylesheet", href: here("versus.css").href }));
    this.root = make("div", "", { id: "lesson-versus", hidden: true });
    this.code = null; // of the room
    this.images = { main: make("img", "", { alt: "" }), branch: make("img", "", { alt: "" }) };
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
    const { run, sample, why, beside } = now;
    if (Boolean(beside) !== this.isPair || !this.parts?.picture.isConnected) this.frame(Boolean(beside));
    const name = beside ? beside.with : run?.name;
    const parts = { picture: this.picture("main", name, run, sample, why), caption: this.caption(name, run), story: this.story(now) };
    Object.assign(parts, { numbers: this.numbers(now), chart: chart(now, this.say), meaning: this.meaning(now) });
    if (beside) {
      const picture = this.picture("branch", beside.without, beside, beside.sample, "");
      Object.assign(parts, { otherPicture: picture, otherCaption: this.caption(beside.without, beside) });
    }
    const offered = JSON.stringify(this.offered(now));
    if (offered !== this.offers) parts.acts = this.acts(now);
    this.offers = offered;
    for (const [name, part] of Object.entries(parts)) {
      if (part === this.parts[name]) continue;
      this.parts[name].replaceWith(part);
      this.parts[name] = part;
    }
    const isLost = document.activeElement === document.body && Date.now() - this.pressed < FOLLOWS;
    if (parts.acts && isLost) parts.acts.querySelector("button")?.focus();
  }

  frame(isPair) {
    Object.assign(this, { isPair, offers: "" });
    const names = ["picture", "caption", "story", "numbers", "chart", "meaning", "acts", "otherPicture", "otherCaption"];
    this.parts = Object.fromEntries(names.map((name) => [name, make("div")]));
    const { picture, caption, story, numbers, chart, meaning, acts, otherPicture, otherCaption } = this.parts;
    const [left, right] = ["main", "branch"].map((name) => make("figure", "", { className: `newest ${name}` }));
    const duel = make("div", "", { className: isPair ? "duel pair" : "duel" });
    if (isPair) {
      left.append(caption, picture);
      right.append(otherCaption, otherPicture);
      duel.append(numbers, meaning, story, acts, this.told);
      this.root.replaceChildren(left, right, duel, chart);
    } else {
      left.append(picture, caption, story);
      duel.append(numbers, chart, meaning, acts, this.told);
      this.root.replaceChildren(left, duel);
    }
  }

  picture(which, name, run, sample, why) {
    if (sample === null || sample === undefined) {
      return make("p", run ? why || this.say("coming") : this.say("none"), { className: "empty" });
    }
    const image = this.images[which];
    const shown = `${run.name}/${sample}`;
    if (image.dataset.of !== shown) {
      const branch = which === "branch" ? "&branch=1" : "";
      image.src = this.here(`../room/${this.code}/versus/shown.png?of=${encodeURIComponent(shown)}${branch}`).href;
    }
    image.dataset.of = shown;
    image.alt = `${name}: ${this.say("alt", { step: sample.toLocaleString() })}`;
    return image;
  }

  caption(name, run) {
    const caption = make("figcaption");
    const says = this.isPair && run.status === "running" ? "axis" : "standing";
    if (run) caption.append(make("b", name), " ", make("span", this.say(says, { ...run, step: run.step.toLocaleString() })));
    return caption;
  }

  // The newest numbers, which are the legend too: a row for each training, and one for the class.
  numbers(now) {
    const table = make("table", "", { className: "numbers" });
    const cell = (name, value) => make("td", value === undefined ? "–" : value.toFixed(2), { className: name });
    const head = (text, scope) => make("th", text, { scope });
    const share = cell("class", now.class.at(-1)?.[1]);
    const row = (className, ...cells) => {
      const made = make("tr", "", { className });
      made.append(...cells);
      table.append(made);
    };
    const both = (lines) => ["d_real", "d_fake"].map((name) => cell(name, lines?.[name].at(-1)));
    const columns = LINES.map((name) => head(this.say(name), "col"));
    if (!now.beside) {
      row("", ...columns);
      row("main", ...both(now.lines), share);
      return table;
    }
    share.colSpan = 2;
    const last = columns.pop();
    row("", make("td"), ...columns);
    row("main", head(now.beside.with, "row"), ...both(now.lines));
    row("beside", head(now.beside.without, "row"), ...both(now.beside.lines));
    last.scope = "row";
    row("", last, share);
    return table;
  }

  // What one half means, for D and for the class; of two trainings what they have in common.
  meaning({ run, beside }) {
    const half = run?.half ?? 0.5;
    const words = make("div", "", { className: "meaning" });
    if (beside) {
      const says = this.say(beside.status === "starting" ? "branching" : "same", { step: beside.since.toLocaleString() });
      words.append(make("p", says));
    } else {
      words.append(make("p", this.say(half < 0.5 ? "half_smooth" : "half", { half })), make("p", this.say("half_class")));
    }
    return words;
  }

  // How many have answered, and what was done to the training: by its number in the chart.
  story(now) {
    const share = Math.round((100 * now.right) / Math.max(1, now.answers));
    const list = make("ul", "", { className: "story" });
    const lines = [now.answers ? this.say("answers", { count: now.answers, share }) : this.say("nobody")];
    (now.marks ?? []).forEach(([, text], at, { length }) => at >= length - (now.beside ? DONE_BESIDE : DONE) && lines.push(`${at + 1}. ${text}`));
    if (now.before) lines.push(this.say("before", now.before));
    list.append(...lines.map((line) => make("li", line)));
    return list;
  }

  // What may be done next, where this visitor may: the class votes on it first. Three things at most.
  offered({ run, busy, may, needs_key, beside }) {
    const isOn = (each) => ["starting", "running", "paused"].includes(each?.status);
    const names = [];
    if (!busy) names.push("start");
    if (isOn(run) && run.status !== "starting") names.push(run.frozen ? "free-d" : "hold-d", "lr-d=x3", "lr-d=/3");
    if (isOn(beside)) names.splice(1, 2, "stop");
    else if (run?.can_branch && run.changed && (isOn(run) || !(busy || beside))) names.splice(2, 1, "what-if");
    return { names: this.leads && this.key() ? names : [], may: may || needs_key, needs_key };
  }

  acts(now) {
    const { names, may, needs_key } = this.offered(now);
    const bar = make("div", "", { className: "acts" });
    if (!may) bar.append(make("p", this.say("may_not")));
    const words = { start: "start", "hold-d": "hold", "free-d": "free", "lr-d=x3": "faster", "lr-d=/3": "slower", "what-if": "what_if", stop: "stop" };
    for (const name of may ? names : []) {
      const button = make("button", this.say(words[name], { minutes: now.minutes }), { type: "button" });
      button.dataset.act = name;
      if (["start", "hold-d", "free-d"].includes(name)) button.className = "act";
      button.onclick = ({ detail }) => this.act(name, bar, detail === 0);
      bar.append(button);
    }
    if (needs_key && names.length) bar.append(this.teacher);
    return bar;
  }

  // A press on the keyboard leads on to the buttons that come instead.
  async act(name, bar, byKey) {
    this.pressed = byKey ? Date.now() : 0;
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
