/* What a term means, beside it: where the pointer is on it, or the keyboard's focus. Escape hides it. */
(function () {
  "use strict";
  const EDGE = 8; // pixels to the window's edge; none to the term, so that the pointer reaches the text
  let shown = null; // the term

  function tip() {
    let box = document.getElementById("tip");
    if (!box) {
      box = document.createElement("div");
      box.id = "tip";
      box.setAttribute("role", "tooltip");
      document.body.append(box);
    }
    return box;
  }

  function show(term) {
    if (shown === term) return;
    hide();
    shown = term;
    const box = tip(), place = term.getBoundingClientRect();
    box.textContent = term.dataset.says;
    box.hidden = false;
    const left = Math.min(place.left, innerWidth - box.offsetWidth - EDGE);
    const below = place.bottom, fits = below + box.offsetHeight < innerHeight;
    box.style.left = `${Math.max(EDGE, left)}px`;
    box.style.top = `${fits ? below : place.top - box.offsetHeight}px`;
    term.setAttribute("aria-describedby", "tip");
  }

  function hide() {
    if (!shown) return;
    shown.removeAttribute("aria-describedby");
    shown = null;
    tip().hidden = true;
  }

  function over(event) {
    const target = event.target.closest ? event.target : null;
    const term = target?.closest(".term[data-says]");
    if (term) show(term);
    else if (!target?.closest("#tip")) hide(); // its text can be reached and selected
  }

  addEventListener("mouseover", over);
  addEventListener("focusin", over);
  addEventListener("focusout", hide);
  addEventListener("bakeoff:shown", hide);
  addEventListener("scroll", hide, { passive: true });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
})();
