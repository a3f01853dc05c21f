// Playing goes on in the page, not on the server: no answer that comes late goes on after Stop, or takes the slider back.
// While it plays and can be seen, the next stop is gone to after PACE milliseconds; whatever else moves the round ends it.
(() => {
  let playing = false;
  const last = () => Number(document.querySelector("#q17-at input[type=range]")?.max ?? 1);
  const set = (now) => {
    playing = now;
    element.querySelector(".round")?.toggleAttribute("data-running", playing);
  };
  const round = document.getElementById("rounds-of");
  // The stop to go to: on from here, or from the first stop where this is the last; this one where it played and rests now.
  round.play = (at) => {
    set(!playing);
    return playing ? (at % last()) + 1 : at;
  };
  // The next stop while it plays; at the last it rests.
  round.next = (at) => {
    const next = playing ? Math.min(at + 1, last()) : at;
    if (next === last()) set(false);
    return next;
  };
  const clock = setInterval(() => {
    if (!element.isConnected) clearInterval(clock);
    else if (playing && !document.hidden && element.checkVisibility()) trigger("tick");
  }, PACE);
  const rest = ({ target }) => target.closest?.("#q17-run, #q17-at, #q17-back, #q17-on, #q17-other") && set(false);
  for (const act of ["click", "input", "focusin"]) document.addEventListener(act, rest);
})();
