// The small duel of question 20, played in the page: toy_gan.js trains it, q20_canvas.js and q20_curves.js draw it. The
// controls' events end here, in `act`; nothing is asked of the server.

const BUDGET = 9; // milliseconds of a frame that rounds may take,
const PART = 0.25; // or this part of a long one
const MOST = 60; // rounds a frame
const REST = 300_000; // milliseconds without a touch after which a duel pauses by itself
const ALONE = 400; // rounds of D alone, at most, to train it to its best
const ENOUGH = 0.02; // how far D may be from the best to be called that
const LATE = 20; // rounds over which the verdicts of the sentence are taken
const TRAIL = 400; // divergences remembered; then every second is forgotten
const SAME = { __type__: "update" };

const say = (key, values = {}) => {
  const words = window.gradio_config?.i18n_translations?.[document.documentElement.lang] ?? {};
  return (words[`questions.q20.${key}`] ?? key).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
};

// How many of the generated points lie outside the picture.
const outOfSight = ({ fake }, dims) => {
  const isOut = (each) => Math.abs(each) > REACH;
  let out = 0;
  for (let k = 0; k < fake.length; k += dims) if (fake.subarray(k, k + dims).some(isOut)) out++;
  return out;
};

// What is to be seen just now, by rules, as the key of a sentence and its values: verdicts are means of the last rounds, as
// shares.
const comment = (gan, view, hold) => {
  const late = gan.history.slice(-LATE);
  if (gan.blownUp) return ["blown_up", {}];
  if (!late.length) return ["start", {}];
  const mean = (name) => late.reduce((sum, turn) => sum + share(turn[name], gan.config.loss), 0) / late.length;
  const [real, fake, gradient] = [mean("dReal"), mean("dFake"), late.at(-1).gradG];
  const values = {
    ...{ real: real.toFixed(2), fake: fake.toFixed(2), gradient: gradient.toFixed(3) },
    ...{ covered: (100 * view.covered).toFixed(0), divergence: view.divergence.toFixed(2) },
  };
  const key = () => {
    if (outOfSight(view, gan.points.dims) > 0.9 * SHOWN) return "away";
    if (real - fake > 0.9) {
      if (gradient >= 0.01) return "sure";
      return gan.config.descent === "adam" ? "tiny" : "no_gradient";
    }
    if (hold === "d" && fake > 0.8) return "fooled";
    if (Math.max(Math.abs(real - 0.5), Math.abs(fake - 0.5)) >= 0.05) return "fight";
    return view.divergence < 0.05 ? "balance" : "lazy";
  };
  return [key(), values];
};

// The figures of this moment, as pairs of a key and what is shown.
const numbers = (gan, view) => {
  const [last, least, away] = [gan.history.at(-1), leastLoss(gan.config.loss, view.divergence), outOfSight(view, gan.points.dims)];
  const fixed = (value) => value.toFixed(3).replace("-0.000", "0.000");
  const shown = { round: gan.rounds.toLocaleString("en") };
  if (last) {
    Object.assign(shown, { d_real: last.dReal.toFixed(2), d_fake: last.dFake.toFixed(2), loss_d: fixed(last.lossD) });
    if (least !== null) shown.least = fixed(least);
    shown.loss_g = fixed(last.lossG);
    shown.gradient = last.gradG >= 1e-4 ? String(Number(last.gradG.toPrecision(2))) : "< 0.0001";
  }
  shown.divergence = view.divergence.toFixed(3);
  shown.covered = `${(100 * view.covered).toFixed(0)}${document.documentElement.lang === "ko" ? "" : "\u00a0"}%`;
  if (away) shown.away = String(away);
  return shown;
};

// Something that is shown: made anew at most every `least` milliseconds, and so seldom that it takes no more than `share` of
// the time, however slow the machine.
class Shown {
  constructor(least, share, make) {
    Object.assign(this, { least, share, make, next: 0 });
  }

  show(all) {
    const begun = performance.now();
    if (!all && begun < this.next) return;
    this.make();
    this.next = begun + Math.max(this.least, (performance.now() - begun) / this.share);
  }
}

class Duel {
  constructor(root, { lessons, speeds, pads, first }, changed) {
    Object.assign(this, { root, lessons, speeds, pads, changed, now: first });
    Object.assign(this, { running: false, teaching: 0, alone: 0, owed: 0, asked: 0, time: 0, wish: null });
    this.touched = performance.now();
    this.views = [
      new Shown(0, 0.15, () => (this.view = { ...this.view, verdict: this.gan.verdicts() })),
      new Shown(150, 0.08, () => this.showDensities()),
      new Shown(0, 0.2, () => this.showPoints()),
      new Shown(200, 0.04, () => this.showWords()),
      new Shown(250, 0.06, () => this.showCurves()),
    ];
    for (const each of root.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
    for (const each of root.querySelectorAll("[data-label]")) each.setAttribute("aria-label", say(each.dataset.label));
    this.palette = colours(root);
    const again = () => {
      this.palette = colours(root);
      this.whole();
    };
    new ResizeObserver(again).observe(root.querySelector(".panels")); // also when the section is opened
    new MutationObserver(again).observe(document.body, { attributeFilter: ["class"] }); // light or dark
  }

  // What the controls ask for: the name of a method of those below, and the controls' values.
  act(name, values, ...more) {
    this.now = Object.fromEntries(Object.keys(this.now).map((each, k) => [each, values[k]]));
    this.touched = performance.now();
    const answer = this[name](...more);
    this.whole();
    const waits = name === "chooseData" && this.now.data === "drawn"; // for a drawing
    if (!waits) this.root.dispatchEvent(new CustomEvent("answered", { bubbles: true }));
    return answer;
  }

  // The settings of the duel; a lesson's where one is given.
  config({ loss, descent, rate_g: rateG, rate_d: rateD, r1 } = this.now) {
    const nCritic = Math.min(20, Math.max(1, Math.round(this.now.n_critic) || 1));
    return { loss, descent, rateG, rateD, r1, nCritic, seed: Number(this.now.seed) >>> 0 };
  }

  // A new duel as the lesson begins, on the data chosen, where there are any: D trains alone first, in some lessons.
  begin() {
    const lesson = this.lessons[this.now.preset];
    const points = this.now.data === "drawn" ? this.drawing() : SETS[this.now.data]();
    if (!points) return;
    this.gan = new ToyGAN(points, { ...this.config(lesson), nCritic: 1 });
    Object.assign(this, { teaching: lesson.alone, alone: 0, owed: 1, trail: [], wish: null });
    if (!this.teaching) this.gan.change(this.config());
  }

  // What is drawn on the pad, null for nothing.
  drawing() {
    const canvas = document.querySelector("#duel-pad canvas");
    if (!canvas?.dataset.used) return null;
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return drawn(Float32Array.from({ length: width * height }, (_, k) => data[4 * k] / 255), width);
  }

  // Events: what they return goes to the controls

  again() {
    this.begin();
  }

  run() {
    Object.assign(this, { running: !this.running, alone: 0, owed: 1 });
  }

  // One round, in which "none", only "d" or only "g" is held still; then it pauses.
  step(hold = this.now.hold) {
    Object.assign(this, { running: false, alone: 0 });
    if (this.teaching) this.wish = hold;
    else this.round(hold);
  }

  toBest() {
    Object.assign(this, { running: true, alone: ALONE, owed: 1 });
  }

  settle() {
    if (!this.teaching) this.gan.change(this.config());
  }

  // [what to watch, pad, buttons of what to try then, controls]
  lesson(settings, tries) {
    const { preset } = this.now;
    const lesson = this.lessons[preset];
    for (const name of settings) this.now[name] = lesson[name];
    this.now.n_critic = 1;
    this.begin();
    this.running = true;
    const buttons = tries.map((name) => ({ ...SAME, visible: name in lesson.tries }));
    return [say(`presets.${preset}.watch`), this.pad(), ...buttons, ...settings.map((name) => lesson[name]), 1];
  }

  // [controls]: what a lesson suggests to try, on the lesson begun anew or as it stands; it runs.
  attempt(settings, name) {
    const lesson = this.lessons[this.now.preset];
    const { anew, ...change } = lesson.tries[name];
    Object.assign(this.now, change, { rate_d: lesson.rate_d, hold: "none", n_critic: 1 });
    if (anew) {
      this.now.data = lesson.data;
      this.begin();
    } else this.settle();
    Object.assign(this, { running: true, alone: 0, owed: 1 });
    return [...settings.map((each) => this.now[each]), 1];
  }

  // [pad]: a new duel on other data; a drawing is waited for.
  chooseData() {
    if (this.now.data === "drawn") this.running = false;
    this.begin();
    return [this.pad()];
  }

  // A duel on what was drawn; an empty pad changes nothing.
  drawAnew() {
    if (this.now.data === "drawn") this.begin();
  }

  pad() {
    const shown = this.now.data === "drawn";
    return { ...SAME, value: this.pads[document.documentElement.lang], visible: shown || "hidden" };
  }

  // The words of the button that lets it run or pauses it.
  label() {
    return say(this.running ? "pause" : "run");
  }

  // Playing

  round(hold) {
    const alone = this.alone > 0;
    this.gan.trainStep({ freezeD: hold === "d" && !alone, freezeG: hold === "g" || alone });
    if ((alone && --this.alone === 0) || this.gan.blownUp) this.running = false;
  }

  // A round in which D trains alone before the lesson begins.
  teach() {
    this.gan.trainStep({ freezeG: true });
    this.teaching -= 1;
    if (this.teaching) return;
    this.gan.change(this.config());
    if (this.wish) this.round(this.wish);
    this.wish = null;
  }

  // The rounds that are due after so many milliseconds, as many as there is time for.
  play(passed) {
    const until = performance.now() + Math.max(BUDGET, PART * passed);
    const speed = Math.max(this.speeds[this.now.speed], this.alone ? this.speeds.normal : 0);
    this.owed = Math.min(MOST, this.owed + (passed * speed) / 1000);
    while (performance.now() < until && (this.teaching || (this.running && this.owed >= 1))) {
      if (this.teaching) this.teach();
      else {
        this.round(this.now.hold);
        this.owed -= 1;
      }
    }
    this.owed %= 1;
  }

  // Frames are asked for only while it is played and can be seen: one that is left rests.
  frame(time) {
    this.asked = 0;
    if (!this.root.isConnected || !this.root.checkVisibility() || performance.now() - this.touched > REST) {
      this.running = false;
      this.whole();
      return;
    }
    this.play(Math.min(100, time - this.time));
    this.time = time;
    if (!this.running && !this.teaching) this.whole();
    else this.show(false);
  }

  // Everything drawn anew.
  whole() {
    if (!this.root.checkVisibility()) return this.tell();
    if (!this.gan) this.begin();
    this.show(true);
  }

  show(all) {
    for (const each of this.views) each.show(all);
    this.tell();
    if (!this.running && !this.teaching) return;
    if (!this.asked) this.asked = requestAnimationFrame((time) => this.frame(time));
  }

  // Say whether it runs.
  tell() {
    if ("running" in this.root.dataset === this.running) return;
    if (this.running) this.root.dataset.running = "yes";
    else delete this.root.dataset.running;
    this.changed();
  }

  // Drawing

  showDensities() {
    const { gan, palette, trail } = this;
    Object.assign(this.view, gan.compare(this.view.verdict));
    if (this.alone && this.view.off < ENOUGH) Object.assign(this, { alone: 0, running: false });
    if (trail.at(-1)?.[0] !== gan.rounds) trail.push([gan.rounds, this.view.divergence]);
    if (trail.length > TRAIL) this.trail = trail.filter((_, k) => k % 2 === 0);
    for (const each of this.root.querySelectorAll("figure")) each.hidden = each.matches(".line") !== (gan.points.dims === 1);
    if (gan.points.dims === 2) drawPlane(this.canvas(".best"), this.view.best, gan.config.loss, palette);
  }

  showPoints() {
    const { gan, now, palette } = this;
    Object.assign(this.view, gan.glance());
    if (gan.points.dims === 1) drawLine(this.canvas(".line"), this.view, gan.config.loss, palette, now.shows);
    else drawPlane(this.canvas(".plane"), this.view.verdict, gan.config.loss, palette, this.view, now.shows);
  }

  showWords() {
    const { gan, now, root, view } = this;
    const [off, [key, values]] = [view.off.toFixed(2), comment(gan, view, now.hold)];
    root.querySelector("#duel-says").textContent = say(`says.${key}`, values);
    for (const each of root.querySelectorAll("[data-note]")) each.textContent = say(each.dataset.note, { off });
    const pairs = Object.entries(numbers(gan, view)).map(([name, value]) => {
      const pair = document.createElement("div");
      pair.append(document.createElement("dt"), document.createElement("dd"));
      [pair.firstChild.textContent, pair.lastChild.textContent] = [say(`numbers.${name}`), value];
      return pair;
    });
    root.querySelector("dl").replaceChildren(...pairs);
  }

  showCurves() {
    const curves = this.root.querySelector(".curves");
    curves.innerHTML = duelCurves(this.gan, this.trail, say);
    // the read-out under a pointer that rests there
    const under = this.pointer && document.elementFromPoint(...this.pointer);
    if (!curves.contains(under)) return;
    const [clientX, clientY] = this.pointer;
    under.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX, clientY }));
  }

  canvas(figure) {
    return this.root.querySelector(`${figure} canvas`);
  }
}

const root = element.querySelector(".duel");
const duel = (root.duel = new Duel(root, props, () => trigger("change")));
root.addEventListener("pointermove", ({ clientX, clientY }) => (duel.pointer = [clientX, clientY]));
root.addEventListener("pointerleave", () => (duel.pointer = null));
