// The game by keyboard: R or the arrow to the left says real, F or the one to the right says fake. Arrows keep their
// own meaning on tabs and choices; letters go by their place on the keyboard, whatever language it types.
const LETTERS = { KeyR: "#says-real", KeyF: "#says-fake" };
const ARROWS = { ArrowLeft: "#says-real", ArrowRight: "#says-fake" };
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.altKey || event.ctrlKey || event.metaKey || !element.checkVisibility()) return;
  const on = (selector) => event.target.closest?.(selector);
  if (on("input:not([type=radio], [type=checkbox]), textarea")) return;
  const selector = LETTERS[event.code] ?? (on("[role=tab], input") ? undefined : ARROWS[event.key]);
  const button = selector && document.querySelector(selector);
  if (!button?.checkVisibility()) return;
  event.preventDefault();
  button.click();
});

// What came of a round is kept in this browser.
import(new URL("portfolio/store.js", document.baseURI)).then(({ keep, watch }) => {
  let last = "";
  watch(element, () => {
    const picture = element.querySelector(".opinions img");
    const [title, score] = ["h4", ".answer"].map((part) => element.querySelector(part)?.textContent);
    if (!picture || last === picture.src) return;
    last = picture.src;
    keep("guess", `${title} ${picture.src.slice(-40)}`, { title, texts: [score] });
  });
}, () => {}); // the server is gone
