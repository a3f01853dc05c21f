// The parts of the page come one by one, as Gradio's scripts for them do, and push away what stands there already. So they
// are shown once no more come: all at once, where they stay.
(() => {
  const QUIET = 120; // milliseconds without another part
  const LONGEST = 2500; // milliseconds after the first one
  const page = document.documentElement;
  const hidden = document.createElement("style");
  hidden.textContent = "html[data-opening] :is(#tabs, footer) { opacity: 0 }";
  page.dataset.opening = "";
  document.head.append(hidden);

  let last, longest;
  const show = () => {
    parts.disconnect();
    delete page.dataset.opening;
    hidden.remove();
  };
  const parts = new MutationObserver((records) => {
    const comes = (node) => node.nodeType === Node.ELEMENT_NODE && (node.matches(".block") || node.querySelector(".block"));
    if (!records.some(({ addedNodes, target }) => target.closest?.("#tabs") && [...addedNodes].some(comes))) return;
    longest ??= setTimeout(show, LONGEST);
    clearTimeout(last);
    last = setTimeout(show, QUIET);
  });
  parts.observe(document, { subtree: true, childList: true });
})();
