// What a visitor answered is kept in this browser: all answers to an item, and whether the first was right.
import(new URL("portfolio/store.js", document.baseURI)).then(({ keep }) => {
  const given = {}; // by the name of an item
  element.addEventListener("change", ({ target }) => {
    const [label, why] = [target.closest("label"), target.closest("label").nextElementSibling];
    const right = why.classList.contains("right");
    const answers = (given[target.name] ??= []);
    answers.push({ right, texts: [`→ ${label.textContent.trim()}`, why.textContent.trim()] });
    const title = target.closest("fieldset").querySelector("legend").textContent;
    keep("guess", target.name, { title, texts: answers.flatMap(({ texts }) => texts), right: answers[0].right });
  });
}, () => {}); // the server is gone
