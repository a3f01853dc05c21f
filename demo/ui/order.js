// Questions to the server go by several connections, and one may overtake another: the picture clicked first would be held
// at last. Here each waits until the server has the one before it of the same event. Runs before Gradio's own scripts.
(() => {
  const ask = window.fetch;
  const latest = new Map(); // for each event of the page
  window.fetch = (address, options) => {
    const event = String(address).includes("/queue/join") && /"fn_index":(\d+)/.exec(options?.body)?.[1];
    if (!event) return ask(address, options);
    const answer = Promise.resolve(latest.get(event)).then(() => ask(address, options));
    latest.set(event, answer.catch(() => {}));
    return answer;
  };
})();
