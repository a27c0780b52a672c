/* Links within the dashboard, and where on a page one arrives: at the part that the address names, or, on the way
   back, where one was. */
(function () {
  "use strict";
  const SETTLES_MS = 4000; // a page that has just come may still grow for so long
  let wanted = null; // where to scroll to once the page is there: { id } or { y }
  let until = 0;
  let shown = ""; // the address of the page on the screen
  let saving;

  history.scrollRestoration = "manual"; // the browser would scroll before the page is there

  function here() {
    return location.pathname + location.search;
  }

  function want(place) {
    clearTimeout(saving); // what was on the screen has another entry in the history
    wanted = place;
    until = performance.now() + SETTLES_MS;
  }

  /* What an address asks for: a part of the page by its id, or the height kept with this entry of the history. */
  function placeOf(state) {
    return location.hash ? { id: decodeURIComponent(location.hash.slice(1)) } : { y: (state && state.y) || 0 };
  }

  function settle() {
    if (wanted && performance.now() < until && !arrived()) requestAnimationFrame(settle);
    else wanted = null;
  }

  /* Whether a height is reached: not while the page is still too short. A part of the page is followed while what
     stands above it may still grow. */
  function arrived() {
    if (wanted.id === undefined) {
      scrollTo({ top: wanted.y, behavior: "instant" });
      return Math.abs(scrollY - wanted.y) < 2;
    }
    document.getElementById(wanted.id)?.scrollIntoView({ block: "start", behavior: "instant" });
    return false;
  }

  function save() {
    clearTimeout(saving);
    history.replaceState(Object.assign({}, history.state, { y: scrollY }), "");
  }

  /* The page for the address is there; React puts it on the screen with the next frame. */
  addEventListener("bakeoff:shown", () => {
    shown = here();
    requestAnimationFrame(settle);
  });

  /* Another choice on the same page: its reader stays where they are. */
  addEventListener("bakeoff:stay", () => {
    save();
    want({ y: scrollY });
  });

  addEventListener("popstate", (event) => {
    want(placeOf(event.state));
    if (here() === shown) settle(); // only the part of the page is another
  });

  addEventListener("scroll", () => {
    if (wanted) return;
    clearTimeout(saving);
    saving = setTimeout(save, 150);
  }, { passive: true });

  /* Whoever scrolls by themselves is not pulled back. */
  for (const own of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(own, () => { wanted = null; }, { passive: true, capture: true });

  addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const href = link.getAttribute("href");
    if (link.target || link.hasAttribute("download") || !href.startsWith("/") || /^[^?]*\/(data|artifacts|report|source)\//.test(href)) return;
    event.preventDefault();
    if (href !== here() + location.hash) {
      save();
      history.pushState({}, "", href);
    }
    want(placeOf(null));
    if (here() === shown) settle();
    else {
      if (wanted.y === 0) scrollTo(0, 0);
      dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    }
  });

  /* A presentation is led by the arrow keys, and left with Escape. */
  const LEADS = { ArrowLeft: "[rel=prev]", ArrowRight: "[rel=next]", Escape: "#leave" };
  addEventListener("keydown", (event) => {
    if (!(event.key in LEADS) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return; // Escape closes that first
    const inControl = event.target.closest("input, select, textarea, [role=slider], [role=listbox], [role=radiogroup], .scroll");
    if (inControl && event.key !== "Escape") return; // the arrows are the control's own
    document.querySelector(".present")?.querySelector(LEADS[event.key])?.click();
  });

  /* A page that is to stand at its top stands there already: whoever scrolls before it is complete stays. */
  const first = placeOf(history.state);
  if (first.y !== 0) want(first);
})();
