// A phone draws a digit and sends it to D: what D says of it now, what it said of those before, and to draw another once D
// has learned.
import { keep } from "../portfolio/store.js";
import { fill, make } from "./elements.js";

// The app's own pad in `element`, which tells of its drawing after each stroke; returns how to empty it.
export const pad = async (element, here, tell) => {
  const { html, css, bring } = await import(here(`room/drawing/pad.${document.documentElement.lang}.js`));
  element.className = "drawing";
  element.innerHTML = html;
  element.prepend(make("style", css));
  bring(element, (_, { drawing }) => tell(drawing));
  return () => element.querySelector(".tools button").click();
};

export const begin = ({ act, told, words, here, code, voter, scene }) => {
  const say = (name, values = {}) => fill(words[`drawing_${name}`], values);
  const percent = (score) => say("percent", { value: Math.round(100 * score) });
  const ask = async (path, body) => {
    const options = { method: "POST", body: JSON.stringify({ voter, ...body }) };
    return fetch(here(`room/${code}/${path}`), options).catch(() => null); // null: the network is gone for a moment
  };
  let drawing = "";
  let room = {}; // what the room says of the activity
  let mine = null; // what it says of this phone's drawings
  let isSending = false;
  let isLeft = false;
  let clear = () => {};

  const board = make("div");
  const button = make("button", say("send"), { type: "button", className: "send" });
  const answer = make("section", "", { className: "answer" });
  const note = make("p");
  note.setAttribute("role", "status");
  act.replaceChildren(board, button, note, answer);
  told.textContent = "";

  const draw = () => {
    button.disabled = !drawing || isSending || Boolean(room.phase) || Boolean(room.is_full);
    const scores = mine?.scores ?? [];
    const last = scores.at(-1);
    if (!last) return answer.replaceChildren();
    const now = last[2] ?? last[1];
    const image = make("img", "", { src: mine.picture, alt: say("alt") });
    const lines = [make("b", percent(now)), make("span", say("score")), make("small", say("real", { value: percent(mine.real) }))];
    const text = make("p");
    text.append(...lines);
    const list = make("ol");
    for (const [number, first, after] of scores.toReversed()) {
      const values = { round: number, first: percent(first), after: after === null ? "" : percent(after) };
      list.append(make("li", say(after === null ? "mark_open" : "mark", values)));
    }
    answer.replaceChildren(image, text, make("h2", say("marks")), list);
  };
  const keepMine = (source) => {
    const [number, first] = mine.scores.at(-1);
    const score = `${say("score")}: ${percent(first)}`;
    keep("drawing", `${code} ${number}`, { title: scene.title, texts: [score], pictures: [{ source }] });
  };
  const speak = (name) => (note.textContent = say(name));
  const usual = () => {
    if (room.is_full) return speak("full");
    if (room.phase) return speak(room.phase);
    const last = mine?.scores.at(-1);
    speak(last?.[0] === mine?.round ? "better" : last ? "again" : "how");
  };
  const fresh = async () => {
    const got = await ask("drawing/mine");
    if (!got?.ok || isLeft) return;
    mine = await got.json();
    draw();
    usual();
  };

  button.onclick = async () => {
    const sent = drawing;
    isSending = true;
    speak("sending");
    draw();
    const got = await ask("drawing", { drawing: sent });
    isSending = false;
    if (isLeft) return;
    if (got?.ok) {
      mine = await got.json();
      keepMine(sent);
      clear();
      draw();
      answer.scrollIntoView({ block: "nearest" });
      return usual();
    }
    draw();
    speak({ 409: "learning", 422: "blank", 429: "crowded" }[got?.status] ?? "lost");
  };
  pad(board, here, (now) => {
    drawing = now;
    draw();
  }).then((how) => (clear = how));

  const hear = (state) => {
    const now = state?.drawing ?? {}; // nothing was drawn, or all began anew
    const isNew = now.round !== room.round;
    const changed = isNew || now.phase !== room.phase;
    room = now;
    if (isNew) fresh();
    else if (changed) usual();
    draw();
  };
  speak("how");
  fresh(); // the first to ask has D made ready before somebody sends
  return {
    hear,
    leave: () => {
      isLeft = true;
    },
  };
};
