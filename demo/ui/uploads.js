// Pictures are made smaller in the page before they are sent: a phone's photo is larger than a Space takes, and slow on
// the room's Wi-Fi. What cannot be sent is refused here, in the page's language: Gradio says it in English, or not at all.
(() => {
  const LONGEST = 1600; // pixels of a side: more than the app looks at
  const PICTURE = /\.(jpe?g|jpe|jfif|png|webp|gif|bmp|tiff?|avif|hei[cf])$/i; // browsers do not know all of them
  const MEGABYTE = 2 ** 20;
  const seen = new WeakSet(); // events that hand on what was looked at here
  const limit = () => window.gradio_config?.max_file_size || Infinity;

  const say = (key, values = {}) => {
    const words = window.gradio_config?.i18n_translations?.[document.documentElement.lang] ?? {};
    return (words[`uploads.${key}`] ?? key).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
  };
  let box, timer;
  const tell = (text, seconds = 10) => {
    box ??= document.body.appendChild(Object.assign(document.createElement("p"), { id: "told", role: "alert" }));
    box.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => (box.textContent = ""), 1000 * seconds);
  };

  const named = (file) => {
    const [, kind] = file.type ? [] : (PICTURE.exec(file.name) ?? []);
    return kind ? new File([file], file.name, { type: `image/${kind.toLowerCase()}` }) : file;
  };
  const fits = (file, accept) =>
    !accept ||
    accept.split(",").some((each) => {
      const kind = each.trim().toLowerCase();
      if (kind.endsWith("/*")) return file.type.startsWith(kind.slice(0, -1));
      return kind === file.type || (kind.startsWith(".") && file.name.toLowerCase().endsWith(kind));
    });

  // A photo with too many pixels, or any picture with too many bytes, as a JPEG; upright, since the canvas forgets how
  // the camera was held. What this browser cannot decode (HEIC) goes as it is.
  const smaller = async (file) => {
    if (!file.type.startsWith("image/") || (file.type !== "image/jpeg" && file.size <= limit())) return file;
    try {
      const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
      const share = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
      if (share === 1 && file.size <= limit()) return file;
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(share * side)));
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.fillStyle = "white"; // behind what is transparent, as on the server
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
      const name = `${file.name.replace(/\.\w+$/, "")}.jpg`;
      return blob && blob.size < file.size ? new File([blob], name, { type: "image/jpeg" }) : file;
    } catch {
      return file;
    }
  };

  const ready = async (files, accept) => {
    const kept = new DataTransfer();
    const refused = [];
    for (const [index, given] of files.entries()) {
      if (files.length > 3) tell(say("shrinking", { done: index + 1, count: files.length }));
      const file = named(given);
      if (!fits(file, accept)) {
        refused.push(say(accept.includes(".zip") ? "kind_or_zip" : "kind", { name: file.name }));
        continue;
      }
      const small = await smaller(file);
      if (small.size <= limit()) {
        kept.items.add(small);
      } else {
        const [size, most] = [small.size, limit()].map((bytes) => Math.ceil(bytes / MEGABYTE));
        refused.push(say("large", { name: file.name, size: Math.max(size, most + 1), most }));
      }
    }
    const more = refused.length > 3 ? [say("more", { count: refused.length - 3 })] : [];
    tell([...refused.slice(0, 3), ...more].join("\n"));
    return kept;
  };

  const hand = (event, target) => {
    seen.add(event);
    target.dispatchEvent(event);
  };
  addEventListener(
    "change",
    async (event) => {
      const input = event.target;
      if (input.type !== "file" || !input.files.length || seen.has(event)) return;
      event.stopImmediatePropagation();
      const kept = await ready([...input.files], input.accept);
      input.files = kept.files;
      if (kept.files.length) hand(new Event("change", { bubbles: true }), input);
    },
    true,
  );
  addEventListener(
    "drop",
    async (event) => {
      const input = event.target.closest?.(".block")?.querySelector("input[type=file]");
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!input || !files.length || seen.has(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { target } = event;
      const kept = await ready(input.multiple ? files : files.slice(0, 1), input.accept);
      // without a file, too: the place then no longer looks as if something were held over it
      hand(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: kept }), target);
    },
    true,
  );

  // pasted: Gradio reads the clipboard by itself
  const read = navigator.clipboard?.read?.bind(navigator.clipboard);
  if (read) {
    navigator.clipboard.read = async () =>
      (await read()).map((item) => ({
        types: item.types,
        getType: async (type) => smaller(new File([await item.getType(type)], "pasted", { type })),
      }));
  }
})();
