// The newest drawing of the class, in the scene that searches for a vector: it comes to the workshop's own pad, and is
// searched for as soon as the teacher says so.
import { make } from "./elements.js";

const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const WAIT = 30_000; // milliseconds for the pad to come

export default class Find {
  constructor({ words, here }) {
    Object.assign(this, { words, here });
    this.image = make("img", "", { alt: words.find_alt });
    this.told = make("figcaption");
    this.root = make("figure", "", { id: "lesson-find", hidden: true });
    this.root.append(this.image, this.told, make("button", words.find_by_name, { type: "button", onclick: () => this.byName() }));
    this.isAsked = false;
    this.last = ""; // the drawing that was shown
  }

  ask(scene) {
    this.isAsked = Boolean(scene);
    this.root.hidden = !this.isAsked || !this.image.getAttribute("src");
  }

  hear(state, code) {
    const newest = state?.find;
    if (!newest) this.last = "";
    if (!this.isAsked || !newest || newest.id === this.last) return;
    this.last = newest.id;
    this.told.textContent = this.words.find_newest.replace("{count}", newest.count);
    this.take(this.here(`../room/${code}/find/${newest.id}.png`), newest.id);
  }

  // Bring a drawing to the pad of the workshop; not one that another has followed meanwhile.
  async take(address, id) {
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok) return;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const drawing = `data:image/png;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
    const pad = () => document.querySelector("#pad canvas[data-ready]");
    for (const until = performance.now() + WAIT; !pad() && performance.now() < until; ) await rest(100);
    if (!pad() || id !== this.last || !this.isAsked) return;
    choose("draw");
    pad().dispatchEvent(new CustomEvent("drawn", { bubbles: true, detail: drawing }));
    this.image.src = drawing;
    this.root.hidden = false;
  }

  byName() {
    choose("name");
    this.image.removeAttribute("src");
    this.root.hidden = true;
  }
}

function choose(mode) {
  const radio = document.querySelector(`#find-mode input[value="${mode}"]`);
  if (!radio.checked) radio.click();
}
