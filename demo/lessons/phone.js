// A phone in a room: the question that the class is asked, and big buttons. What it answered is kept on this phone alone,
// under a number that it made up.
import { controls } from "../portfolio/controls.js";
import { keep as keepThing } from "../portfolio/store.js";
import { make } from "./elements.js";
import { listen } from "./room.js";
import { keepVote, LETTERS } from "./vote.js";

const here = (path) => new URL(`../${path}`, import.meta.url);
const { code, words, language, lesson, statements, true: truths } = JSON.parse(document.getElementById("about").textContent);
const { scenes } = await (await fetch(here(`lesson/${language}.json`))).json();
const [title, sentence, act, told, home, there] = ["title", "sentence", "act", "told", "home", "here"].map((id) =>
  document.getElementById(id),
);

// what this phone answered in this room: its number, its class, its votes by scene ({first, second, openings}), its answers
// by "before" and "after"
const fresh = () => {
  const voter = [...crypto.getRandomValues(new Uint8Array(12))].map((x) => x.toString(16).padStart(2, "0")).join("");
  return { voter, votes: {}, quiz: {} };
};
const kept = (() => {
  try {
    return JSON.parse(localStorage.getItem(`room-${code}`)) ?? fresh();
  } catch {
    return fresh();
  }
})();
const keep = () => {
  try {
    localStorage.setItem(`room-${code}`, JSON.stringify(kept));
  } catch {
    // storage is refused: a reload then begins anew
  }
};
const send = async (what, body) => {
  const options = { method: "POST", body: JSON.stringify({ voter: kept.voter, ...body }) };
  for (let tries = 0; tries < 20; tries++) {
    try {
      return (await fetch(here(`room/${code}/${what}`), options)).status;
    } catch {
      await new Promise((done) => setTimeout(done, 1000)); // the network is gone for a moment, or the server starts again
    }
  }
  return 0;
};

// What it voted since each vote was opened last: {first, second}.
const votedIn = ({ openings }, number) => {
  const mine = kept.votes[number] ?? {};
  const isOfThis = (round) => openings[round] !== undefined && openings[round] === mine.openings?.[round];
  return Object.fromEntries(Object.entries(mine).filter(([round]) => isOfThis(round)));
};
const keepMine = (poll, number) =>
  keepVote(lesson, number, scenes[number - 1], { ...votedIn(poll, number), right: kept.rights?.[number] });

// Where the scene that is drawn now says something; what comes late, when another is, says nothing.
let drawn = 0; // how often something was drawn
const teller = () => {
  const mine = drawn;
  return {
    set textContent(text) {
      if (mine === drawn) told.textContent = text;
    },
  };
};

// The vote: a button for each answer.
const vote = (poll, number) => {
  const { phase, right, openings } = poll;
  const round = phase === "bars" ? "first" : phase === "truth" ? "second" : phase;
  const mine = votedIn(poll, number);
  const chosen = mine[round] ?? (round === "second" && phase === "truth" ? mine.first : undefined);
  const isOpen = phase === "first" || phase === "second";
  const list = make("div", "", { className: "answers" });
  const tell = teller();
  scenes[number - 1].answers.forEach((answer, choice) => {
    const button = make("button", "", { type: "button", disabled: !isOpen });
    button.append(make("b", LETTERS[choice]), make("span", answer));
    button.setAttribute("aria-pressed", String(choice === chosen));
    if (right?.includes(choice)) button.classList.add("right");
    button.onclick = async () => {
      for (const each of list.children) each.setAttribute("aria-pressed", String(each === button));
      const status = await send("vote", { scene: number, choice, opening: openings[round] });
      if (status === 204) {
        kept.votes[number] = { ...votedIn(poll, number), [round]: choice, openings };
        keep();
        keepMine(poll, number);
        tell.textContent = words.picked;
      } else {
        for (const each of list.children) each.setAttribute("aria-pressed", "false");
        tell.textContent = status === 409 ? words.closed : words.lost;
      }
      const hasGoneOn = !list.isConnected && latest.scene === number && act.querySelector(".answers");
      if (hasGoneOn) draw(); // to the next phase: what was picked is seen there, too
    };
    list.append(button);
  });
  const says = { first: words.pick, second: words.again, bars: words.talk };
  let verdict = words.look;
  if (right?.length && chosen !== undefined) verdict = right.includes(chosen) ? words.right : words.wrong;
  act.replaceChildren(list);
  told.textContent = isOpen && chosen !== undefined ? words.picked : (says[phase] ?? verdict);
};

// The eight statements, before and after the lesson.
const quiz = (when) => {
  const tell = teller();
  const answers = [...(kept.quiz[when] ?? statements.map(() => null))];
  const list = make("ol", "", { className: "statements" });
  const done = make("button", words.send, { type: "button", className: "send" });
  const ready = () => (done.disabled = answers.includes(null));
  statements.forEach((statement, at) => {
    const item = make("li");
    const group = make("fieldset");
    group.append(make("legend", statement.say));
    ["agree", "disagree", "unsure"].forEach((name, value) => {
      const button = make("button", words[name], { type: "button" });
      button.setAttribute("aria-pressed", String(answers[at] === value));
      button.onclick = () => {
        answers[at] = value;
        for (const each of group.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
        ready();
      };
      group.append(button);
    });
    item.append(group);
    list.append(item);
  });
  done.onclick = async () => {
    const status = await send("quiz", { when, answers });
    if (status === 204) {
      kept.quiz[when] = answers;
      keep();
      keepThing("statements", `${lesson} ${when}`, { when, answers });
    }
    tell.textContent = status === 204 ? words.sent : status === 409 ? words.closed : words.lost;
  };
  ready();
  act.replaceChildren(list, done);
  told.textContent = kept.quiz[when] ? words.sent : "";
};

// What phones do in a scene beside answering: a script of its own, which returns how it takes in the room's state and how
// it is left.
let leave = null;
let hear = null;
let latest = null; // the room's state
const activity = async (scene) => {
  const mine = last;
  const { begin } = await import(`./phone_${scene.phone}.js`);
  if (last !== mine) return; // gone on meanwhile
  ({ hear, leave } = begin({ act, told: teller(), words, send, here, code, voter: kept.voter, kept, keep, scene }));
  hear?.(latest);
};

let last = ""; // what is shown, so that answers given by half are not drawn anew
const show = (state) => {
  const { scene: number, group, poll, over } = (latest = state);
  if (group && group !== kept.group) {
    if (kept.group) {
      for (const name in kept) delete kept[name]; // another class sits here now
      Object.assign(kept, fresh());
    }
    kept.group = group;
    keep();
  }
  hear?.(state);
  const now = JSON.stringify([number, group, poll, over]);
  if (now === last) return;
  last = now;
  draw();
};
const draw = () => {
  drawn++;
  const { scene: number, poll, over } = latest;
  const scene = scenes[number - 1];
  title.textContent = scene?.title ?? "";
  sentence.textContent = scene?.sentence ?? "";
  act.replaceChildren();
  there.hidden = !scene?.place;
  there.href = here(`?lesson=${lesson}&scene=${number}`);
  told.textContent = over ? words.over : scene ? words.look : words.wait;
  leave?.();
  hear = leave = null;
  if (poll?.right) {
    kept.rights = { ...kept.rights, [number]: poll.right };
    if (Object.keys(votedIn(poll, number)).length) keepMine(poll, number);
  }
  const asks = poll && (scene?.phone ? ["first", "bars", "second"].includes(poll.phase) : poll.phase !== "closed");
  if (asks) vote(poll, number);
  else if (scene?.phone) activity(scene);
  else if (scene?.stage === "quiz") quiz(scene.settings.ask);
};

document.getElementById("code").textContent = code;
keep(); // its number
listen(code, "", (state) => show(state ?? { over: true }));

// Everything of this browser's as one file that opens without the app.
controls({ name: lesson, scenes, statements, true: truths }).then(({ save, clear }) => {
  home.replaceChildren(save, clear);
});
