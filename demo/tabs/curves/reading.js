// The answer is given when it is asked for, and taken back in the same way.
element.addEventListener("click", ({ target }) => {
  const reveal = target.closest(".reveal");
  if (!reveal) return;
  const open = reveal.getAttribute("aria-expanded") !== "true";
  reveal.setAttribute("aria-expanded", String(open));
  element.querySelector(".reading").classList.toggle("open", open);
  for (const answer of element.querySelectorAll(".answer")) answer.hidden = !open;
});
