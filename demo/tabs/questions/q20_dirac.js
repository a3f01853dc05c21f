// The Dirac-GAN on the page: dirac_gan.js takes the steps, this draws them. Nothing is asked of the server.

const EDGE = 2.7; // of the picture, each way
const PACE = 0.06; // steps a millisecond
const MOST = 10; // steps a frame
const CALM = 250; // steps at one go for whoever wants little motion: about two turns
const LONGEST = 2000; // steps, then it rests
const THERE = 0.005; // distance from the equilibrium at which it rests
const CELLS = 13; // arrows each way
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const say = (key, values = {}) => {
  const words = window.gradio_config?.i18n_translations?.[document.documentElement.lang] ?? {};
  return (words[`questions.q20.${key}`] ?? key).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
};
const number = (value, digits = 2) => {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
};
const complexes = ([[real, imaginary], [other]]) =>
  imaginary ? `${number(real)} ± ${number(Math.abs(imaginary))} i` : `${number(real)}, ${number(other)}`;

class Dirac {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    Object.assign(this, { running: false, asked: 0, owed: 0, time: 0 });
    for (const each of root.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
    for (const name of ["plane", "points"]) this.find(`.${name} svg`).setAttribute("aria-label", say(`dirac.${name}`));
    this.listen();
    this.begin();
  }

  listen() {
    const acts = { run: () => this.run(), one: () => this.one(), again: () => this.begin() };
    for (const each of this.root.querySelectorAll("[data-act]")) each.addEventListener("click", acts[each.dataset.act]);
    for (const name of ["theta", "psi"]) this.input(name).addEventListener("input", () => this.begin());
    for (const name of ["gamma", "order", "loss"]) this.input(name).addEventListener("input", () => this.change());
    const plane = this.find(".plane svg");
    const place = ({ clientX, clientY }) => {
      const at = new DOMPoint(clientX, clientY).matrixTransform(plane.getScreenCTM().inverse());
      this.input("theta").value = at.x.toFixed(2);
      this.input("psi").value = (-at.y).toFixed(2);
      this.begin();
    };
    plane.addEventListener("click", place); // by touch too, which may as well be the beginning of scrolling
    plane.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button) return;
      plane.setPointerCapture(event.pointerId);
      place(event);
    });
    plane.addEventListener("pointermove", (event) => plane.hasPointerCapture(event.pointerId) && place(event));
  }

  input(name) {
    return this.find(`[name=${name}]`);
  }

  // A number of its field, within what can be chosen; 0 where there is none.
  value(name) {
    const { value, min, max } = this.input(name);
    return Math.max(Number(min), Math.min(Number(max), Number(value) || 0));
  }

  // Events

  // From the chosen start.
  begin() {
    this.path = [[this.value("theta"), this.value("psi")]];
    this.change();
  }

  // Other settings, from where it is: what is said is measured from here on.
  change() {
    const [loss, order] = ["loss", "order"].map((name) => this.input(name).value);
    Object.assign(this, { loss, order, gamma: this.value("gamma"), from: this.path.length - 1 });
    this.find("output").textContent = this.gamma.toFixed(2);
    this.find(".field").setAttribute("d", this.arrows());
    this.draw();
  }

  run() {
    if (!this.running && this.over()) this.begin();
    if (calm.matches) for (let k = 0; k < CALM && !this.over(); k++) this.step();
    else this.running = !this.running;
    this.draw();
    if (!this.running || this.asked) return;
    this.time = performance.now();
    this.ask();
  }

  one() {
    this.running = false;
    if (this.over()) this.begin();
    this.step();
    this.draw();
  }

  // Playing

  step() {
    this.path.push(step(this.path.at(-1), this.loss, this.gamma, this.order));
  }

  isOut() {
    return this.path.at(-1).some((each) => Math.abs(each) > EDGE);
  }

  over() {
    return this.isOut() || Math.hypot(...this.path.at(-1)) < THERE || this.path.length > LONGEST;
  }

  ask() {
    this.asked = requestAnimationFrame((time) => this.frame(time));
  }

  frame(time) {
    this.asked = 0;
    if (!this.root.isConnected || !this.root.checkVisibility()) this.running = false;
    this.owed = Math.min(MOST, this.owed + Math.max(0, time - this.time) * PACE);
    this.time = time;
    for (; this.running && this.owed >= 1; this.owed--) {
      this.step();
      if (this.over()) this.running = false;
    }
    this.draw();
    if (this.running) this.ask();
  }

  // Drawing

  // The field as one path: arrows that are longer where the pull is stronger.
  arrows() {
    const cell = (2 * EDGE) / CELLS;
    let path = "";
    for (let k = 0; k < CELLS ** 2; k++) {
      const at = [k % CELLS, Math.floor(k / CELLS)].map((each) => (each - (CELLS - 1) / 2) * cell);
      const [dx, dy] = field(at, this.loss, this.gamma);
      const size = Math.hypot(dx, dy);
      if (size < 0.02) continue;
      const length = 0.85 * cell * Math.tanh(0.4 + size / 2);
      const [x, y] = [(dx / size) * length, (dy / size) * length];
      const tip = [at[0] + x / 2, at[1] + y / 2];
      const barb = (side) => [tip[0] - 0.35 * x - side * 0.2 * y, tip[1] - 0.35 * y + side * 0.2 * x];
      const points = [[at[0] - x / 2, at[1] - y / 2], tip, barb(1), tip, barb(-1)];
      path += points.map((point, n) => `${n ? "L" : "M"}${point.map((each) => each.toFixed(3)).join(" ")}`).join("");
    }
    return path;
  }

  draw() {
    const [[theta, psi], [theta0, psi0]] = [this.path.at(-1), this.path[0]];
    const put = (selector, values) => {
      for (const [name, value] of Object.entries(values)) this.find(selector).setAttribute(name, value);
    };
    put(".trail", { points: this.path.map((at) => at.map((each) => each.toFixed(3)).join(" ")).join(" ") });
    put(".begin", { cx: theta0, cy: psi0 });
    put(".now", { cx: theta, cy: psi });
    const rise = 0.3; // of the picture for one of D
    put("path.line", { d: `M${-EDGE} ${rise * psi * EDGE}L${EDGE} ${-rise * psi * EDGE}` });
    put(".score", { d: `M${theta} 0V${-rise * psi * theta}` });
    put("rect.fake", { transform: `translate(${theta} 0)` });
    const pull = 0.9 * Math.tanh(2 * field([theta, psi], this.loss, this.gamma)[0]);
    const [tip, barb] = [theta + pull, 0.1 * Math.sign(pull)];
    const isSeen = Math.abs(pull) > 0.2;
    put(".pull", { d: isSeen ? `M${theta} 0H${tip}M${tip - barb}-.1L${tip} 0L${tip - barb} .1` : "" });
    this.tell();
  }

  // The sentence is read aloud when it rests; while it runs there is a new one with every frame.
  tell() {
    const [theta, psi] = this.path.at(-1);
    const found = measure(this.path.slice(this.from));
    const key = this.isOut() ? "left" : seen(found);
    const { steps, turns, first, distance, growth } = found;
    const says = this.find("#dirac-says");
    says.setAttribute("aria-live", this.running ? "off" : "polite");
    says.textContent = say(`dirac.says.${key}`, {
      ...{ theta: number(theta), psi: number(psi), step: steps, turns: number(turns, 1) },
      ...{ first: number(first), distance: number(distance, distance < 0.1 ? 3 : 2), growth: number(growth ?? 1) },
    });
    this.root.dataset.seen = key;
    this.root.toggleAttribute("data-running", this.running);
    this.find("[data-act=run]").textContent = say(this.running ? "pause" : "run");
    const numbers = {
      step: this.path.length - 1,
      turns: number((this.from ? measure(this.path) : found).turns, 1),
      distance: number(distance, 3),
      eigenvalues: complexes(eigenvalues(this.loss, this.gamma)),
      size: number(Math.max(...stepEigenvalues(this.loss, this.gamma, this.order).map((each) => Math.hypot(...each))), 4),
      critical: number(criticalGamma(this.loss)),
    };
    for (const [name, value] of Object.entries(numbers)) this.find(`[data-number=${name}]`).textContent = value;
  }
}

const root = element.querySelector(".dirac");
root.dirac = new Dirac(root);
