// The room that this page leads: a class on phones, which follows and votes.
const here = (path) => new URL(`../${path}`, import.meta.url);
const KEPT = "room"; // in this window, so that F5 goes on leading

// Where phones find the room: the address that the server gives, else this page's own unless no phone could reach that.
export const address = (reached, code) => {
  const own = here(`room/${code}`);
  if (reached) return new URL(`room/${code}`, reached).href;
  return /^(localhost|127\.|\[::1\])/.test(own.hostname) ? "" : own.href;
};

const remembered = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
};
const remember = (room) => {
  try {
    if (room) sessionStorage.setItem(KEPT, JSON.stringify(room));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // storage is refused in some frames: F5 then asks anew
  }
};

export const wasOpen = () => remembered() !== null;

// Listen to a room until it is over: while the server starts again, ask anew. Returns how to stop.
export const listen = (code, key, tell) => {
  let line;
  let isOver = false;
  const stop = () => {
    isOver = true;
    line.close();
  };
  const over = () => {
    if (isOver) return;
    stop();
    tell(null);
  };
  const begin = () => {
    line = new EventSource(here(`room/${code}/follow${key ? `?key=${key}` : ""}`));
    line.onmessage = ({ data }) => {
      const state = JSON.parse(data);
      if (state.over) over();
      else tell(state);
    };
    line.onerror = async () => {
      if (line.readyState !== EventSource.CLOSED || isOver) return; // the browser asks again by itself
      await new Promise((done) => setTimeout(done, 1000));
      const there = await fetch(here(`room/${code}`)).catch(() => null);
      if (there?.status === 404) over();
      else if (!isOver) begin();
    };
  };
  begin();
  return stop;
};

// Open a room, or go on with the one of this window: {code, key, lead(what), ask(path, what), report, end()}; null where there
// can be none. `tell` is called with its state whenever that changes, with null where it is over.
export const enter = async (tell) => {
  let room = remembered();
  if (!room) {
    const answer = await fetch(here("room"), { method: "POST" }).catch(() => null);
    if (!answer?.ok) return null;
    room = await answer.json();
    remember(room);
  }
  const { code, key } = room;
  const over = (state) => {
    if (!state) remember(null);
    tell(state);
  };
  listen(code, key, over);
  let last = Promise.resolve(); // what is asked arrives in its order
  const ask = (path, what) => {
    const once = Math.random().toString(36).slice(2); // what is asked again, where an answer got lost, is done once
    const body = JSON.stringify({ key, once, ...what });
    const again = (tries) =>
      fetch(here(`room/${code}/${path}`), { method: "POST", body, keepalive: true }).catch(async () => {
        if (!tries) return;
        await new Promise((done) => setTimeout(done, 1000)); // the server may be starting again
        return again(tries - 1);
      });
    return (last = last.then(() => again(20)));
  };
  const lead = (what) => ask("lead", what);
  const report = here(`room/${code}/report?key=${key}`).href; // what the teacher takes home
  return { code, key, ask, lead, report, end: () => lead({ end: true }) };
};
