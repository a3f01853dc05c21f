// The picture that a visitor picked is kept in this browser, with what is said of it.
import(new URL("portfolio/store.js", document.baseURI)).then(({ keep, watch }) => {
  let last = "";
  watch(element, () => {
    const { picked } = element.querySelector(".held")?.dataset ?? {};
    if (!picked || picked === last) return;
    last = picked;
    const image = element.querySelector(".held img");
    const texts = [...element.querySelectorAll(".held p")].map((said) => said.textContent);
    const title = picked.length > 40 ? `${picked.slice(0, 40)}…` : picked;
    const pictures = [{ source: image.src, alt: image.alt }];
    keep("picture", picked, { title, texts, pictures, link: `?picture=${encodeURIComponent(picked)}` });
  });
}, () => {}); // the server is gone
