// The examples are buttons; a page without https has no camera, which the CSS then says.
document.documentElement.toggleAttribute("data-no-camera", !window.isSecureContext || !navigator.mediaDevices);

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-index]");
  if (button) trigger("select", { index: Number(button.dataset.index) });
});

// The divider: what is left of it is the picture as it was, taken from the first figure when it is first needed.
element.addEventListener("input", (event) => {
  const compare = event.target.closest(".compare");
  if (!compare) return;
  const before = compare.querySelector(".before");
  before.src ||= compare.closest(".way").querySelector("img.real").src;
  compare.style.setProperty("--share", event.target.value);
});

// A translation that a visitor saves is kept in this browser, small, beside the picture that it was made of.
import(new URL("portfolio/store.js", document.baseURI)).then(({ keep, small }) => {
  element.addEventListener("click", ({ target }) => {
    const way = target.closest("a[download]")?.closest(".way");
    if (!way) return;
    const images = ["img.real", "img.fake"].map((kind) => way.querySelector(kind));
    const pictures = images.map((image) => ({ source: small(image), alt: image.alt, caption: image.alt }));
    keep("photo", pictures[1].source.slice(-60), { title: way.parentNode.querySelector("h3").firstChild.textContent, pictures });
  });
}, () => {}); // the server is gone
