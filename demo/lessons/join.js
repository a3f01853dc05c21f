// The ways into a room. For who comes to the page itself, a link into the room that is open on the teacher's machine.
//
// For who scans it, over everything on the teacher's screen: a QR code and four letters. Where this computer has signed
// its certificate itself, a second side shows how phones warn of that, and where to press.
import { fill, make } from "./elements.js";
import { address } from "./room.js";

const AGAIN = 3000; // milliseconds until the next look for an open room

// The link, there while a room is open and `isAsked()`.
export const wayIn = (words, isAsked) => {
  const link = make("a", "", { className: "way-in", hidden: true });
  const ask = async () => {
    if (!document.hidden && isAsked()) {
      const answer = await fetch(new URL("../room/open.json", import.meta.url)).catch(() => null);
      const { code } = answer?.ok ? await answer.json() : { code: "" };
      link.textContent = fill(words.join_room, { code });
      link.href = new URL(`../room/${code}`, import.meta.url).href;
      link.hidden = !code || !isAsked();
    } else link.hidden = true;
    setTimeout(ask, AGAIN);
  };
  ask();
  return link;
};

// How phones warn, screen after screen: what is on each from top to bottom. "title" and "press" have words, the rest is drawn:
// lines of text as bars, and buttons that nobody needs.
const SCREENS = {
  iphone: [
    { title: "iphone_warns", lines: 3, press: "iphone_details", then: ["button"] },
    { title: "iphone_warns", lines: 5, press: "iphone_visit" },
    { lines: 2, press: "iphone_sure", then: ["button"], isDialog: true },
  ],
  android: [
    { title: "android_warns", lines: 3, before: ["gap", "button"], press: "android_advanced" },
    { lines: 4, press: "android_proceed", then: ["gap", "button", "button"] },
  ],
};

export class JoinPanel {
  // `reached` is where this computer serves the classroom over https with a certificate of its own, "" where it does not.
  constructor(words, reached) {
    Object.assign(this, { words, reached, room: null });
    this.root = make("figure", "", { className: "room", hidden: true });
  }

  lead(room) {
    this.room = room;
    this.turn(false);
  }

  show(does) {
    if (does && this.root.hidden) this.turn(false);
    this.root.hidden = !does;
  }

  // To the code, or to the warnings.
  turn(warns) {
    const hadFocus = this.root.contains(document.activeElement);
    this.root.classList.toggle("warns", warns);
    this.root.replaceChildren(...(warns ? this.warnings() : this.code()));
    if (hadFocus) this.root.querySelector("button")?.focus();
  }

  code() {
    const { words, reached, room } = this;
    const at = address(reached, room.code);
    const drawn = new URL(`../room/${room.code}/code.svg`, import.meta.url);
    drawn.searchParams.set("at", at);
    return [
      make("figcaption", words.room),
      ...(at ? [make("img", "", { src: drawn.href, alt: at }), make("p", at)] : []),
      make("strong", room.code),
      ...(reached ? [make("button", words.phones_ask, { type: "button", onclick: () => this.turn(true) })] : []),
      make("a", words.report, { href: room.report, download: "" }),
    ];
  }

  warnings() {
    const { words } = this;
    const host = new URL(this.reached).hostname;
    const phones = make("div", "", { className: "phones" });
    for (const [name, screens] of Object.entries(SCREENS)) {
      const list = make("ol");
      list.append(...screens.map((screen, at) => this.phone(screen, at + 1, host)));
      const section = make("section");
      section.append(make("h3", words[`phones_${name}`]), list);
      phones.append(section);
    }
    return [
      make("figcaption", words.phones_how),
      phones,
      make("p", fill(words.phones_why, { host })),
      make("small", words.phones_drawn),
      make("button", words.phones_back, { type: "button", onclick: () => this.turn(false) }),
    ];
  }

  phone({ title, lines, before = [], press, then = [], isDialog }, number, host) {
    const say = (name) => fill(this.words[`phones_${name}`], { host });
    const screen = make("div", "", { className: isDialog ? "dialog" : "" });
    const bars = make("i", "", { className: "lines" });
    bars.style.setProperty("--lines", lines);
    const ring = make("strong");
    ring.append(make("b", number), make("span", say(press)));
    const drawn = (names) => names.map((name) => make("i", "", { className: name }));
    screen.append(...(title ? [make("p", say(title))] : []), bars, ...drawn(before), ring, ...drawn(then));
    const phone = make("li");
    phone.append(screen);
    return phone;
  }
}
