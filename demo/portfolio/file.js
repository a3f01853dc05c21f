// What a visitor has made as one HTML file: no script, nothing fetched, whatever was typed or sent is text and nothing else.
import { fill, make } from "../lesson/elements.js";

const KINDS = ["picture", "drawing", "film", "photo", "guess"];
const LETTERS = "ABCDEF";
const SAFE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

const box = (tag, children, { lang, ...more } = {}) => {
  const made = make(tag, "", more);
  if (lang && lang !== document.documentElement.lang) made.lang = lang;
  made.append(...children);
  return made;
};
// A heading, marked where an answer was right or wrong.
const heading = (text, words, right) => {
  if (typeof right !== "boolean") return make("h3", text);
  const mark = make("span", right ? "✓" : "✗", { className: right ? "right" : "wrong", role: "img" });
  mark.ariaLabel = mark.title = words[right ? "right" : "wrong"];
  return box("h3", [mark, ` ${text}`]);
};

// A picture, a drawing, a film, a photo or a guess.
const article = ({ kind, title, texts, pictures, link, right, language }, { words, base }) => {
  const figures = pictures.map(({ source, alt = title, caption = "" }) => {
    const image = make("img", "", { src: source, alt });
    return box("figure", caption ? [image, make("figcaption", caption)] : [image]);
  });
  const parts = [];
  if (figures.length) parts.push(box("div", figures, { className: "figures" }));
  if (title) parts.push(heading(title, words, right));
  parts.push(...texts.map((text) => make("p", text)));
  if (link) parts.push(box("p", [make("a", words.open, { href: new URL(link, base).href, lang: document.documentElement.lang })]));
  return box("article", parts, { lang: language, className: kind });
};

// What a scene asks, with what was voted.
const asked = ({ title, sentence, answers }, mine, words, lang) => {
  const items = (mine ? answers : []).map((answer, choice) => {
    const isRight = Boolean(mine?.right?.includes(choice));
    const marks = [mine?.first === choice && words.first, mine?.second === choice && words.second].filter(Boolean);
    const parts = [make("b", `${LETTERS[choice]}. `), isRight ? `${answer} ✓` : answer];
    if (marks.length) parts.push(make("em", ` ← ${marks.join(", ")}`));
    return box("li", parts, { className: isRight ? "right" : "" });
  });
  const list = items.length ? [box("ol", items, { className: "answers" })] : [];
  return box("article", [make("h3", title), make("p", sentence), ...list], { lang });
};

// The lesson, scene after scene, with the votes; and votes of other lessons.
const votes = (things, lesson, words) => {
  const mine = things.filter(({ kind }) => kind === "vote");
  const isOf = (vote, at, { answers }) => vote.lesson === lesson.name && vote.scene === at + 1 && vote.answers.length === answers.length;
  const scenes = lesson.scenes.map((scene, at) => ({ ...scene, vote: mine.find((vote) => isOf(vote, at, scene)) }));
  const others = mine.filter((vote) => !scenes.some((scene) => scene.vote === vote));
  const here = scenes.some(({ vote }) => vote) ? scenes : [];
  const told = here.map((scene, at) => [scene, `${at + 1}. ${scene.title}`]).filter(([{ stage }]) => stage !== "quiz");
  return [
    ...told.map(([scene, title]) => asked({ ...scene, title }, scene.vote, words)),
    ...others.map((vote) => asked(vote, vote, words, vote.language)),
  ];
};

// The eight statements, as they were answered before and after the lesson; the truth once they were answered after it.
const statements = (things, lesson, words) => {
  const given = Object.fromEntries(things.filter(({ kind }) => kind === "statements").map(({ when, answers }) => [when, answers]));
  if (!given.before && !given.after) return [];
  const named = (answers, at) => (answers ? words[["agree", "disagree", "unsure"][answers[at]]] : "–");
  return lesson.statements.map(({ say, why }, at) => {
    const isTrue = lesson.true[at];
    const right = given.after && given.after[at] === (isTrue ? 0 : 1);
    const mine = `${words.mine} ${named(given.before, at)} → ${named(given.after, at)}`;
    const parts = [heading(say, words, right), make("p", mine)];
    if (given.after) {
      parts.push(box("p", [make("b", words[isTrue ? "agree" : "disagree"]), `. ${why}`]));
    }
    return box("article", parts);
  });
};

// The file's text. `lesson` is {name, scenes, statements, true}; links lead to the app at `base`.
export const written = (things, { words, style }, lesson, base) => {
  const language = document.documentElement.lang;
  const page = document.implementation.createHTMLDocument(words.title);
  const meta = (values) => {
    const made = page.createElement("meta");
    for (const [name, value] of Object.entries(values)) made.setAttribute(name, value);
    return made;
  };
  page.documentElement.lang = language;
  page.head.prepend(
    meta({ charset: "utf-8" }),
    meta({ "http-equiv": "Content-Security-Policy", content: SAFE }),
    meta({ name: "viewport", content: "width=device-width, initial-scale=1" }),
  );
  page.head.append(Object.assign(page.createElement("style"), { textContent: style }));
  const date = new Date().toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  const parts = [box("header", [make("h1", words.title), make("p", fill(words.saved, { date }))])];
  const section = (kind, title, articles) => {
    if (articles.length) parts.push(box("section", [make("h2", title), box("div", articles, { className: kind })]));
  };
  for (const kind of KINDS) {
    const mine = things.filter((thing) => thing.kind === kind);
    section(kind, words[`sections.${kind}`], mine.map((thing) => article(thing, { words, base })));
  }
  section("votes", words.lesson, votes(things, lesson, words));
  section("statements", words.statements, statements(things, lesson, words));
  page.body.append(box("main", parts));
  return `<!doctype html>${page.documentElement.outerHTML}`;
};
