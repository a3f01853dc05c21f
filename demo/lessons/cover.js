// What the lesson's tab shows: where it begins, its scenes, the way into a room, and a lesson of one's own.
import { controls } from "../portfolio/controls.js";
import { make } from "./elements.js";
import { wayIn } from "./join.js";
import { go, lesson } from "./lesson.js";

const { words, scenes, title, leads, own } = lesson;

// Someone's own lesson instead of the shipped one: told with its line where something is wrong, shown at once where not.
const owned = () => {
  const section = make("section", "", { className: "own" });
  const told = make("p", words.own_how);
  const show = async (file) => {
    const there = new URL("own", import.meta.url);
    there.searchParams.set("name", file.name);
    const answer = await fetch(there, { method: "POST", body: file }).catch(() => null);
    if (answer?.ok) return location.assign(location.pathname);
    told.setAttribute("role", "alert");
    told.textContent = (await answer?.json().catch(() => null))?.error ?? words.late;
  };
  const label = make("label", words.own_pick);
  const input = make("input", "", { type: "file", accept: ".md,.txt,text/markdown,text/plain" });
  input.onclick = () => (input.value = ""); // the same file, corrected, is a new one
  input.onchange = () => input.files[0] && show(input.files[0]);
  label.append(input);
  section.append(make("h3", words.own), told, label);
  if (own) {
    const back = make("button", words.own_back, { type: "button" });
    back.onclick = () => fetch(new URL("own", import.meta.url), { method: "DELETE" }).then(() => location.assign(location.pathname));
    const form = make("form");
    form.append(back);
    section.append(form);
  }
  section.ondragover = (event) => {
    event.preventDefault();
    section.classList.add("dropping");
  };
  section.ondragleave = () => section.classList.remove("dropping");
  section.ondrop = (event) => {
    event.preventDefault();
    section.classList.remove("dropping");
    if (event.dataTransfer.files[0]) show(event.dataTransfer.files[0]);
  };
  return section;
};

// What this visitor has made so far, to take home.
const made = () => {
  const section = make("section", "", { className: "made" });
  controls(lesson).then(({ words: said, told, save, clear }) => {
    const row = make("form"); // laid out as the others
    row.append(save, clear);
    section.append(make("h3", said.save), make("p", said.how), told, row);
  });
  return section;
};

export const cover = (element) => {
  const root = make("div", "", { className: "cover" });
  const list = make("ol");
  scenes.forEach((scene, at) => {
    const button = make("button", "", { type: "button", onclick: () => go(at) });
    button.append(make("b", at + 1), make("span", scene.title));
    const item = make("li");
    item.append(button);
    list.append(item);
  });
  const join = make("section");
  const form = make("form", "", { action: new URL("../room", import.meta.url), method: "get" });
  const typed = make("input", "", { name: "code", maxLength: 4, required: true, pattern: "[A-Za-z]{4}", ariaLabel: words.join });
  typed.autocomplete = "off";
  form.append(typed, make("button", words.enter));
  join.append(make("h3", words.join), make("p", words.join_how), form);
  const more = make("div", "", { className: "more" });
  more.append(join, made(), ...(leads && own !== null ? [owned()] : []));
  const begin = make("button", words.start, { type: "button", className: "begin", onclick: () => go(0) });
  addEventListener("lesson-left", ({ detail: at }) => {
    begin.textContent = words.resume.replace("{number}", at + 1);
    begin.onclick = () => go(at);
  });
  const open = leads ? [] : [wayIn(words, () => root.checkVisibility({ visibilityProperty: true }))];
  root.append(make("h2", title), ...open, make("p", words.keys), begin, list, more);
  element.replaceChildren(root);
};
