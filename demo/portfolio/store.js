// What a visitor has picked, guessed, drawn, filmed and voted, in this browser alone (IndexedDB): it outlasts F5, is sent
// nowhere, and the oldest goes first where there is too much. Where a browser keeps nothing, it lasts as long as the page.
const MOST = 60; // things of a kind, so that many pictures drive out no vote
const LARGEST = 5e6; // characters of one thing
const ROOM = 20e6; // characters of all
const PICTURE = /^data:image\/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+=*$/;
const SIDE = 256; // pixels of a photo
const THINGS = "things";

const database = new Promise((done) => {
  try {
    const asked = indexedDB.open("portfolio", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(THINGS, { keyPath: "id" }).createIndex("age", ["at", "kind", "size"]);
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = asked.onblocked = () => done(null);
  } catch {
    done(null); // storage is refused in some frames
  }
});
const memory = new Map(); // what the database does not take, by id
let refused = false;

// Ask the database for something: `act(store)` gives the request whose result is wanted, or nothing. null where it fails.
const ask = async (mode, act) => {
  const opened = await database;
  if (!opened) return null;
  return new Promise((done) => {
    const work = opened.transaction(THINGS, mode);
    const asked = act(work.objectStore(THINGS));
    work.oncomplete = () => done(asked?.result ?? true);
    work.onerror = work.onabort = () => done(null);
  }).catch(() => null);
};

// Which of [[at, kind, size, id], ...], the newest first, there is no room for.
export const tooMany = (things) => {
  const counts = {};
  let sum = 0;
  return things.filter(([, kind, size]) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    sum += size;
    return counts[kind] > MOST || sum > ROOM;
  });
};

const prune = (store) => {
  const things = [];
  const cursor = store.index("age").openKeyCursor(null, "prev"); // without what is in them
  cursor.onsuccess = () => {
    if (cursor.result) {
      things.push([...cursor.result.key, cursor.result.primaryKey]);
      return cursor.result.continue();
    }
    for (const [, , , id] of tooMany(things)) store.delete(id);
  };
};

const listeners = new Set();
const others = globalThis.BroadcastChannel ? new BroadcastChannel("portfolio") : null; // pages of this browser
const changed = () => listeners.forEach((tell) => tell());
if (others) others.onmessage = changed;

// Call when something is kept or deleted, also in another page of this browser.
export const listen = (tell) => listeners.add(tell);

// Whether it will be here after the page is closed.
export const lasts = async () => Boolean(await database) && !refused;

// Keep a thing: "picture", "drawing", "film", "photo", "guess", "vote" or "statements". What has the name of another takes its
// place. {title, texts: [...], pictures: [{source: a data address, alt, caption}], link: relative to the app, right: whether a
// guess was}, and what else the kind has. `file.js` shows it.
export const keep = async (kind, name, { title = "", texts = [], pictures = [], ...more }) => {
  const shown = pictures.filter(({ source }) => PICTURE.test(source));
  if (pictures.length && !shown.length) return;
  const language = document.documentElement.lang;
  const said = texts.map((text) => String(text ?? "").trim()).filter(Boolean);
  const thing = { ...more, id: `${kind} ${name}`, kind, language, title: title.trim(), texts: said, pictures: shown };
  thing.at = Date.now();
  thing.size = JSON.stringify(thing).length;
  if (thing.size > LARGEST) return;
  const is = await ask("readwrite", (store) => {
    store.put(thing);
    prune(store);
  });
  if (!is) {
    refused = true;
    memory.set(thing.id, thing);
    const things = [...memory.values()].map(({ at, kind, size, id }) => [at, kind, size, id]);
    for (const [, , , id] of tooMany(things.reverse())) memory.delete(id);
  }
  others?.postMessage("");
  changed();
};

// A picture's file as a data address, "" where it does not come.
export const read = async (address) => {
  const file = await fetch(address).then((answer) => answer.blob()).catch(() => null);
  const reader = new FileReader();
  return file ? new Promise((done) => ((reader.onload = () => done(reader.result)), reader.readAsDataURL(file))) : "";
};

// A photo, an image or a canvas, as the address of a small one.
export const small = (image) => {
  const [width, height] = [image.naturalWidth ?? image.width, image.naturalHeight ?? image.height];
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(scale * width), Math.round(scale * height)];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.85);
};

// Call whenever a part of the page is another: Gradio changes what is there, piece by piece.
export const watch = (element, look) =>
  new MutationObserver(look).observe(element, { childList: true, subtree: true, attributes: true, characterData: true });

// {count, since}: how much is kept, and since when, without reading what is in it.
export const summary = async () => {
  const count = await ask("readonly", (store) => store.count());
  const oldest = await ask("readonly", (store) => store.index("age").openKeyCursor());
  const times = [...memory.values()].map(({ at }) => at);
  if (oldest?.key) times.push(oldest.key[0]);
  return { count: Number(count ?? 0) + memory.size, since: Math.min(...times) };
};

// All that is kept, the oldest first.
export const everything = async () => {
  const there = (await ask("readonly", (store) => store.index("age").getAll())) ?? [];
  return [...there, ...memory.values()].sort((one, other) => one.at - other.at);
};

export const clear = async () => {
  memory.clear();
  await ask("readwrite", (store) => void store.clear());
  others?.postMessage("");
  changed();
};
