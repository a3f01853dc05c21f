// The parts of the page, and those of a tab that is opened for the first time, come one by one, as Gradio's scripts for them
// do, and push away what stands there already. So they are seen once no more come: all at once, where they stay.
(() => {
  const QUIET = 120; // milliseconds without another part
  const LONGEST = 2500; // milliseconds after the first one
  const page = document.documentElement;
  const coming = new Map(); // for the page and each tab that is opening, the clocks that end it
  const seen = new WeakSet();
  const hidden = document.createElement("style");
  hidden.textContent = "html[data-opening] :is(#tabs, footer), #tabs > .tabitem[data-opening] { opacity: 0 }";
  document.head.append(hidden);
  page.dataset.opening = "";

  const show = (what) => {
    coming.get(what).forEach(clearTimeout);
    coming.delete(what);
    seen.add(what);
    delete what.dataset.opening;
  };
  const comes = (what) => {
    if (!what || seen.has(what)) return;
    what.dataset.opening = "";
    const [last, longest] = coming.get(what) ?? [];
    clearTimeout(last);
    coming.set(what, [setTimeout(show, QUIET, what), longest ?? setTimeout(show, LONGEST, what)]);
  };
  const isPart = (node) => node.nodeType === Node.ELEMENT_NODE && (node.matches(".block") || node.querySelector(".block"));
  new MutationObserver((records) => {
    for (const { addedNodes, target } of records) {
      if (!target.closest?.("#tabs") || ![...addedNodes].some(isPart)) continue;
      comes(page);
      comes(target.closest("#tabs > .tabitem"));
    }
  }).observe(document, { subtree: true, childList: true });
})();
