/* What a printed page shows instead of what only a screen can: a table in place of a grid that scrolls; or one chart alone,
   which the browser's own print makes a PDF. */
(function () {
  "use strict";
  const MAX_ROWS = 200, MAX_COLUMNS = 14; // that fit on paper, upright

  function cell(kind, text) {
    const found = document.createElement(kind);
    found.textContent = text;
    return found;
  }

  /* Keys and hashes fill a line each, and their first characters tell them apart. */
  function short(value) {
    return /^[0-9a-f]{32,}$/.test(value) ? value.slice(0, 12) + "…" : value ?? "";
  }

  function row(kind, texts) {
    const found = document.createElement("tr");
    found.append(...texts.map((text) => cell(kind, text)));
    return found;
  }

  /* The rows and columns that the grid of runs shows, as its reader has filtered, sorted and chosen them. */
  function tableOf(grid) {
    const columns = grid.getAllDisplayedColumns().filter((column) => column.getColId() !== "mlflow"); // a link
    const shown = columns.slice(0, MAX_COLUMNS), allRows = grid.getDisplayedRowCount();
    const places = [...Array(Math.min(allRows, MAX_ROWS)).keys()];
    const rows = places.map((place) => grid.getDisplayedRowAtIndex(place)?.data).filter(Boolean); // some may still be at the server
    const table = document.createElement("table"), head = document.createElement("thead"), body = document.createElement("tbody");
    head.append(row("th", shown.map((column) => column.getColDef().headerName)));
    body.append(...rows.map((data) => row("td", shown.map((column) => short(data[column.getColId()])))));
    table.append(head, body);
    return { table, counts: { rows: rows.length, allRows, columns: shown.length, allColumns: columns.length } };
  }

  function filled(text, counts) {
    return Object.entries(counts).reduce((sum, [name, count]) => sum.replace(`{${name}}`, count.toLocaleString("en")), text);
  }

  function layOut() {
    const card = document.querySelector("main .grid-card"), grid = card && window.dash_ag_grid?.getApi("runs-grid");
    if (!grid) return;
    const { table, counts } = tableOf(grid), box = document.createElement("div");
    box.className = "on-paper";
    const isCut = counts.rows < counts.allRows || counts.columns < counts.allColumns;
    if (isCut) box.append(cell("p", filled(document.querySelector("main .columns").dataset.cut, counts)));
    box.append(table);
    card.append(box);
  }

  function clear() {
    for (const box of document.querySelectorAll(".on-paper")) box.remove();
    for (const chart of document.querySelectorAll(".chart.alone")) chart.classList.remove("alone");
    document.body.classList.remove("one-chart");
  }

  function printChart(chart) {
    chart.classList.add("alone");
    document.body.classList.add("one-chart");
    window.print(); // waits until the reader has chosen
  }

  window.bakeoffPaper = { printChart };
  addEventListener("beforeprint", layOut);
  addEventListener("afterprint", clear);
})();
