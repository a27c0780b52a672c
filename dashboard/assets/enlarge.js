/* Charts and pictures as large as the window. A dialog of the browser's own closes with Escape, keeps the keyboard's focus
   inside while it is open, and gives it back to where it was. */
(function () {
  "use strict";
  function open(opener, title, content) {
    const dialog = document.createElement("dialog"), close = document.createElement("button"), heading = document.createElement("h2");
    dialog.className = "enlarged";
    dialog.setAttribute("aria-label", title);
    heading.textContent = title;
    close.className = "button";
    close.textContent = "✕";
    close.setAttribute("aria-label", opener.dataset.close);
    close.addEventListener("click", () => dialog.close());
    dialog.append(heading, close, content);
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // beside it
    });
    dialog.addEventListener("close", () => {
      if (window.Plotly && content.data) window.Plotly.purge(content);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  function enlargeChart(button) {
    const section = button.closest(".chart"), small = section?.querySelector(".js-plotly-plot");
    if (!small?.data || !window.Plotly) return; // not painted yet
    const content = document.createElement("div");
    open(button, section.querySelector("h2, h3").textContent, content);
    const layout = { ...small.layout, width: undefined, height: undefined, autosize: true };
    window.Plotly.newPlot(content, structuredClone(small.data), structuredClone(layout), { displayModeBar: false, responsive: true });
  }

  function enlargePicture(link) {
    const small = link.querySelector("img"), content = document.createElement("img");
    content.src = small.src;
    content.alt = small.alt;
    open(link, small.alt, content);
  }

  addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-enlarge]");
    if (!opener || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault(); // a picture's link leads to its file, which other clicks open
    if (opener.dataset.enlarge === "chart") enlargeChart(opener);
    else enlargePicture(opener);
  }, true);
})();
