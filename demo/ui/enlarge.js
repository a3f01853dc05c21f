// A click on a result's picture (data-enlarge, enlarge.html) fills the screen with it, and so does Enter; a click, Esc or the
// close button leads back. Where a divider lies over the picture, whoever drags it still moves it.
(() => {
  const SMALL = 128; // pixels up to which a picture is shown as it is, pixel by pixel
  const STILL = 5; // pixels that a pointer moves in a click
  const say = (key) => window.gradio_config?.i18n_translations?.[document.documentElement.lang]?.[key] ?? key;
  const pictureAt = (target) => target.closest?.("[data-enlarge]") ?? target.closest?.(".compare")?.querySelector("[data-enlarge]");
  let dialog, picture;
  let held = null; // where the pointer went down on a divider, and how that stood

  const build = () => {
    dialog = Object.assign(document.createElement("dialog"), { id: "enlarged" });
    picture = document.createElement("img");
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: "×", autofocus: true });
    close.ariaLabel = close.title = say("app.enlarge.close");
    dialog.append(picture, close);
    dialog.addEventListener("click", () => dialog.close());
    document.body.append(dialog);
  };
  const open = (from) => {
    if (!dialog) build();
    picture.src = from.currentSrc || from.src;
    picture.alt = dialog.ariaLabel = from.alt;
    const isSmall = Math.max(from.naturalWidth, from.naturalHeight) <= SMALL;
    picture.style.imageRendering = isSmall ? "pixelated" : getComputedStyle(from).imageRendering;
    dialog.showModal();
  };

  const first = { capture: true }; // before those of a lesson, which leaves at Esc
  addEventListener("pointerdown", ({ target, clientX, clientY }) => {
    const divider = target.matches?.(".compare input") ? target : null;
    held = { divider, value: divider?.value, clientX, clientY };
  }, first);
  addEventListener("click", (event) => {
    const from = !dialog?.open && pictureAt(event.target);
    if (!from) return;
    const { divider, value, clientX, clientY } = held ?? {};
    if (divider === event.target) {
      if (Math.hypot(event.clientX - clientX, event.clientY - clientY) > STILL) return;
      divider.value = value;
      divider.dispatchEvent(new Event("input", { bubbles: true }));
    }
    open(from);
  }, first);
  addEventListener("keydown", (event) => {
    if (dialog?.open) {
      if (event.key !== "Escape") return;
      dialog.close();
    } else {
      const from = (event.key === "Enter" || event.key === " ") && pictureAt(event.target);
      if (!from || event.target.matches("a, button")) return;
      open(from);
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, first);
  addEventListener("popstate", () => dialog?.close()); // Back, and a lesson that goes on
})();
