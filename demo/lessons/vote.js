// What the class is asked beside the picture: vote, argue, vote again, and then the answer. Without a room one guesses
// alone, and asks for the answer.
import { keep } from "../portfolio/store.js";
import { fill, make } from "./elements.js";

export const LETTERS = "ABCDEF";
const NEXT = { closed: "first", first: "bars", bars: "second", second: "truth", truth: "closed" };

// What a visitor voted in a scene, by its number from 1, in this browser: {first, second, right: once that is told}.
export const keepVote = (lesson, number, { title, sentence, answers }, mine) =>
  keep("vote", `${lesson} ${number}`, { lesson, scene: number, title, sentence, answers, ...mine });

export class Vote {
  // `lead(what)` asks the room for something, where this page leads one; `guessed(mine)` hears of who guesses alone.
  constructor(words, lead, guessed) {
    this.words = words;
    this.lead = lead;
    this.guessed = guessed;
    this.root = make("aside", "", { id: "lesson-vote", hidden: true, ariaLabel: words.vote });
    this.list = make("div", "", { className: "answers" });
    this.told = make("p", "", { role: "status" });
    this.act = make("button", "", { type: "button", className: "act", onclick: () => this.next() });
    this.straight = make("button", words.vote_truth, { type: "button", onclick: () => this.go("truth") });
    const acts = make("div", "", { className: "acts" });
    acts.append(this.act, this.straight);
    this.root.append(this.list, this.told, acts);
    this.room = null; // the state of the room that this page leads
    this.asked = null; // the phase that it was asked to come to, until it says that it has
    this.scene = null;
  }

  // Another scene: what it asks, if it asks anything.
  ask(scene) {
    this.scene = scene;
    this.phase = "closed"; // of one who guesses alone
    this.asked = null;
    this.guess = null;
    this.root.hidden = !scene?.answers.length;
    this.rows = (scene?.answers ?? []).map((answer, choice) => {
      const row = make("button", "", { type: "button", onclick: () => this.choose(choice) });
      const bars = [make("i"), make("i")];
      row.append(make("b", LETTERS[choice]), make("span", answer), make("output"), ...bars);
      return row;
    });
    this.list.replaceChildren(...this.rows);
    delete document.body.dataset.vote;
    this.draw();
  }

  // What the room says now; null where there is none.
  hear(room) {
    this.room = room;
    if (!room || room.poll?.phase === this.asked) this.asked = null;
    this.draw();
  }

  get now() {
    return this.room ? (this.asked ?? this.room.poll?.phase ?? "closed") : this.phase;
  }

  next() {
    if (this.root.hidden) return;
    if (this.room) this.go(NEXT[this.now]);
    else this.go(this.phase === "truth" ? "closed" : "truth");
  }

  go(phase) {
    if (this.room) this.lead({ phase: (this.asked = phase) });
    else this.phase = phase;
    if (!this.room && phase === "truth" && this.guess !== null) this.guessed({ first: this.guess, right: this.scene.right });
    if (phase === "closed") this.guess = null;
    this.draw();
  }

  // Alone: a guess. In a room: a raised hand, counted by the teacher.
  choose(choice) {
    if (!this.room && this.now !== "truth") this.guessed({ first: (this.guess = choice) });
    else if (["first", "second"].includes(this.now)) return this.lead({ hand: choice });
    this.draw();
  }

  draw() {
    if (this.root.hidden) return;
    const { words, room, now } = this;
    const poll = room?.poll;
    const bars = poll?.bars ?? [];
    document.body.dataset.vote = now; // whatever would tell the answer waits for it
    const right = now === "truth" ? (poll?.right ?? this.scene.right) : [];
    this.rows.forEach((row, choice) => {
      const shares = bars.map((bar) => bar[choice] / Math.max(1, bar.reduce((sum, each) => sum + each, 0)));
      const [first, second] = row.querySelectorAll("i");
      const newest = shares.at(-1);
      first.style.width = `${100 * (shares.length > 1 ? shares[0] : 0)}%`;
      second.style.width = `${100 * (newest ?? 0)}%`;
      const percents = shares.map((share) => fill(words.percent, { value: Math.round(100 * share) }));
      row.querySelector("output").textContent = percents.join(" → ");
      row.classList.toggle("right", right.includes(choice));
      row.setAttribute("aria-pressed", String(!room && this.guess === choice));
    });
    this.told.textContent = this.says(poll, now, right);
    const names = { closed: "vote_open", first: "vote_close", bars: "vote_again", second: "vote_truth", truth: "vote_anew" };
    this.act.textContent = room ? words[names[now]] : words[now === "truth" ? "vote_anew" : "vote_truth"];
    this.straight.hidden = !room || now !== "bars";
  }

  says(poll, now, right) {
    const { words } = this;
    if (!this.room) {
      if (now !== "truth") return words.vote_guess;
      if (this.guess === null || !right.length) return "";
      return right.includes(this.guess) ? words.vote_right : words.vote_wrong;
    }
    if (now === "closed") return words.vote_hidden;
    if (now === "bars") return words.vote_talk;
    if (now === "truth") return poll?.moved !== undefined && poll.bars.length > 1 ? fill(words[right.length ? "vote_moved" : "vote_moved_open"], poll) : "";
    return fill(words.vote_count, { count: poll?.count ?? 0, present: this.room.present });
  }
}
