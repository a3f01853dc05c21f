// What a visitor drew is kept in this browser, beside the picture that was found for it.
import(new URL("portfolio/store.js", document.baseURI)).then(({ keep, watch }) => {
  let drawing = ""; // that is searched for
  const drawn = () => {
    const canvas = document.querySelector("#pad canvas[data-used=yes]"); // by this visitor, not by a phone of the class
    return canvas && document.querySelector("#find-mode input[value=draw]:checked") ? canvas.toDataURL("image/png") : "";
  };
  watch(element, () => {
    const { said, found } = element.querySelector(".answer")?.dataset ?? {};
    if (said === "searching") drawing ||= drawn();
    if (!said || said === "searching" || !drawing) return;
    const [wanted, shown] = element.querySelectorAll(".search figure");
    const image = shown.querySelector("img");
    const asked = wanted.textContent.trim();
    const pictures = [{ source: drawing, alt: asked, caption: asked }, { source: image.src, alt: image.alt, caption: shown.textContent }];
    const link = `?picture=${encodeURIComponent(found)}`;
    keep("drawing", found, { title: element.querySelector(".answer").textContent, pictures, link });
    drawing = "";
  });
}, () => {}); // the server is gone
