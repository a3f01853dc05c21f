// A photo from this phone, made into a zebra here, and hung on the wall.
import { keep, small } from "../portfolio/store.js";
import { make } from "./elements.js";

// The middle square of a picture file on a canvas.
const square = async (file, canvas, side) => {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  const short = Math.min(image.width, image.height);
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, (image.width - short) / 2, (image.height - short) / 2, short, short, 0, 0, side, side);
  return context;
};

export const begin = ({ act, told, words, here, code, voter, scene }) => {
  let network = null;
  let isLeft = false;
  const photo = make("canvas", "", { className: "photo" });
  const made = make("canvas", "", { className: "made", role: "img", ariaLabel: words.wall_ask });
  const label = make("label", words.wall_pick, { className: "button" });
  const input = make("input", "", { type: "file", accept: "image/*" });
  input.setAttribute("capture", "environment");
  const send = make("button", words.wall_send, { type: "button", className: "send", hidden: true });
  const pair = make("div", "", { className: "pair", hidden: true });
  label.append(input);
  pair.append(photo, made);
  act.replaceChildren(make("p", words.wall_ask), label, pair, send);
  told.textContent = "";

  const hang = async (canvas, isPhoto) => {
    const picture = canvas.toDataURL("image/jpeg", 0.9);
    const options = { method: "POST", body: JSON.stringify({ voter, picture, is_photo: isPhoto }) };
    return fetch(here(`room/${code}/wall`), options).catch(() => null);
  };
  const says = async (answer) => {
    if (answer?.ok) return words.wall_sent;
    if (answer?.status === 400) return (await answer.json()).error;
    return { 409: words.wall_full, 503: words.wall_late, 404: words.wall_none }[answer?.status] ?? words.lost;
  };

  // On this phone; null where it cannot.
  const translate = async (file, { runtime, file: name, size, channels }) => {
    if (!runtime) return null;
    try {
      const { Network, seen, show } = await import(here("device/page.js"));
      const tell = (share) => (told.textContent = words.wall_loading.replace("{percent}", `${Math.round(100 * share)}%`));
      network ??= await new Network(runtime, name, tell).open();
      const context = await square(file, photo, size);
      told.textContent = words.wall_computing;
      show(await network.run(seen(context, channels), [1, channels, size, size]), made);
      return made;
    } catch {
      network?.close();
      network = null;
      return null;
    }
  };

  const take = async (file) => {
    send.hidden = true;
    const about = await fetch(here(`room/${code}/wall`)).catch(() => null);
    if (!about?.ok) return (told.textContent = await says(about));
    const found = await translate(file, await about.json());
    if (isLeft) return;
    const isPhoto = !found;
    try {
      if (isPhoto) await square(file, photo, 512);
    } catch {
      return (told.textContent = words.wall_unreadable);
    }
    pair.hidden = false;
    made.hidden = isPhoto;
    send.hidden = false;
    told.textContent = "";
    send.onclick = async () => {
      send.disabled = true;
      const answer = await hang(isPhoto ? photo : made, isPhoto);
      send.disabled = false;
      send.hidden = Boolean(answer?.ok);
      told.textContent = await says(answer);
      if (isPhoto && answer?.ok) {
        const image = await createImageBitmap(await answer.blob());
        [made.width, made.height, made.hidden] = [image.width, image.height, false];
        made.getContext("2d").drawImage(image, 0, 0);
      }
      if (answer?.ok) keep("photo", code, { title: scene.title, pictures: [photo, made].map((each) => ({ source: small(each) })) });
    };
    label.firstChild.textContent = words.wall_again;
  };
  input.onchange = () => {
    const [file] = input.files;
    input.value = ""; // the same photo may be picked again
    if (file) take(file);
  };
  return {
    hear: () => {},
    leave: () => {
      isLeft = true;
      network?.close();
    },
  };
};
