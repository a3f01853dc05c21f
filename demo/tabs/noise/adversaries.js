// The duel in one picture: fakes from the turned z and real pictures fly to the discriminator, and its needle answers. All of
// it is drawn here from what the server gave once; nothing moves while it cannot be seen or where motion is not wanted.
{
  const PLACES = {
    wide: {
      box: [1240, 590],
      dial: [115, 132, 1],
      noise: [115, 405, 1],
      z: [34, -134],
      thread: "M115 226V314",
      spear: { at: [205, 405], turn: 0, shaft: 300, size: 1 },
      data: { at: [296, 66], columns: 6, step: 74, size: 0.63 },
      shield: [965, 300],
    },
    tall: {
      box: [600, 1050],
      dial: [445, 125, 1.1],
      noise: [120, 105, 1.05],
      z: [150, -36],
      thread: "M216 105H340",
      spear: { at: [112, 215], turn: 62, shaft: 150, size: 1 },
      data: { at: [372, 272], columns: 4, step: 58, size: 0.49 },
      shield: [300, 775],
    },
  };
  const NARROW = 640; // pixels
  const HELD = 1.9; // size of a tile on the shield
  const [FLIGHT, STAY] = [0.9, 1.7]; // seconds
  const LOOK = 3; // seconds that a turned picture stays before others come
  const HIDDEN = 500; // milliseconds between two looks whether it is seen again
  const TURNS = 3.2; // frames a second, by itself
  const [STIFF, DAMPED] = [95, 8.5]; // of the needle
  const SWEEP = 130; // degrees to each side
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const ease = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);
  const mix = (a, b, t) => a + (b - a) * t;

  class Scene {
    constructor(root) {
      this.root = root;
      this.given = JSON.parse(root.dataset.given);
      this.find = (selector) => root.querySelector(selector);
      this.all = (selector) => [...root.querySelectorAll(selector)];
      this.knob = this.find(".knob");
      this.count = Number(this.knob.max) + 1;
      this.tiles = { fake: this.find(".flying.fake"), real: this.find(".flying.real") };
      this.sizes = new ResizeObserver(() => this.place());
      this.sizes.observe(root);
      this.listen();
      this.begin();
    }

    begin() {
      Object.assign(this, { at: 0, mine: false, moves: !calm.matches, needle: 0, speed: 0, aim: 0, on: null, flying: null });
      Object.assign(this, { turn: 0, real: 0, wait: 0.6, flow: 0, wave: 1, last: 0 });
      for (const tile of Object.values(this.tiles)) tile?.setAttribute("visibility", "hidden");
      this.needle = this.aim = this.angle(0);
      this.place();
      this.land("fake", this.frame());
      this.needle = this.aim;
      this.told();
      this.go();
    }

    // Where things stand: on a phone above each other.
    place() {
      if (!this.root.offsetWidth) return;
      const name = this.root.offsetWidth < NARROW ? "tall" : "wide";
      if (this.name === name) return this.go();
      this.root.dataset.form = this.name = name;
      const { box, dial, noise, thread, spear, data, shield } = (this.places = PLACES[name]);
      this.find("svg").setAttribute("viewBox", `0 0 ${box.join(" ")}`);
      const put = (selector, [x, y, size = 1]) =>
        this.find(selector).setAttribute("transform", `translate(${x} ${y}) scale(${size})`);
      put(".dial", dial);
      put(".noise", noise);
      put(".noise .letter", this.places.z);
      put(".shield", shield);
      this.find(".thread").setAttribute("d", thread);
      this.find(".spear").setAttribute("transform", `translate(${spear.at.join(" ")}) rotate(${spear.turn})`);
      this.find(".shaft").setAttribute("d", `M0-13H${spear.shaft}V13H0Z`);
      this.find(".flow").setAttribute("d", `M4 0H${spear.shaft - 26}`);
      this.find(".head").setAttribute("transform", `translate(${spear.shaft} 0) scale(${spear.size})`);
      this.find(".head .letter").setAttribute("transform", `rotate(${-spear.turn} 56 0)`);
      this.all(".data .tile").forEach((tile, at) => {
        const [x, y] = this.spot(at);
        tile.setAttribute("transform", `translate(${x} ${y}) rotate(${((at * 37) % 9) - 4}) scale(${data.size})`);
        this.picture(tile, "real", at);
      });
      const radians = (spear.turn * Math.PI) / 180;
      const reach = spear.shaft + 140 * spear.size;
      this.tip = [spear.at[0] + reach * Math.cos(radians), spear.at[1] + reach * Math.sin(radians)];
      const beams = this.all(".beam");
      const rows = Math.ceil(this.given.scores.real.length / data.columns);
      const middle = [data.at[0] + ((data.columns - 1) / 2) * data.step, data.at[1] + ((rows - 1) / 2) * data.step];
      beams[0].setAttribute("d", rows ? this.beam(middle, name === "wide" ? 30 : 90) : "");
      beams[1].setAttribute("d", this.beam(this.tip, 4));
      const [x, y] = shield;
      this.find(".score").setAttribute("transform", `translate(${x} ${y + 206})`);
      const percent = (value, of) => `${(100 * value) / of}%`;
      const [r, [cx, cy]] = [92 * (dial[2] ?? 1), dial];
      Object.assign(this.knob.style, {
        left: percent(cx - r, box[0]),
        top: percent(cy - r, box[1]),
        width: percent(2 * r, box[0]),
        height: percent(2 * r, box[1]),
      });
      if (this.on) this.put(this.tiles[this.on], [x, y], HELD);
      this.go();
    }

    // A fan of light from a place to the shield.
    beam([x, y], half) {
      const [cx, cy] = this.places.shield;
      const [dx, dy] = [cx - x, cy - y];
      const length = Math.hypot(dx, dy);
      const [nx, ny] = [-dy / length, dx / length];
      const point = (px, py, by) => `${(px + by * nx).toFixed(1)} ${(py + by * ny).toFixed(1)}`;
      return `M${point(x, y, half)}L${point(cx, cy, 120)}L${point(cx, cy, -120)}L${point(x, y, -half)}Z`;
    }

    spot(at) {
      const { at: [x, y], columns, step } = this.places.data;
      return [x + (at % columns) * step, y + Math.floor(at / columns) * step];
    }

    put(tile, [x, y], size) {
      tile.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${size.toFixed(3)})`);
      tile.removeAttribute("visibility"); // that of the scene: a lesson hides what it does not show
    }

    picture(tile, kind, at) {
      const [side, { columns }] = [this.given.sides[kind], this.given];
      const view = `${(at % columns) * side} ${Math.floor(at / columns) * side} ${side} ${side}`;
      tile.querySelector("svg").setAttribute("viewBox", view);
    }

    frame() {
      return ((Math.round(this.at) % this.count) + this.count) % this.count;
    }

    angle(score) {
      const { low, high } = this.given;
      return SWEEP * ((2 * (score - low)) / (high - low || 1) - 1);
    }

    // A picture has come to the shield: the needle goes to its score.
    land(kind, at) {
      const [score, words] = this.given.scores[kind][at];
      for (const [other, tile] of Object.entries(this.tiles)) if (other !== kind) tile?.setAttribute("visibility", "hidden");
      this.on = kind;
      this.picture(this.tiles[kind], kind, at);
      this.put(this.tiles[kind], this.places.shield, HELD);
      this.aim = this.angle(score);
      if (!this.moves) this.needle = this.aim;
      this.find(".score").textContent = words;
      this.root.dataset.shown = `${kind} ${at}`;
      this.wave = 0;
    }

    // z as it is turned now: its numbers, the knob and, by hand, its picture before the discriminator.
    told() {
      const at = this.frame();
      if (this.shown !== at) {
        this.shown = at;
        this.picture(this.find(".noise"), "noise", at);
        this.knob.value = at;
        const score = this.given.scores.fake[at][1];
        this.knob.setAttribute("aria-valuetext", this.root.dataset.turned.replace("{score}", score));
      }
      this.find(".turned").setAttribute("transform", `rotate(${((360 * this.at) / this.count).toFixed(2)})`);
    }

    turned(at) {
      this.at = at;
      this.mine = true;
      this.flying = null;
      this.tiles.real?.setAttribute("visibility", "hidden");
      this.told();
      this.land("fake", this.frame());
      this.wave = 1;
      this.wait = LOOK;
      this.draw();
      this.go();
    }

    listen() {
      const dial = this.find(".dial");
      const angle = ({ clientX, clientY }) => {
        const { left, top, width, height } = dial.querySelector(".body").getBoundingClientRect();
        return Math.atan2(clientY - top - height / 2, clientX - left - width / 2);
      };
      let from = null;
      dial.addEventListener("pointerdown", (event) => {
        dial.setPointerCapture(event.pointerId);
        from = angle(event);
        this.knob.focus({ preventScroll: true });
        event.preventDefault();
      });
      dial.addEventListener("pointermove", (event) => {
        if (from === null) return;
        const by = ((angle(event) - from + 3 * Math.PI) % (2 * Math.PI)) - Math.PI;
        from += by;
        this.turned(this.at + (by / (2 * Math.PI)) * this.count);
      });
      for (const end of ["pointerup", "pointercancel"]) dial.addEventListener(end, () => (from = null));
      this.knob.addEventListener("input", () => this.turned(Number(this.knob.value)));
      this.knob.addEventListener("keydown", (event) => {
        const ends = { ArrowRight: this.count - 1, ArrowUp: this.count - 1, ArrowLeft: 0, ArrowDown: 0 };
        if (ends[event.key] !== this.frame()) return; // the path is closed
        event.preventDefault();
        this.turned(ends[event.key] ? 0 : this.count - 1);
      });
      const moves = this.find(".moves");
      moves.addEventListener("click", () => {
        this.moves = !this.moves;
        this.go();
      });
      this.find(".again").addEventListener("click", () => this.begin());
      document.addEventListener("visibilitychange", () => this.go());
    }

    seen() {
      return this.root.isConnected && !document.hidden && this.root.offsetHeight > 0;
    }

    go() {
      this.find(".moves").setAttribute("aria-pressed", String(this.moves));
      if (!this.moves) this.draw();
      if (this.asked || !this.moves || !this.seen()) return;
      this.last = 0;
      this.asked = requestAnimationFrame((now) => this.tick(now));
    }

    tick(now) {
      this.asked = 0;
      if (!this.moves || !this.seen()) return;
      if (getComputedStyle(this.root).visibility === "hidden") {
        this.asked = setTimeout(() => ((this.asked = 0), this.go()), HIDDEN);
        return;
      }
      const time = this.last ? Math.min(0.05, (now - this.last) / 1000) : 0.016;
      this.last = now;
      if (!this.mine) {
        this.at += TURNS * time;
        this.told();
      }
      this.flow -= 60 * time;
      this.wave = Math.min(1, this.wave + 1.6 * time);
      this.speed += (STIFF * (this.aim - this.needle) - DAMPED * this.speed) * time;
      this.needle += this.speed * time;
      this.fly(time);
      this.draw();
      this.asked = requestAnimationFrame((next) => this.tick(next));
    }

    // One picture after the other: a fake, a real one, a fake ...
    fly(time) {
      if (!this.flying) {
        this.wait -= time;
        if (this.wait > 0) return;
        const kind = this.on === "fake" && this.tiles.real ? "real" : "fake";
        const at = kind === "real" ? this.real++ % this.given.scores.real.length : this.frame();
        this.flying = { kind, at, done: 0, from: kind === "real" ? this.spot(at) : this.tip, tile: this.tiles[kind] };
        this.picture(this.flying.tile, kind, at);
        this.flying.tile.parentNode.append(this.flying.tile); // above the one that is there
        return;
      }
      const { kind, at, from, tile } = this.flying;
      this.flying.done += time / FLIGHT;
      if (this.flying.done >= 1) {
        this.flying = null;
        this.wait = STAY;
        return this.land(kind, at);
      }
      const share = ease(this.flying.done);
      const [x, y] = this.places.shield;
      const first = kind === "real" ? this.places.data.size : 0.35;
      this.put(tile, [mix(from[0], x, share), mix(from[1], y, share) - 40 * Math.sin(Math.PI * share)], mix(first, HELD, share));
    }

    draw() {
      const aim = Math.max(-SWEEP - 4, Math.min(SWEEP + 4, this.needle));
      this.find(".needle").setAttribute("transform", `rotate(${aim.toFixed(2)})`);
      this.find(".flow").setAttribute("stroke-dashoffset", this.flow.toFixed(1));
      const wave = this.find(".wave");
      wave.setAttribute("r", (105 + 75 * this.wave).toFixed(1));
      wave.style.opacity = 1 - this.wave;
    }
  }

  let scene = null;
  const prepare = () => {
    const root = element.querySelector(".scene[data-given]");
    if (root && root !== scene?.root) scene = new Scene(root);
  };
  new MutationObserver(prepare).observe(element, { childList: true, subtree: true });
  prepare();
}
