// What a visitor has chosen stands in the page's address, beside the tab that tabs.js writes there, so that F5 and a link
// that is sent lead back to what was seen: ?noise=mnist&experiment=held&guess=b,held-d&step=1500&translate=emoji&direction=BtoA
// The server reads it where a tab is opened for the first time. What the page shows by itself is not written.
(() => {
  const REST = 400; // milliseconds that a slider rests before its place is written: browsers limit how often
  const chosen = {}; // since the page was loaded, by name; null for what is as it is at first
  const begun = new Set(); // names of which the first value is known
  let resting;

  const now = (name) => new URL(location).searchParams.get(name);
  const write = () => {
    const there = new URL(location);
    for (const [name, value] of Object.entries(chosen)) {
      if (value === null) there.searchParams.delete(name);
      else there.searchParams.set(name, value);
    }
    there.search = there.search.replaceAll("%2C", ",").replaceAll("%3A", ":");
    if (new URL(location).searchParams.toString() === there.searchParams.toString()) return;
    try {
      history.replaceState(history.state, "", there);
    } catch {
      // some frames may not: the page then works without
    }
  };
  const keep = (values) => {
    Object.assign(chosen, values);
    write();
  };
  const isFirst = (name) => !begun.has(name) && begun.add(name);

  window.kept = {
    noise: (run) => run && !isFirst("noise") && keep({ noise: run, picture: null }),
    translate: (run) => run && !isFirst("translate") && keep({ translate: run }),
    direction: (direction) => keep({ direction: direction === "BtoA" ? direction : null }),
    runs: (names) => keep({ runs: names?.join(",") || null, experiment: null, guess: null, step: null }),
    experiment: (key) => (key ?? null) !== now("experiment") && keep({ experiment: key, runs: null, guess: null, step: null }),
    answer: (option) => keep({ guess: [option, ...(now("guess") ?? "").split(",").slice(1)].join(",") }),
    pick: (name) => keep({ guess: [(now("guess") ?? "").split(",")[0], name].join(",") }),
    step: (step) => {
      clearTimeout(resting);
      const end = () => Number(document.querySelector("#curves-step input[type=range]")?.max);
      resting = setTimeout(() => keep({ step: step >= end() ? null : step }), REST);
    },
  };
  addEventListener("popstate", write); // Back leads to another tab, and nothing else changes
})();
