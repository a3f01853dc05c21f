// A phone draws a digit, for which a vector is searched in front of the class.
import { keep } from "../portfolio/store.js";
import { make } from "./elements.js";
import { pad } from "./phone_drawing.js";

export const begin = ({ act, told, words, send, here, scene }) => {
  let drawing = "";
  let clear = () => {};
  const board = make("div");
  const button = make("button", words.find_send, { type: "button", className: "send", disabled: true });
  const note = make("p", words.find_how);
  note.setAttribute("role", "status");
  act.replaceChildren(board, button, note);
  told.textContent = "";
  button.onclick = async () => {
    button.disabled = true;
    const status = await send("find", { drawing });
    note.textContent = words[{ 204: "find_sent", 422: "find_blank" }[status] ?? "find_lost"];
    if (status === 204) {
      keep("drawing", `find ${Date.now()}`, { title: scene.title, pictures: [{ source: drawing }] });
      clear();
    } else button.disabled = !drawing;
  };
  pad(board, here, (now) => {
    drawing = now;
    button.disabled = !now;
  }).then((how) => (clear = how));
  return {};
};
