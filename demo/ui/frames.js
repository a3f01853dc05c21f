// Gradio 6.31 never ends the clock of its "Loading..." sign: it asks for every frame for as long as the page is open,
// which costs five per cent of a core where no graphics card helps. That loop began before there were tabs and never
// pauses; here it is dropped once they are there. Runs before every other script of the page.
(() => {
  const ask = window.requestAnimationFrame.bind(window);
  const LONG = 300; // frames without a pause: no transition of the page lasts that long
  const arrived = () => document.querySelector("#tabs") !== null;
  let running = null; // the loop whose callback runs at this moment

  window.requestAnimationFrame = (callback) => {
    const loop = running ?? { frames: 0, early: !arrived() };
    loop.frames += 1;
    if (loop.early && loop.frames > LONG && arrived()) return 0;
    return ask((time) => {
      running = loop;
      try {
        callback(time);
      } finally {
        running = null;
      }
    });
  };
})();
