// Which part of the page opens first: that of the scene in the address. Who comes to the page itself comes to the lesson.
(() => {
  const places = PLACES; // of the scenes
  const there = new URL(location.href);
  const asked = there.searchParams;
  const isBare = [...asked.keys()].every((key) => key === "lang" || key.startsWith("__")); // a Space adds some of its own
  if (isBare ? !location.hash : asked.has("lesson")) {
    const { classList } = document.documentElement; // the workshop is not seen first
    classList.add("lesson-coming");
    setTimeout(() => classList.remove("lesson-coming"), 8000); // unless the lesson cannot come
  }
  if (location.hash || !(isBare || asked.has("lesson"))) return;
  if (isBare) asked.set("lesson", "NAME");
  const scene = Math.max(1, Math.min(places.length, Number(asked.get("scene")) || 1));
  asked.set("scene", scene);
  there.hash = places[scene - 1] || "lesson";
  try {
    history.replaceState(history.state, "", there);
  } catch {
    return; // some frames may not
  }
  window.openAddress();
})();
