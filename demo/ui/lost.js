// Says so when a part of the page does not arrive: most often a proxy shows it under a path that the app does not know.
((sentences) => {
  const tell = () => {
    if (document.getElementById("lost")) return;
    const told = document.createElement("p");
    told.id = "lost";
    told.setAttribute("role", "alert");
    told.style = "margin: 0; padding: 1em; background: #fff3c4; color: #222; font: 1rem/1.5 sans-serif";
    told.textContent = sentences[document.documentElement.lang].replace("{path}", location.pathname.replace(/(.)\/$/, "$1"));
    document.body.prepend(told);
  };
  // errors of elements do not bubble, and the style sheet that did not come cannot be waited for
  addEventListener("error", ({ target }) => {
    if (!["LINK", "SCRIPT"].includes(target.tagName)) return;
    document.body ? tell() : addEventListener("DOMContentLoaded", tell);
  }, true);
})(SENTENCES);
