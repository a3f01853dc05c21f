// The wall on the stage: a picture from each phone, side by side.
import { make } from "./elements.js";

const WIDE = 1.9; // the wall's width by its height

export default class Wall {
  constructor({ words, here, ask }) {
    this.words = words;
    this.here = here;
    this.remove = (number) => ask("wall/remove", { number });
    this.root = make("div", "", { id: "lesson-wall", hidden: true });
    this.told = make("p", "", { role: "status" });
    this.pictures = make("div", "", { className: "pictures" });
    this.root.append(this.pictures, this.told);
    this.hung = new Map(); // by number
  }

  ask(scene) {
    this.root.hidden = scene?.stage !== "wall";
  }

  hear(room, code) {
    const { words, hung } = this;
    const numbers = room?.wall ?? [];
    for (const [number, button] of hung) {
      if (numbers.includes(number)) continue;
      button.remove();
      hung.delete(number);
    }
    for (const number of numbers) {
      if (hung.has(number)) continue;
      const button = make("button", "", { type: "button", title: words.wall_remove, ariaLabel: words.wall_remove });
      button.append(make("img", "", { src: this.here(`../room/${code}/wall/${number}.jpg`).href, alt: "" }));
      button.onclick = () => this.remove(number);
      hung.set(number, button);
      this.pictures.append(button);
    }
    const columns = Math.max(3, Math.ceil(Math.sqrt(WIDE * numbers.length)));
    this.pictures.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
    this.told.textContent = room ? words.wall_count.replace("{count}", numbers.length) : words.wall_lead;
  }
}
