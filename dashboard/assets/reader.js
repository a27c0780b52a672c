/* Whether the reader of a live page is in the middle of something, which a page that comes anew would undo: they are told
   that there are new results, and see them when they ask, or once they are done. */
(function () {
  "use strict";
  const opened = new Set(); // details, zoomed charts and grids that the reader has touched

  function forgetGone() {
    for (const part of opened) if (!part.isConnected) opened.delete(part);
  }

  /* Whether a menu is open, a text selected, or the keyboard's focus in a part of the page. */
  function isBusy() {
    forgetGone();
    const main = document.getElementById("main"), focus = document.activeElement, selection = getSelection();
    const inMain = (node) => node && node !== main && main.contains(node);
    const hasSelected = !selection.isCollapsed && inMain(selection.anchorNode);
    const hasMenu = [...document.querySelectorAll("[role=listbox]")].some((menu) => menu.offsetParent !== null);
    return opened.size > 0 || hasSelected || hasMenu || Boolean(inMain(focus)) || Boolean(document.querySelector("dialog[open]"));
  }

  function hold(count) {
    const button = document.getElementById("held"), words = button.dataset;
    const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
    button.textContent = count > 0 ? words[language].replace("{count}", count.toLocaleString("en")) : words[`${language}None`];
    button.hidden = false;
  }

  function release() {
    document.getElementById("held").hidden = true;
  }

  function touch(part, isOpen) {
    if (part && isOpen) opened.add(part);
    else opened.delete(part);
  }

  function zoom(graph, isZoomed) {
    if (!graph) return;
    touch(graph, isZoomed);
    if (isZoomed) graph.dataset.zoomed = "";
    else delete graph.dataset.zoomed;
  }

  addEventListener("click", (event) => {
    const target = event.target.closest ? event.target : null;
    if (target?.closest("#held")) {
      opened.clear();
      window.dash_clientside.set_props("news", { data: { mark: `asked ${Date.now()}`, search: location.search, busy: false } });
    }
    const chart = target?.closest(".reset")?.closest(".chart");
    if (chart) {
      window.bakeoffCharts.resetZoom(chart.querySelector(".js-plotly-plot"));
      zoom(chart.querySelector(".graph"), false);
    }
    const details = target?.closest("main summary")?.parentElement;
    if (details) touch(details, !details.open); // it opens after this
    const grid = target?.closest("main .ag-header, main .ag-floating-filter, .ag-filter");
    if (grid) touch(document.querySelector("main .ag-root-wrapper"), true);
  }, true);

  /* A chart is zoomed by dragging, and shows everything again after a double click. */
  let from = null;
  addEventListener("pointerdown", (event) => { from = event; }, true);
  addEventListener("pointerup", (event) => {
    const graph = event.target.closest?.("main .graph") || from?.target.closest?.("main .graph");
    if (graph && from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > 8) zoom(graph, true);
    from = null;
  }, true);
  addEventListener("dblclick", (event) => zoom(event.target.closest?.("main .graph"), false), true);

  addEventListener("bakeoff:shown", release);
  window.bakeoffReader = { isBusy, hold, release };
})();
