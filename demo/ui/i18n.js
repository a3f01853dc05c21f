// Runs before every other script of the page: Gradio reads navigator.language when it starts.
(() => {
  const known = (x) => (["en", "ko"].includes(x) ? x : null);
  const address = new URL(location.href);
  const asked = known(address.searchParams.get("lang"));
  let kept = null;
  try {
    if (asked) localStorage.setItem("lang", asked);
    kept = known(localStorage.getItem("lang"));
  } catch {
    // storage is refused in some iframes: the choice then stays in the address
  }
  const language = asked ?? kept ?? (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");

  Object.defineProperty(navigator, "language", { get: () => language, configurable: true });
  Object.defineProperty(navigator, "languages", { get: () => [language], configurable: true });
  document.documentElement.lang = language;

  // the server's toasts and figures follow the cookie; inside another site's frame it must say so to be kept
  const framed = location.protocol === "https:" ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax";
  document.cookie = `lang=${language}; Path=/; Max-Age=31536000; ${framed}`;
  if (asked && kept && document.cookie.includes(`lang=${language}`)) {
    address.searchParams.delete("lang");
    history.replaceState(history.state, "", address);
  }

  addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll("a[data-language]")) {
      const aim = () => {
        const there = new URL(location.href); // with the tab that is open
        there.searchParams.set("lang", link.dataset.language);
        link.href = there.href;
      };
      aim();
      for (const kind of ["click", "pointerdown", "focus"]) link.addEventListener(kind, aim);
      if (link.dataset.language === language) link.setAttribute("aria-current", "true");
    }
  });
})();
