// The teacher's notes in a window of their own, with the votes, what comes next, and a clock.
import { make } from "./elements.js";

export class Notes {
  constructor() {
    this.began = performance.now();
    setInterval(() => this.tick(), 1000);
  }

  // The lesson begins: the clock starts at zero.
  begin() {
    this.began = performance.now();
  }

  open() {
    this.window = open("", "lesson-notes", "width=720,height=560");
  }

  get isOpen() {
    return Boolean(this.window && !this.window.closed);
  }

  tell({ title, scene, votes, later }) {
    if (!this.isOpen) return;
    const { document: there } = this.window;
    there.title = title;
    const body = make("div");
    body.style = "font: 1.4rem/1.5 sans-serif; margin: 1.5rem; max-width: 40em";
    body.append(make("p", "", { id: "clock" }), ...(votes ? [make("p", votes, { id: "votes" })] : []));
    body.append(make("h2", scene.title), make("p", scene.sentence), make("p", scene.notes), make("hr"), make("p", later));
    there.body.replaceChildren(body);
    this.tick();
  }

  tick() {
    const clock = this.isOpen && this.window.document.getElementById("clock");
    if (!clock) return;
    const seconds = Math.floor((performance.now() - this.began) / 1000);
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}
