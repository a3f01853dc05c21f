// The class plays the duel, on a phone: one picture, real or fake?, then the truth and the next one.
import { fill, make } from "./elements.js";

const AGAIN = 3000; // milliseconds until the next question for a picture, where there is none yet

export const begin = ({ act, told, words, here, code, voter, kept, keep }) => {
  const say = (name, values = {}) => fill(words[`versus_${name}`], values);
  if (!document.getElementById("versus-css")) {
    document.head.append(make("link", "", { rel: "stylesheet", href: here("lesson/versus.css").href, id: "versus-css" }));
  }
  const root = make("div", "", { className: "versus" });
  const image = make("img", "", { alt: say("ask") });
  const buttons = make("div", "", { className: "says" });
  const choices = [true, false].map((real) => make("button", say(real ? "real" : "fake"), { type: "button", onclick: () => answer(real) }));
  const next = make("button", say("next"), { type: "button", className: "send", onclick: () => ask() });
  const [verdict, tally] = [make("p", "", { className: "verdict" }), make("p", "", { className: "tally" })];
  verdict.setAttribute("role", "status");
  told.textContent = "";
  buttons.append(...choices);
  root.append(image, verdict, buttons, next, tally);
  act.replaceChildren(root);
  let [isOver, timer, run, id] = [false, 0, null, null];

  const send = async (what, body) => {
    const options = { method: "POST", body: JSON.stringify({ voter, ...body }) };
    return fetch(here(`room/${code}/versus${what}`), options).catch(() => null);
  };
  const count = () => {
    const [right, all] = kept.versus ?? [0, 0];
    tally.textContent = all ? say("tally", { right, all }) : "";
  };
  const show = (phase) => {
    root.dataset.phase = phase;
    image.hidden = phase === "wait";
    buttons.hidden = phase !== "ask";
    next.hidden = phase !== "told";
    for (const each of choices) each.disabled = false;
  };
  const later = () => {
    if (!isOver) timer = setTimeout(ask, AGAIN);
  };

  const ask = async () => {
    clearTimeout(timer);
    next.disabled = true;
    const answer = await send("/picture");
    next.disabled = false;
    if (isOver) return;
    if (answer?.status === 429) return show("wait"), void (verdict.textContent = say("full"));
    const given = answer?.status === 200 ? await answer.json().catch(() => null) : null;
    if (!given) {
      show("wait");
      verdict.textContent = say(answer?.ok ? "wait" : "lost");
      return later();
    }
    id = given.id;
    image.src = given.picture;
    verdict.textContent = say("ask");
    show("ask");
  };

  const answer = async (real) => {
    for (const each of choices) each.disabled = true;
    const answered = await send("", { id, real });
    if (isOver) return;
    if (answered?.status === 409) return ask(); // another training has begun meanwhile
    const truth = answered?.ok ? await answered.json().catch(() => null) : null;
    if (!truth) {
      for (const each of choices) each.disabled = false;
      return void (verdict.textContent = say("lost"));
    }
    const [right, all] = kept.versus ?? [0, 0];
    kept.versus = [right + truth.right, all + 1];
    keep();
    count();
    verdict.textContent = say(`${truth.right ? "right" : "wrong"}_${truth.real ? "real" : "fake"}`, { step: truth.step.toLocaleString() });
    show("told");
    next.focus();
  };

  count();
  show("wait");
  ask();
  return {
    hear(state) {
      const now = state?.versus?.run ?? null;
      if (run !== null && now !== run && root.dataset.phase !== "told") ask(); // another training: its pictures
      run = now;
    },
    leave() {
      isOver = true;
      clearTimeout(timer);
    },
  };
};
