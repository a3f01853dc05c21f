// While the number of pictures is dragged, those that are lacking are drawn on this device, and those too many are put out of
// sight; what D says of them comes from the server when it has answered.
{
  const device = import(new URL("device/page.js", document.baseURI)).catch(() => null);
  let list = { of: "", vectors: null }; // the latent vectors of a seed, one after the other, or null where they do not come

  const vectorsOf = (name) => {
    if (list.of !== name) {
      const vectors = fetch(new URL(`device/noise/${name}`, document.baseURI))
        .then(async (answer) => (answer.ok ? new Float32Array(await answer.arrayBuffer()) : null))
        .catch(() => null);
      list = { of: name, vectors };
    }
    return list.vectors;
  };

  // A figure for the picture of a number, from 0, after the pattern of another one.
  const figure = (pattern, number) => {
    const made = pattern.cloneNode(true);
    made.className = "drawn-here";
    made.querySelector(":scope > b")?.remove();
    made.querySelector("figcaption").textContent = "…";
    const button = made.querySelector("button");
    button.dataset.address = button.dataset.address.replace(/\d+$/, number);
    button.title = button.dataset.address;
    button.setAttribute("aria-pressed", "false");
    button.replaceChildren(document.createElement("canvas"));
    return made;
  };

  const drag = async ({ target }) => {
    if (!element.isConnected) return document.removeEventListener("input", drag);
    const [shown, count] = [element.querySelector(".made"), Math.round(Number(target.value))];
    if (!shown || !target.closest?.("#noise-count") || !(count >= 1 && count <= Number(shown.dataset.most))) return;
    const { runtime, file, noise } = shown.dataset;
    const here = await device;
    if (!here?.dragging.ready(runtime, file)) return;
    const vectors = await vectorsOf(noise);
    if (!vectors) return;
    const have = shown.children.length;
    const length = vectors.length / Number(shown.dataset.most);
    const put = ({ values, shape: [, ...shape] }) => {
      for (let number = shown.children.length; number < count; number++) {
        const each = figure(shown.children[0], number);
        const from = number - have;
        const size = shape.reduce((all, side) => all * side);
        here.show({ values: values.subarray(from * size, (from + 1) * size), shape: [1, ...shape] }, each.querySelector("canvas"));
        shown.append(each);
      }
      [...shown.children].forEach((each, number) => (each.hidden = number >= count));
      shown.style.setProperty("--columns", Math.ceil(count / Math.max(1, Math.round(Math.sqrt(count / 2)))));
    };
    if (count <= have) return put({ values: null, shape: [0] });
    here.dragging.draw(vectors.slice(have * length, count * length), [count - have, length], put);
  };
  document.addEventListener("input", drag);
}
