// What a visitor guessed of an experiment is kept in this browser once it is told what happened; so is a film that is saved.
import(new URL("portfolio/store.js", document.baseURI)).then(({ keep, read, watch }) => {
  let isGuessed = false;
  document.addEventListener("input", ({ target }) => target.closest?.("#curves-ends") && (isGuessed = true));
  watch(element, () => {
    const answer = element.querySelector(".answer");
    if (!answer || !isGuessed) return;
    isGuessed = false;
    const [title, , ...told] = [...element.querySelectorAll("p")].map((said) => said.textContent);
    const { experiment, option, right } = answer.dataset;
    keep("guess", experiment, { title, texts: [`→ ${option}`, answer.textContent, ...told], right: right === "True" });
  });
  document.addEventListener("click", async ({ target }) => {
    if (!target.closest?.("a[download$='.gif'][href*='/file=']")) return;
    const title = [...document.querySelectorAll("#curves-runs .token span")].map((each) => each.textContent).join(", ");
    const source = await read(target.closest("a").href);
    if (source) keep("film", title, { title, pictures: [{ source }] });
  });
}, () => {}); // the server is gone
