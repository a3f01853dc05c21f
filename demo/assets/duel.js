// The next rounds are asked for while the duel runs and can be seen; while an answer is on its way Gradio drops the wish.
const clock = setInterval(() => {
  if (!element.isConnected) clearInterval(clock);
  else if (element.querySelector("[data-running]") && !document.hidden && element.checkVisibility()) trigger("tick");
}, 200);
