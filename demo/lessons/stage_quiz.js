// The eight statements on the stage: what the class is asked on its phones, and at the end how much it has learned.
import { fill, make } from "./elements.js";

export default class Quiz {
  constructor({ words, lesson }) {
    Object.assign(this, { words, statements: lesson.statements, truths: lesson.true });
    this.root = make("div", "", { id: "lesson-quiz", hidden: true });
    this.isShown = false; // whether the truth is
    this.room = null;
  }

  ask(scene) {
    this.root.hidden = scene?.stage !== "quiz";
    this.when = scene?.settings.ask;
    this.isShown = false;
    this.draw();
  }

  hear(room) {
    this.room = room;
    this.draw();
  }

  turn() {
    if (this.root.hidden || this.when === "before") return;
    this.isShown = !this.isShown;
    this.draw();
  }

  draw() {
    if (this.root.hidden) return;
    const { words, room, when, isShown } = this;
    const result = room?.quiz;
    const [before, after] = result?.asked ?? [0, 0];
    const list = make("ol", "", { className: isShown ? "answered" : "" });
    this.statements.forEach(({ say, why }, at) => {
      const item = make("li");
      item.append(make("p", say));
      if (isShown) {
        const verdict = make("p", `${this.truths[at] ? words.agree : words.disagree}. ${why}`, { className: "why" });
        item.append(verdict);
        const shares = [before && result.before[at] / before, after && result.after[at] / after];
        if (before || after) item.append(this.bars(shares, [before, after]));
      }
      list.append(item);
    });
    const told = make("p", "", { className: "sum", role: "status" });
    if (room && !isShown) told.textContent = fill(words.quiz_count, { count: when === "before" ? before : after, present: room.present });
    if (isShown && result?.gain != null) told.textContent = fill(words.quiz_gain, { gain: Math.round(100 * result.gain) });
    const act = make("button", isShown ? words.quiz_hide : words.vote_truth, { type: "button", onclick: () => this.turn() });
    this.root.replaceChildren(list, told, ...(when === "after" ? [act] : []));
  }

  bars(shares, asked) {
    const figure = make("div", "", { className: "bars" });
    shares.forEach((share, at) => {
      if (!asked[at]) return;
      const bar = make("i");
      bar.style.width = `${100 * share}%`;
      const row = make("span");
      row.append(make("small", this.words[at ? "quiz_after" : "quiz_before"]), bar, make("b", fill(this.words.percent, { value: Math.round(100 * share) })));
      figure.append(row);
    });
    return figure;
  }
}
