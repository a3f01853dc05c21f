// Playing goes on in the page, not on the server: no answer that comes late takes the slider back or goes on after Pause.
(() => {
  const same = { __type__: "update" };
  const moments = () => (document.querySelector("#stories [data-moments]")?.dataset.moments ?? "").split(" ").map(Number);
  return {
    // [slider, clock]: from here, or from the beginning where this is the end
    play: (step, speed) => [step >= moments().at(-1) ? 0 : same, { ...same, value: 1 / speed, active: true }],
    // [slider, clock]: on to the next moment that a sample was made at; the clock stops at the last
    advance: (step) => {
      const next = moments().find((moment) => moment > step);
      return next === undefined ? [same, { ...same, active: false }] : [next, same];
    },
    // [clock]
    pause: () => [{ ...same, active: false }],
  };
})()
