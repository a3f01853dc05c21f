// The page's address names the open tab, and its section unless that is the first one (#translate/piles): a link, F5 and
// Back lead there. Runs before every other script of the page: Gradio reads in its settings which tabs to open first.
(() => {
  const SECTIONS = "-sections"; // of the tab "translate" they are the tabs with the id "translate-sections"
  let names = []; // of all tabs: a narrow page keeps some in a menu, which says only their labels
  let firsts = {}; // the first section of each tab that has some
  let shown = ""; // the address of what is open
  let journeys = 0; // by Back and Forward
  let travelling = 0; // the number of the one under way

  // What an address says of a tab without naming it (address.js, ?picture=): the tab comes first, what it says after.
  const SAYS = { noise: ["picture", "noise"], curves: ["runs", "experiment", "step"], translate: ["translate", "direction"] };
  const meant = () => {
    const said = new URLSearchParams(location.search);
    return Object.keys(SAYS).find((tab) => SAYS[tab].some((key) => said.has(key)));
  };
  const asked = () => location.hash.slice(1).split("/");
  const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const buttons = (id) => [
    ...document.querySelectorAll(`[id="${CSS.escape(id)}"] > .tab-wrapper > .tab-container > [data-tab-id]`),
  ];
  const chosen = (id) => buttons(id).find((button) => button.getAttribute("aria-selected") === "true")?.dataset.tabId;
  const address = (tab, section, first) => `#${tab}${section && section !== first ? `/${section}` : ""}`;

  const open = (config) => {
    const components = new Map((config?.components ?? []).map((each) => [each.id, each]));
    const node = (id, at) => (at.id === id ? at : at.children?.map((child) => node(id, child)).find(Boolean));
    const choose = (id, name) => {
      const tabs = [...components.values()].find(({ type, props }) => type === "tabs" && props.elem_id === id);
      const inside = (tabs && node(tabs.id, config.layout)?.children) ?? [];
      const there = inside.map((child) => components.get(child.id).props.id);
      const wanted = there.includes(name) ? name : id === "tabs" ? meant() : undefined;
      if (there.includes(wanted)) tabs.props.selected = wanted;
      return [there, there.includes(wanted) ? wanted : there[0]];
    };
    const [tab, section] = asked();
    const [all, first] = choose("tabs", tab);
    if (!all.length) return;
    const [sections, inside] = choose(first + SECTIONS, first === tab ? section : undefined);
    names = all;
    firsts = Object.fromEntries(all.map((each) => [each, choose(each + SECTIONS)[0][0]]));
    shown = address(first, inside, sections[0]);
  };

  // Gradio goes through all events for each component. Svelte wraps whatever it keeps, all but what is of another class,
  // in a proxy, which made a quarter of what an opening costs of this walk; the events of the page never change.
  class Plain extends Array {}

  let settings;
  Object.defineProperty(window, "gradio_config", {
    configurable: true,
    get: () => settings,
    set(given) {
      settings = given;
      Object.setPrototypeOf(given.dependencies, Plain.prototype);
      if (!shown) open(given);
    },
  });

  // Whoever changes the address before Gradio starts asks for it to be read again.
  window.openAddress = () => {
    shown = "";
    if (settings) open(settings);
  };

  const now = () => {
    const tab = chosen("tabs");
    const section = chosen(tab + SECTIONS);
    // while Gradio lays the sections out for another width none of them is there
    if (!section && shown.split("/")[0] === `#${tab}`) return shown;
    return tab && address(tab, section, firsts[tab]);
  };
  new MutationObserver(() => {
    const here = now();
    if (!here || travelling || here === shown) return;
    shown = here;
    try {
      history.pushState(history.state, "", location.pathname + location.search + here);
    } catch {
      // some frames may not: the page then works without
    }
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["aria-selected"] });

  const press = (tab) => {
    const shownOnes = buttons("tabs");
    const button = shownOnes.find(({ dataset }) => dataset.tabId === tab);
    const others = names.filter((name) => !shownOnes.some(({ dataset }) => dataset.tabId === name));
    const menu = document.querySelectorAll("#tabs > .tab-wrapper > .overflow-menu > .overflow-dropdown > button");
    (button ?? menu[others.indexOf(tab)])?.click();
  };

  addEventListener("popstate", async () => {
    const [name, section] = asked();
    const tab = names.includes(name) ? name : (meant() ?? names[0]);
    const mine = (travelling = ++journeys);
    const arrived = () => {
      if (chosen("tabs") !== tab) return false;
      const inside = buttons(tab + SECTIONS);
      const wanted = inside.find(({ dataset }) => dataset.tabId === section) ?? inside[0];
      if (!wanted) return !section; // its sections come with a tab, the first time it is opened
      if (wanted.getAttribute("aria-selected") === "true") return true;
      wanted.click();
      return false;
    };
    press(tab);
    for (let tries = 0; !arrived() && tries < 50; tries++) {
      await rest(40);
      if (travelling !== mine) return; // on another journey
    }
    travelling = 0;
    shown = now() ?? shown;
  });
})();
