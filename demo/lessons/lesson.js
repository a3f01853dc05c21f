// The lesson: scene after scene one sentence, and one part of the workshop as large as the screen, with at most three of its
// controls. Nothing is moved or copied: the rest is put out of sight, so that whoever leaves is in the workshop as it stands.
import { controls } from "../portfolio/controls.js";
import { make } from "./elements.js";
import { JoinPanel, wayIn } from "./join.js";
import { Notes } from "./notes.js";
import * as rooms from "./room.js";
import { keepVote, Vote } from "./vote.js";

const here = (path) => new URL(path, import.meta.url);
const language = document.documentElement.lang;
const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const WAIT = 30_000; // milliseconds for a picture to come
const MOST = 4; // times that a picture is enlarged
const SMALL = matchMedia("(max-width: 899px), (max-height: 499px)"); // a picture is not made smaller there, but scrolled
const SWIPE = 60; // pixels

export const lesson = await (await fetch(here(`${language}.json`))).json();
const { error, name, title, words, scenes, reached, leads } = lesson;
if (error) {
  const wrong = Object.assign(document.createElement("p"), { textContent: error, role: "alert", id: "lesson-wrong" });
  wrong.style = "margin: 0; padding: 1em; background: #fff3c4; color: #222; font: 1rem/1.5 sans-serif";
  document.body.prepend(wrong);
  document.documentElement.classList.remove("lesson-coming");
  throw new Error(error);
}
let at = null; // the number of the scene, from 0; null outside the lesson
let turn = 0; // scenes that were gone to
let room = null; // that goes where this page goes

const root = make("section", "", { id: "lesson", hidden: true, ariaLabel: title });
const [header, footer] = [make("header"), make("footer")];
const [heading, sentence, told] = [make("h2"), make("p", "", { ariaLive: "polite" }), make("p", "", { className: "told" })];
const number = make("output");
const stage = make("style");
const press = (key, act, wide) => {
  const button = make("button", words[key], { type: "button", onclick: act, className: wide ? "wide" : "" });
  button.dataset.key = key;
  return button;
};
header.append(heading, sentence, ...(leads ? [] : [wayIn(words, () => at === 0)]));
footer.append(
  ...[press("back", () => go(at - 1)), number, press("next", () => go(at + 1)), make("span", "", { className: "gap" })],
  ...(leads ? [press("lead", () => (room ? endRoom() : lead()), true), Object.assign(press("join", () => invite(panel.root.hidden)), { textContent: "" })] : []),
  ...[press("notes", () => openNotes(), true), press("full", () => full(), true)],
  ...[press("more", () => leave(true), true), press("leave", () => leave())],
);
const home = make("span", "", { hidden: true }); // at the end of the lesson, for who has made anything
controls(lesson).then(({ save }) => home.append(save));
footer.querySelector(".gap").after(home);
const vote = new Vote(words, (what) => room?.lead(what), (mine) => keepVote(name, at + 1, scene(), mine));
root.append(header, told, vote.root, footer);
// The picture of a scene that the lesson draws itself, or what it adds to one for phones: {root, ask(scene), hear(room), turn()}
let own = null;
const owns = new Map(); // by the name of their script
const draw = async (scene) => {
  own?.ask(null);
  own = null;
  const name = scene?.place ? scene.phone : scene?.stage;
  if (!name) return;
  const { default: Own } = await import(`./stage_${name}.js`);
  const asks = { ask: (path, what) => room?.ask(path, what), key: () => room?.key };
  if (!owns.has(name)) owns.set(name, new Own({ words, lesson, here, ...asks }));
  const found = owns.get(name);
  if (scene !== scenes[at]) return; // gone on meanwhile
  own = found;
  if (!own.root.isConnected) root.append(own.root);
  own.ask(scene);
  own.hear(state, room?.code);
};
document.head.append(stage);
document.body.append(root);

const scene = () => scenes[at];
const seen = (selector) => {
  const found = document.querySelector(selector);
  return found?.checkVisibility() && found.offsetHeight > 0 ? found : null;
};

// The scene in the address, so that F5 and a link lead back to it.
const write = (place) => {
  const there = new URL(location);
  if (at === null) for (const each of ["lesson", "scene"]) there.searchParams.delete(each);
  else {
    there.searchParams.set("lesson", name);
    there.searchParams.set("scene", at + 1);
  }
  if (place) there.hash = place;
  if (there.href !== location.href) history.replaceState(history.state, "", there);
};

// What the scene asks for is chosen, and nothing runs yet; not once another scene is gone to.
const begun = async (mine) => {
  const { choices, running, pause, reset } = scene();
  for (const [element, value] of choices) {
    const radio = () => document.querySelector(`${element} input[value="${CSS.escape(value)}"]`);
    for (let tries = 0; turn === mine && !radio()?.checked && tries < 30; tries++) {
      radio()?.click(); // a page that is just opening may not take it in
      await rest(300);
    }
  }
  if (turn !== mine || !running || !document.querySelector(running)) return;
  document.querySelector(pause)?.click();
  document.querySelector(reset)?.click();
};

// The picture as large as there is room between the sentence and the controls, by a style sheet alone: whatever Gradio
// draws anew stays in its place.
let watched = null; // the picture whose size is
const sizes = new ResizeObserver(() => fit());
const fit = () => {
  if (at === null) return;
  const { picture, controls, width, is_whole } = scene();
  const shown = seen(picture);
  const there = controls.filter(seen);
  const high = innerHeight;
  const asked = vote.root.hidden ? null : vote.root; // beside the picture, or under it where there is no room
  const isBeside = !getComputedStyle(vote.root).getPropertyValue("--under"); // as lesson.css lays it out
  vote.root.style.bottom = isBeside ? "" : `${footer.offsetHeight + 8}px`;
  vote.root.style.maxHeight = isBeside ? `${high - header.offsetHeight - footer.offsetHeight - 24}px` : "";
  vote.root.style.top = isBeside ? `${header.offsetHeight + 12}px` : "auto";
  const wide = innerWidth - (asked && isBeside ? asked.offsetWidth : 0);
  const margin = Math.max(12, wide * 0.02);
  const most = there.length > 1 ? 0.34 * wide + 60 : 0.5 * wide + 320;
  const each = Math.min(most, (wide - margin * (there.length + 1)) / Math.max(1, there.length));
  const larger = Math.max(1, Math.min(1.5, wide / 1366)); // controls, on a projector
  const tallest = larger * Math.max(0, ...there.map((selector) => document.querySelector(selector).offsetHeight));
  const low = footer.offsetHeight + 8 + (asked && !isBeside ? asked.offsetHeight + 8 : 0); // where controls stand
  const [top, bottom] = [header.offsetHeight + 12, low + (tallest ? tallest + 12 : 0)];
  const free = { wide: wide - 2 * margin, high: Math.max(80, high - top - bottom) };
  const least = Math.min(width, Math.max(free.wide, 320));
  const left = (wide - there.length * each - (there.length - 1) * margin) / 2;
  const place = (selector, index) => `${selector} {
    left: ${left + index * (each + margin)}px; bottom: ${low}px; width: ${each / larger}px !important;
    transform-origin: 0 100%; transform: scale(${larger})
  }`;
  const all = [picture, ...there].join(", ");
  const rules = (scale, x, y, more = "") => `
    ${all} { visibility: visible; position: fixed !important; margin: 0 !important; max-width: none !important; min-width: 0 !important; z-index: 1 !important }
    ${picture} { left: 0; top: 0; width: ${least}px !important; transform-origin: 0 0; transform: translate(${x}px, ${y}px) scale(${scale}); ${more} }
    ${there.map(place).join("\n")}`;
  if (!shown) {
    stage.textContent = "";
    return;
  }
  if (shown !== watched) {
    sizes.disconnect();
    sizes.observe((watched = shown));
  }
  if (!stage.textContent) stage.textContent = rules(1, 0, top);
  const scale = Math.min(free.wide / least, Math.max(free.high / shown.scrollHeight, SMALL.matches && !is_whole ? 1 : 0), MOST);
  const x = (wide - scale * least) / 2;
  const over = scale * shown.scrollHeight - free.high;
  const fades = shown.scrollTop + shown.clientHeight < shown.scrollHeight - 4; // below there is more
  const scrolls = `min-height: 0 !important; max-height: ${free.high / scale}px !important; overflow: hidden auto !important; overscroll-behavior: contain;
    ${fades ? "mask-image: linear-gradient(#000 calc(100% - 3rem), transparent)" : ""}`;
  const next = rules(scale, x, top + Math.max(0, -over / 2), over > 1 ? scrolls : "");
  if (next !== stage.textContent) stage.textContent = next;
};

// Go to a scene: open its part of the workshop, choose what it asks for, and show it when it is there.
export const go = async (number_) => {
  if (number_ < 0 || number_ >= scenes.length) return;
  const mine = ++turn;
  if (at === null) notes.begin();
  at = number_;
  stage.textContent = "";
  root.hidden = false;
  document.body.classList.add("lesson");
  document.documentElement.classList.remove("lesson-coming");
  scrollTo(0, 0);
  heading.textContent = scene().title;
  sentence.textContent = scene().sentence;
  home.hidden = at < scenes.length - 1;
  number.textContent = words.at.replace("{number}", at + 1).replace("{count}", scenes.length);
  told.textContent = words.coming;
  invite(false);
  vote.ask(scene());
  hideWorkshop(!scene().place);
  draw(scene());
  tellNotes();
  room?.lead({ scene: at + 1 });
  write(scene().place);
  if (scene().place) dispatchEvent(new PopStateEvent("popstate"));
  const until = performance.now() + WAIT;
  while (!seen(scene().picture) && performance.now() < until) {
    await rest(50);
    if (turn !== mine) return;
  }
  fit();
  seen(scene().picture)?.scrollTo(0, 0);
  await begun(mine);
  if (turn !== mine) return;
  fit();
  told.textContent = seen(scene().picture) ? "" : words.late;
  while (turn === mine && at !== null) {
    write(); // the tabs have written an address of theirs
    if (!document.hidden) fit();
    await rest(200);
  }
};

// Where the lesson draws by itself nothing of the workshop is to be seen or reached, also what makes itself visible.
const hideWorkshop = (does) => {
  const workshop = document.querySelector("gradio-app");
  workshop.inert = does;
  workshop.style.opacity = does ? 0 : "";
};

const leave = (stays = false) => {
  turn++;
  dispatchEvent(new CustomEvent("lesson-left", { detail: at }));
  at = null;
  room?.lead({ scene: 0 });
  vote.ask(null);
  hideWorkshop(false);
  draw(null);
  stage.textContent = "";
  root.hidden = true;
  document.body.classList.remove("lesson");
  if (document.fullscreenElement) document.exitFullscreen();
  write();
  if (!stays) document.querySelector("#tabs [role=tab][aria-selected=true]")?.focus();
};

// The room: those who came by the code go to the scene that this page goes to, and vote.
const panel = new JoinPanel(words, reached);
root.append(panel.root);
const invite = (does) => panel.show(does && room !== null);
let state = null; // what the room says
const hear = (now) => {
  state = now;
  if (!state) room = null;
  vote.hear(state);
  own?.hear(state, room?.code);
  footer.querySelector("[data-key=join]").textContent = room && state ? `${room.code} · ${state.present}` : "";
  footer.querySelector("[data-key=lead]").textContent = room ? words.close_room : words.lead;
  invite(!panel.root.hidden);
  tellNotes();
  fit();
};
const lead = async (asks = true) => {
  room = await rooms.enter(hear);
  if (!room) return (told.textContent = words.no_room);
  panel.lead(room);
  if (at !== null) room.lead({ scene: at + 1 });
  invite(asks);
};
const endRoom = () => confirm(words.end_room) && room.end();
const anew = () => {
  if (room && !confirm(words.new_class)) return;
  room?.lead({ clear: true });
  go(0);
};

const full = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());

const again = async () => {
  const { reset } = scene();
  if (room && scene().answers.length) vote.go("closed");
  else vote.ask(scene());
  await begun(turn);
  if (reset) document.querySelector(reset)?.click();
};

const notes = new Notes();
const openNotes = () => {
  notes.open();
  tellNotes();
};
const tellNotes = () => {
  if (at === null) return;
  const later = `${words.then} ${scenes[at + 1]?.title ?? words.end}`;
  const votes = room && !vote.root.hidden && vote.told.textContent;
  notes.tell({ title: `${at + 1} / ${scenes.length} · ${title}`, scene: scene(), votes, later });
};

// Keys, before those of the page: a presenter's too. Whoever writes, or has a slider or a choice in hand, keeps them.
const KEYS = { PageDown: () => go(at + 1), PageUp: () => go(at - 1), Escape: () => leave() };
const FREE = { ArrowRight: KEYS.PageDown, ArrowLeft: KEYS.PageUp, Home: () => anew() };
const LETTERS = { KeyF: full, KeyR: again, KeyN: openNotes, KeyV: () => (own?.turn ? own.turn() : vote.next()), KeyQ: () => invite(panel.root.hidden) };
const onKey = (event) => {
  if (at === null || event.altKey || event.ctrlKey || event.metaKey) return;
  const on = (selector) => event.target.closest?.(selector);
  const writes = on("textarea, input:not([type=radio], [type=checkbox], [type=range])");
  const space = event.code === "Space" && !on("button, input, [role=tab], summary, a") && KEYS.PageDown;
  const letter = (!scene().has_keys || ["KeyV", "KeyQ"].includes(event.code)) && LETTERS[event.code];
  const act = KEYS[event.key] ?? (writes ? null : (!on("input, [role=tab]") && FREE[event.key]) || letter || space);
  if (!act || (writes && event.key !== "Escape" && !event.key.startsWith("Page"))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  act();
};
addEventListener("keydown", onKey, true);

let touch = null;
addEventListener("touchstart", ({ touches: [first], target }) => {
  touch = at !== null && !target.closest?.("gradio-app") ? first.clientX : null;
});
addEventListener("touchend", ({ changedTouches: [last] }) => {
  if (touch === null || Math.abs(last.clientX - touch) < SWIPE) return;
  go(at + (last.clientX < touch ? 1 : -1));
});
addEventListener("resize", fit);

const asked = new URL(location).searchParams;
if (asked.has("lesson")) {
  while (!document.querySelector("#tabs [role=tab]")) await rest(50);
  if (leads && rooms.wasOpen()) await lead(false);
  go(Math.min(scenes.length, Math.max(1, Number(asked.get("scene")) || 1)) - 1);
}
