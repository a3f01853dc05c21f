// What plays asks for its next stop while it can be seen, so often as `pace` says; while an answer is on its way Gradio
// drops the wish.
const clock = setInterval(() => {
  if (!element.isConnected) clearInterval(clock);
  else if (element.querySelector("[data-running]") && !document.hidden && element.checkVisibility()) trigger("tick");
}, props.pace ?? 200);
