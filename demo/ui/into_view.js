// What was asked for comes into view: where an answer to something that the visitor pressed changes a result that lies out
// of view, the page goes there. Never once the visitor has scrolled meanwhile, nor for news that the page asks for by itself,
// nor for what is set step by step (sliders, numbers, boxes to tick, drawings, a list that is still open). Results are
// components of the class "result"; what the page computes by itself tells of an answer by an event "answered".
(() => {
  const NEVER = "[role=tab], canvas, input[type=range], input[type=number], input[type=checkbox], textarea, a, summary, .label-wrap, #languages, #lesson, dialog";
  const KEYS = { Enter: "*", " ": "button, input[type=radio]", ArrowUp: "[type=radio]", ArrowDown: "[type=radio]", ArrowLeft: "[type=radio]", ArrowRight: "[type=radio]" };
  const OWN = ["tick", "load"]; // what happens without a visitor
  const TOGETHER = 150; // milliseconds in which the parts of one answer come
  const SEEN = 0.25; // of the screen: so much of a result is enough to be in view, or all of a smaller one
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let asked = null; // what was pressed last: its results that have changed, until the first answer that changes any

  const leave = () => {
    news.disconnect();
    asked = null;
  };
  const begin = (target) => {
    leave();
    const element = target instanceof Element ? target : document.documentElement;
    if (!document.body?.classList.contains("lesson") && !element.closest(NEVER)) asked = { changed: new Set(), place: location.hash };
  };

  const resultsOf = (number) => {
    const { dependencies = [], components = [] } = window.gradio_config ?? {};
    const event = dependencies.find(({ id }) => id === number);
    if (!event || (event.targets.length && event.targets.every(([, what]) => OWN.includes(what)))) return [];
    const those = components.filter(({ id, props }) => event.outputs.includes(id) && props.elem_classes?.includes("result"));
    return those.map(({ id, props }) => document.getElementById(props.elem_id ?? `component-${id}`)).filter(Boolean);
  };
  const ask = window.fetch;
  window.fetch = (address, options) => {
    const number = asked && /\/(queue\/join|run\/predict)/.test(address) && /"fn_index":(\d+)/.exec(options?.body)?.[1];
    for (const result of number ? resultsOf(Number(number)) : []) {
      news.observe(result, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["src"] });
    }
    return ask(address, options);
  };

  const seen = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return Math.min(bottom, innerHeight) - Math.max(top, 0) >= Math.min(SEEN * innerHeight, bottom - top) - 1;
  };
  const show = (press) => {
    if (press !== asked) return;
    const changed = [...press.changed].filter((each) => each.checkVisibility() && each.offsetHeight > 0);
    leave();
    if (press.place !== location.hash) return; // what was pressed leads to another tab, which begins at its top
    if (!changed.length || changed.some(seen) || document.querySelector("ul[role=listbox]")) return;
    const [first] = changed.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
    const block = first.offsetHeight > 0.8 * innerHeight ? "start" : "center";
    first.scrollIntoView({ block, behavior: calm.matches ? "auto" : "smooth" });
  };
  const take = ({ target }) => {
    const place = target instanceof Element ? target : target.parentElement;
    const result = place?.closest(".block.result");
    if (!asked || !result || place.closest("[data-testid=status-tracker]")) return; // the sign of work is no answer
    asked.changed.add(result);
    asked.waiting ??= setTimeout(show, TOGETHER, asked);
  };
  const news = new MutationObserver((records) => records.forEach(take));

  const listen = (kinds, act) => kinds.forEach((kind) => addEventListener(kind, act, { capture: true, passive: true }));
  listen(["pointerdown", "drop", "paste"], ({ target, isTrusted }) => isTrusted && begin(target));
  listen(["click"], ({ target, isTrusted }) => isTrusted && !asked && begin(target));
  listen(["change"], ({ target }) => target.type === "file" && begin(target));
  listen(["keydown"], ({ key, target, isTrusted }) => {
    if (!isTrusted) return;
    leave(); // typing and scrolling
    if (KEYS[key] && target.matches?.(KEYS[key])) begin(target);
  });
  listen(["wheel", "touchmove"], leave);
  listen(["answered"], take);
})();
