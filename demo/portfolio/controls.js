// The buttons that save what is kept as a file, and delete it.
import { fill, make } from "../lesson/elements.js";
import { written } from "./file.js";
import { clear, everything, lasts, listen, summary } from "./store.js";

const language = document.documentElement.lang;
const about = fetch(new URL(`${language}.json`, import.meta.url)).then((answer) => answer.json());
const base = new URL("..", import.meta.url);

// Save it, also when the server has gone. The file is named after the day.
const save = async (lesson) => {
  const html = written(await everything(), await about, lesson, base);
  const day = new Date().toLocaleDateString("sv"); // 2026-11-29
  const link = make("a", "", { download: `spear-and-shield-${day}.html` });
  link.href = URL.createObjectURL(new Blob([html], { type: "text/html" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

// {told, save, clear}: what is kept in a sentence, and the buttons, which are there where anything is.
export const controls = async (lesson) => {
  const { words } = await about;
  const told = make("p", "", { role: "status" });
  const saves = make("button", words.save, { type: "button", onclick: () => save(lesson), className: "save" });
  const clears = make("button", words.clear, { type: "button", onclick: () => confirm(words.sure) && clear(), className: "clear" });
  let last = Promise.resolve();
  const draw = async () => {
    const { count, since } = await summary();
    saves.hidden = clears.hidden = !count;
    const time = count && new Date(since).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
    const said = fill(words.count, { count, time });
    told.textContent = count ? `${said}${(await lasts()) ? "" : ` ${words.lasts}`}` : words.none;
  };
  const soon = () => (last = last.then(draw));
  listen(soon);
  await soon();
  return { words, told, save: saves, clear: clears };
};
