/* What happens in the browser without a request: painting charts, view options, theme, language, links. */
(function () {
  "use strict";
  const NONE = () => window.dash_clientside.no_update;
  const OPTIONS = { x: "step", scale: "linear", band: "both", smooth: "0" };

  function rgba(hex, alpha) {
    return `rgba(${[1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).join(",")},${alpha})`;
  }

  function colour(name, tokens) {
    if (Array.isArray(name)) return name.map((one) => colour(one, tokens));
    if (typeof name !== "string") return name;
    const [token, alpha] = name.split("/");
    if (!(token in tokens)) return name;
    return alpha === undefined ? tokens[token] : rgba(tokens[token], alpha);
  }

  /* The plain figure: options picked, colours put in, keys of our own left out. */
  function plain(node, options, tokens, key) {
    if (key && /color$/i.test(key)) return colour(node, tokens);
    if (Array.isArray(node)) return node.length && typeof node[0] === "object" ? node.map((n) => plain(n, options, tokens)) : node;
    if (node === null || typeof node !== "object") return node;
    if ("$" in node) {
      const choice = options[node.$];
      const first = Object.keys(node).find((k) => k !== "$");
      return plain(choice in node ? node[choice] : node[first], options, tokens, key);
    }
    const found = {};
    for (const [name, value] of Object.entries(node)) if (name[0] !== "$") found[name] = plain(value, options, tokens, name);
    return found;
  }

  function smoothed(values, weight) {
    let mean = null;
    return values.map((value) => {
      if (value === null) return null;
      mean = mean === null ? value : weight * mean + (1 - weight) * value;
      return mean;
    });
  }

  function axisLook(tokens) {
    return {
      gridcolor: tokens.hair, zerolinecolor: tokens.hair, linecolor: tokens.hair, tickcolor: tokens.hair,
      tickfont: { size: 11, color: tokens.muted }, ticks: "outside", ticklen: 4, zeroline: false, ticklabeloverflow: "allow",
    };
  }

  function dressed(axis, tokens, more) {
    const title = { text: typeof axis.title === "object" && axis.title ? axis.title.text : axis.title || "", standoff: 10, font: { size: 12, color: tokens.muted } };
    return Object.assign(axisLook(tokens), { automargin: axis.type === "category" }, axis, { title }, more || {}); // it draws all anew
  }

  const WIDEST_NAME = 170; // pixels beside a chart
  const NARROW = 560; // pixels of a chart on a telephone

  /* About how wide a text is, in pixels: Chinese letters are nearly twice as wide as others. */
  function widthOf(text) {
    return [...text].reduce((sum, letter) => sum + (letter >= "\u2e80" ? 12.4 : 6.8), 0);
  }

  /* In two lines where one would be cut off; a text without a space stays. */
  function wrapped(text, room) {
    if (!text || text.includes("<br>") || widthOf(text) <= room) return text;
    const spaces = [...text.matchAll(/[ ，]/g)].map((found) => found.index + (found[0] === " " ? 0 : 1));
    if (!spaces.length) return text;
    const middle = spaces.reduce((best, at) => (Math.abs(at - text.length / 2) < Math.abs(best - text.length / 2) ? at : best));
    return text.slice(0, middle).trimEnd() + "<br>" + text.slice(middle).trimStart();
  }

  function shortened(text, room) {
    if (widthOf(text) <= room) return text;
    const letters = [...text];
    while (widthOf(letters.join("")) > room - 7) letters.pop();
    return letters.join("").trimEnd() + "…";
  }

  /* Where names stand that belong to these heights, from the lowest up: at least 15 px apart, and none above the chart. */
  function apart(heights, highest) {
    let last = -Infinity;
    const places = heights.map((at) => (last = Math.max(at, last + 15)));
    let next = highest + 15;
    for (let i = places.length - 1; i >= 0; i--) next = places[i] = Math.min(places[i], next - 15);
    return places;
  }

  /* Names at the ends of lines. A line may be fainter than text must be, so a name is as all text is, after a square in
     its line's colour. */
  function endLabels(traces, data, layout, height, width, top, look) {
    const widest = Math.min(WIDEST_NAME, 0.32 * width);
    const log = layout.yaxis.type === "log", scale = (v) => (log ? Math.log10(v) : v);
    const ends = [];
    for (const [trace, label] of traces) {
      for (let i = trace.y.length - 1; i >= 0; i--) {
        if (trace.y[i] !== null && trace.x[i] !== null && (!log || trace.y[i] > 0)) {
          ends.push({ x: trace.x[i], y: scale(trace.y[i]), text: shortened(label, widest), color: trace.line.color });
          break;
        }
      }
    }
    if (!ends.length) return { notes: [], room: 16 };
    const seen = data.flatMap((trace) => trace.y.filter((v) => typeof v === "number" && (!log || v > 0)).map(scale));
    let [low, high] = layout.yaxis.range || seen.reduce(([least, most], v) => [Math.min(least, v), Math.max(most, v)], [Infinity, -Infinity]);
    const air = layout.yaxis.range ? 0 : 0.06 * (high - low) || 0.5;
    layout.yaxis.range = [low -= air, high += air]; // fixed, so that places can be told
    const pixels = (height - top - 44) / (high - low);
    ends.sort((a, b) => a.y - b.y);
    const heights = ends.map((end) => (end.y - low) * pixels), places = apart(heights, height - 44 - 8);
    const right = Math.max(...ends.map((e) => (layout.xaxis.type === "log" ? e.x : +e.x)));
    const notes = ends.map((end, i) => {
      const x = layout.xaxis.type === "log" ? Math.log10(right) : right;
      return { x, y: end.y, yshift: places[i] - heights[i], text: `<span style="color:${end.color}">■</span> ${end.text}`, xanchor: "left", yanchor: "middle", xshift: 6, showarrow: false, font: { size: 12, color: end.color.startsWith("rgba") ? look.muted : look.text } };
    });
    return { notes, room: 34 + Math.max(...ends.map((e) => widthOf(e.text))) };
  }

  /* The ends of the data, so that names at line ends stand beyond the axis. */
  function reach(columns, log) {
    const seen = columns.flat().filter((v) => v !== null).map((v) => (log ? Math.log10(v) : +v));
    return [Math.min(...seen), Math.max(...seen)];
  }

  function arrange(layout, panels, width, height, tokens, x, y) {
    const count = panels.titles.length, isNarrow = width < NARROW;
    const columns = Math.min(panels.columns || 4, isNarrow ? 2 : width < 900 ? 3 : 4);
    const across = Math.min(columns, count), rows = Math.ceil(count / across);
    const gapX = panels.free ? (isNarrow ? 0.2 : 0.09) : isNarrow ? 0.05 : 0.025;
    const gapY = (panels.free ? (isNarrow ? 92 : 76) : 36) / height; // room for a title, and for an axis of its own
    const notes = [];
    for (let i = 0; i < count; i++) {
      const suffix = i ? String(i + 1) : "", row = Math.floor(i / across), column = i % across;
      const w = (1 - gapX * (across - 1)) / across, h = (1 - gapY * (rows - 1)) / rows;
      const left = column * (w + gapX), top = 1 - row * (h + gapY);
      const bottomOne = i + across >= count, mineX = (panels.x || [])[i] || {}, mineY = (panels.y || [])[i] || {};
      const same = panels.free ? {} : { matches: i ? "x" : undefined }, sameY = panels.free ? {} : { matches: i ? "y" : undefined };
      layout["xaxis" + suffix] = dressed(Object.assign({}, x, mineX), tokens, Object.assign({ domain: [left, left + w], anchor: "y" + suffix, showgrid: false, showticklabels: panels.free || bottomOne }, same));
      if (!panels.free && !(bottomOne)) layout["xaxis" + suffix].title = { text: "" };
      layout["yaxis" + suffix] = dressed(Object.assign({}, y, mineY), tokens, Object.assign({ domain: [Math.max(0, top - h), Math.min(1, top)], anchor: "x" + suffix, showticklabels: panels.free || column === 0 }, sameY));
      if (panels.free && !panels.y && column) layout["yaxis" + suffix].title = { text: "" }; // all panels have the same
      if (!panels.free && (column || row || isNarrow)) layout["yaxis" + suffix].title = { text: "" };
      const roomy = (column < across - 1 ? w + gapX : w) * (width - 72) + 24; // widths of texts are guessed amply
      const title = shortened(panels.titles[i], roomy);
      notes.push({ text: title, xref: `x${suffix} domain`, yref: `y${suffix} domain`, x: 0, y: 1, yshift: 18, xanchor: "left", showarrow: false, font: { size: isNarrow ? 11 : 12, color: tokens.text } });
    }
    return { notes, rows };
  }

  /* Ticks as whole numbers on a logarithmic axis that shows less than two decades: plotly labels these by single digits. */
  function logTicks(low, high) {
    const ratio = high / low;
    if (!(low > 0) || ratio >= 100) return undefined;
    if (ratio < 2) {
      const rough = (high - low) / 3 || low / 3, unit = 10 ** Math.floor(Math.log10(rough));
      const step = unit * [1, 2, 5, 10].find((one) => one * unit >= rough);
      return Array.from({ length: 6 }, (_, n) => +((Math.ceil(low / step) + n) * step).toPrecision(6)).filter((one) => one <= high * 1.001);
    }
    const marks = ratio < 8 ? [1, 2, 3, 5, 7] : [1, 2, 5], first = Math.floor(Math.log10(low));
    return [0, 1, 2].flatMap((n) => marks.map((one) => +(one * 10 ** (first + n)).toPrecision(6))).filter((one) => one >= low * 0.99 && one <= high * 1.01);
  }

  function labelLogAxes(data, layout) {
    for (const [name, axis] of Object.entries(layout)) {
      if (!/^[xy]axis/.test(name) || axis.type !== "log" || axis.tickvals) continue;
      const letter = name[0], own = name.replace("axis", "");
      const shared = (other) => other === own || layout[other.replace(letter, letter + "axis")]?.matches === own;
      const mine = data.filter((trace) => shared(trace[letter + "axis"] || letter)).flatMap((trace) => trace[letter]).filter((value) => value > 0);
      const [low, high] = axis.range ? axis.range.map((end) => 10 ** end) : [Math.min(...mine), Math.max(...mine)];
      const ticks = logTicks(Math.min(low, high), Math.max(low, high));
      if (ticks && ticks.length > 1) axis.tickvals = ticks;
      else if (!ticks && !axis.dtick) axis.dtick = 1; // powers of ten alone: plotly's small digits between them are noise
    }
  }

  function figure(spec, values, ids, tokens, onPaper) {
    const isDark = document.documentElement.dataset.mantineColorScheme === "dark" && !onPaper;
    const look = tokens[isDark ? "dark" : "light"], options = Object.assign({}, OPTIONS);
    (ids || []).forEach((id, n) => { if (values[n] !== undefined && values[n] !== null) options[id.option] = values[n]; });
    const labelled = [], data = [], weight = +options.smooth || 0;
    for (const trace of spec.traces) {
      const when = trace.$when || {};
      if (Object.keys(when).some((name) => !when[name].includes(options[name]))) continue;
      const made = plain(trace, options, look);
      if (trace.$smooth && weight) made.y = smoothed(made.y, weight);
      if (trace.$told) made.customdata = trace.$told.map((parts) => parts.map((part) => trace.$parts[part]).join(" · "));
      if (trace.$label) labelled.push([made, trace.$label]);
      data.push(made);
    }
    const layout = plain(spec.layout, options, look);
    const width = onPaper ? PAPER_WIDTH : Math.min(window.innerWidth - 40, 1184);
    const isNarrow = width < NARROW, height = (isNarrow && spec.narrow) || spec.height;
    const x = layout.xaxis, y = layout.yaxis;
    let notes = (layout.annotations || []).map((note) => Object.assign(note, { text: wrapped(note.text, width - 90) })), room = 16, top = 12;
    if (spec.panels) {
      const placed = arrange(layout, spec.panels, width, height - 72, look, x, y);
      notes = notes.concat(placed.notes);
      top = 28;
    } else {
      if (labelled.length && !x.range) x.range = reach(labelled.map(([trace]) => trace.x), x.type === "log");
      x.title = wrapped(typeof x.title === "object" && x.title ? x.title.text : x.title, width - 110);
      layout.xaxis = dressed(x, look, x.showgrid === undefined ? { showgrid: false } : {});
      layout.yaxis = dressed(y, look, { automargin: true });
      const ends = endLabels(labelled, data, layout, height, width, top, look);
      notes = notes.concat(ends.notes);
      room = ends.room;
    }
    labelLogAxes(data, layout);
    const base = {
      font: { family: getComputedStyle(document.body).fontFamily, size: document.querySelector(".present") ? 15 : 12, color: look.text },
      paper_bgcolor: look.surface, plot_bgcolor: look.surface, hovermode: "x unified", autosize: true,
      hoverlabel: { bgcolor: look.surface, bordercolor: look.hair, font: { color: look.text, size: 12 } },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { color: look.text, size: 12 } },
      margin: { l: 56, r: room, t: top, b: 44 }, uirevision: (spec.revision || "") + options.x, showlegend: false, dragmode: isNarrow ? false : "zoom",
    };
    const keyed = spec.keyed && isNarrow ? { showlegend: false } : {}; // a key of its own stands above the chart
    const size = onPaper ? { width: PAPER_WIDTH, height, autosize: false } : {};
    const made = Object.assign(base, layout, keyed, { annotations: notes, template: null }, size);
    if (!spec.panels && x.title && x.title.includes("<br>")) made.margin = Object.assign({}, made.margin, { b: made.margin.b + 16 });
    return { data, layout: made };
  }

  const PAPER_WIDTH = 680; // pixels within a card on A4, upright
  const drawn = new Map(); // how to draw each chart for the screen or for paper, by the text of its id

  /* Charts are drawn for paper, light and as wide as it is, and for the screen again afterwards. */
  function drawFor(onPaper) {
    for (const [key, draw] of drawn) {
      const box = document.getElementById(key)?.querySelector(".js-plotly-plot");
      if (!box) drawn.delete(key);
      else if (window.Plotly) {
        const { data, layout } = draw(onPaper);
        window.Plotly.react(box, data, layout);
        if (!onPaper) window.Plotly.Plots.resize(box);
      }
    }
  }
  addEventListener("beforeprint", () => drawFor(true));
  addEventListener("afterprint", () => drawFor(false));

  /* A zoomed chart as it was drawn. */
  function resetZoom(box) {
    const [, draw] = [...drawn].find(([key]) => document.getElementById(key)?.contains(box));
    const changes = {};
    for (const [name, axis] of Object.entries(draw(false).layout)) {
      if (!/^[xy]axis/.test(name)) continue;
      if (axis.range) changes[`${name}.range`] = [...axis.range];
      else changes[`${name}.autorange`] = true;
    }
    window.Plotly.relayout(box, changes);
  }
  window.bakeoffCharts = { resetZoom };

  /* The figure as far as its reader has zoomed in. Plotly itself forgets that once new data move an axis. */
  function zoomedAsBefore(box, made) {
    const before = box?.closest(".graph[data-zoomed]") && box.querySelector(".js-plotly-plot")?.layout;
    if (!before || before.uirevision !== made.layout.uirevision) return made;
    for (const [name, axis] of Object.entries(made.layout)) {
      const range = /^[xy]axis/.test(name) && before[name]?.range;
      if (range) made.layout[name] = Object.assign({}, axis, { range: [...range], autorange: false });
    }
    return made;
  }

  const later = new Map(); // charts that are to be painted anew, by the text of their ids

  /* Charts on the screen are painted at once, the others one by one while there is nothing else to do. */
  function paint(spec, values, scheme, ids, tokens, chart) {
    if (!spec) return NONE();
    const key = JSON.stringify(chart, Object.keys(chart).sort()), box = document.getElementById(key);
    const place = box?.getBoundingClientRect();
    drawn.set(key, (onPaper) => figure(spec, values, ids, tokens, onPaper));
    if (!place || (place.top < window.innerHeight && place.bottom > 0)) {
      later.delete(key);
      return zoomedAsBefore(box, figure(spec, values, ids, tokens));
    }
    if (!later.size) soon();
    later.set(key, () => window.dash_clientside.set_props(chart, { figure: zoomedAsBefore(document.getElementById(key), figure(spec, values, ids, tokens)) }));
    return NONE();
  }

  function soon() {
    const idle = window.requestIdleCallback || setTimeout;
    idle(() => {
      for (const [key, go] of later) {
        later.delete(key);
        if (document.getElementById(key)) {
          go();
          break;
        }
      }
      if (later.size) soon();
    });
  }

  /* View options stay in the address, so that a link shows the same; no request is made. */
  function remember(chosen, ids, firsts, places) {
    const values = chosen.map((value, n) => (places[n] ? places[n].split(",")[value] : value)); // a slider has places
    const step = ids.findIndex((id) => id.option === "step");
    if (step >= 0) for (const box of document.querySelectorAll("[data-step]")) box.hidden = box.dataset.step !== values[step];
    const query = new URLSearchParams(location.search);
    let changed = false;
    ids.forEach((id, n) => {
      const first = firsts[n], value = values[n];
      if (value === undefined || value === null) return;
      if (value === first ? query.has(id.option) : query.get(id.option) !== value) {
        if (value === first) query.delete(id.option); else query.set(id.option, value);
        changed = true;
      }
    });
    if (changed) history.replaceState(history.state, "", location.pathname + (query.size ? "?" + query : ""));
    return NONE();
  }

  /* A choice in a drop-down goes into the address, and the page comes anew. */
  function choose(values, shown, ids) {
    const query = new URLSearchParams(location.search);
    let changed = false;
    ids.forEach((id, n) => {
      if (values[n] === null || values[n] === undefined || values[n] === shown[n]) return;
      changed = true;
      if (id.name === "campaign") query.set("from", shown[n]); // the server keeps what both campaigns have
      if (id.name === "task") {
        const kept = ["campaign", "lang", "x", "band", "smooth"];
        [...query.keys()].filter((name) => !kept.includes(name)).forEach((name) => query.delete(name));
      }
      if (id.name === "measure" || id.name === "claim") query.delete("scale"); // not every measure has a logarithmic axis
      query.set(id.name, values[n]);
    });
    if (!changed) return NONE();
    dispatchEvent(new Event("bakeoff:stay"));
    return "?" + query;
  }

  function speak(clicks, ids) {
    const by = window.dash_clientside.callback_context.triggered_id;
    if (!by || !clicks.some(Boolean)) return NONE();
    const query = new URLSearchParams(location.search);
    if (by.lang === "en") query.delete("lang"); else query.set("lang", by.lang);
    const text = query.toString();
    return text ? "?" + text : "";
  }

  let ownTitle = ""; // that of the page, without how far a running campaign is

  function showTitle() {
    const percent = document.querySelector(".tag.live .dot")?.dataset.percent;
    document.title = (percent ? `${percent} % · ` : "") + ownTitle;
  }

  function announce(head) {
    asked = 0;
    if (head) {
      ownTitle = head.title;
      setTimeout(showTitle); // once the header stands
      document.documentElement.lang = head.lang;
      dispatchEvent(new Event("bakeoff:shown"));
    }
    return NONE();
  }

  const ANSWER_MS = 20000; // after which a request for news counts as lost
  let asked = 0; // when news were asked for, while the answer is on its way; else 0

  /* Dash drops the answer to a request once there is a newer one: a slow server would never be heard. */
  function address(mark) {
    if (mark === null || mark === undefined || Date.now() - asked < ANSWER_MS) return NONE();
    asked = Date.now();
    return { mark, search: location.search, busy: window.bakeoffReader.isBusy() };
  }

  /* Parts of the page that have changed; the rest stays, with its zoom, focus and open details. */
  /* What this returns is shown from now on: a change that was never applied is asked for again. */
  function change(sent, shown) {
    asked = 0;
    if (!sent || !shown || sent.page !== shown.page) return NONE();
    if (!sent.changes) {
      window.bakeoffReader.hold(sent.runs);
      return NONE();
    }
    window.bakeoffReader.release(); // what was to be replaced can be mended after all
    for (const [id, props] of sent.changes) window.dash_clientside.set_props(id, props);
    setTimeout(showTitle);
    return sent.shown;
  }

  /* A claim's row in a quiz: shown once its reader has said what they expect. */
  function reveal(guess) {
    return guess ? "reveal shown" : "reveal";
  }

  function score(guesses, answers, text, before) {
    const truth = answers.split(","), made = guesses.filter(Boolean).length;
    if (!made) return before;
    const right = guesses.filter((guess, n) => guess && guess === truth[n]).length;
    return text.replace("{right}", right).replace("{of}", made);
  }

  const HIDDEN = "bakeoff-hidden-columns"; // of the table of runs, by name, also those of other tasks

  let restored = null; // the boxes that show what is remembered

  function hiddenColumns() {
    try {
      return new Set(JSON.parse(localStorage.getItem(HIDDEN)) || []);
    } catch (error) {
      return new Set(); // storage is not allowed, or holds something else
    }
  }

  /* Which columns of the table of runs are shown: as before when the page comes, then as its boxes say. */
  async function columns(ticked, defs) {
    if (!defs) return NONE();
    const grid = await window.dash_ag_grid.getApiAsync("runs-grid"); // by then the boxes stand, too
    const boxes = document.querySelector("main .columns"), came = boxes !== restored;
    restored = boxes;
    const all = defs.map((def) => def.field), hidden = hiddenColumns();
    const shown = came ? all.filter((name) => !hidden.has(name)) : ticked;
    if (came && shown.length < ticked.length) window.dash_clientside.set_props("runs-columns", { value: shown });
    for (const name of all) shown.includes(name) ? hidden.delete(name) : hidden.add(name);
    if (!came) try { localStorage.setItem(HIDDEN, JSON.stringify([...hidden])); } catch (error) { /* only this page then */ }
    grid.setColumnsVisible(all.filter((name) => !shown.includes(name)), false);
    grid.setColumnsVisible(shown, true);
    return NONE();
  }

  function everyColumn(clicks, defs) {
    return clicks ? defs.map((def) => def.field) : NONE();
  }

  function pause(clicks) {
    const paused = clicks % 2 === 1;
    return [paused, paused ? "▶" : "⏸", String(paused)];
  }

  function copy(clicks, label, copied) {
    if (!clicks) return NONE();
    const done = () => {
      const button = document.getElementById("copy");
      button.textContent = copied;
      setTimeout(() => { button.textContent = label; }, 1600);
    };
    if (navigator.clipboard) navigator.clipboard.writeText(location.href).then(done, () => {});
    else {
      const field = document.createElement("textarea");
      field.value = location.href;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      done();
    }
    return NONE();
  }

  function burger(clicks, pathname) {
    const by = window.dash_clientside.callback_context.triggered_id;
    const nav = document.getElementById("nav"), open = by === "burger" && clicks ? !nav.classList.contains("open") : false;
    nav.classList.toggle("open", open);
    return open ? "true" : "false";
  }

  function picture(clicks, id) {
    if (!clicks) return NONE();
    const boxes = [...document.querySelectorAll(".graph .js-plotly-plot")];
    const mine = boxes.find((box) => box.parentElement.id.includes(`"name":"${id.name}"`) || box.id.includes(`"name":"${id.name}"`));
    if (!mine) return NONE();
    if (id.format === "pdf") window.bakeoffPaper.printChart(mine.closest(".chart"));
    else window.Plotly.downloadImage(titled(mine), { format: id.format, filename: `bakeoff-${id.name}`, width: mine.clientWidth, height: mine.clientHeight + TITLE_HEIGHT, scale: id.format === "png" ? 2 : 1 });
    return NONE();
  }

  const TITLE_HEIGHT = 48; // pixels

  /* The chart with its title, and below it what it is of: a picture is read without the page around it. */
  function titled(box) {
    const section = box.closest(".chart"), look = tokens()[document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light"];
    const title = {
      text: section.querySelector("h2, h3").textContent, subtitle: { text: section.dataset.of, font: { size: 12, color: look.muted } },
      font: { size: 16, color: look.text }, x: 0, xref: "paper", xanchor: "left", y: 1, yref: "container", yanchor: "top", pad: { t: 10 },
    };
    const margin = { ...box.layout.margin, t: (box.layout.margin.t || 0) + TITLE_HEIGHT };
    return { data: box.data, layout: { ...box.layout, title, margin } };
  }

  function tokens() {
    return window.dash_component_api.getLayout("tokens").props.data;
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    bakeoff: { paint, remember, choose, speak, announce, address, change, reveal, score, columns, everyColumn, pause, copy, burger, picture },
  });

  /* Mantine writes the scheme on the page, whether a click or the system changed it: charts follow. */
  new MutationObserver(() => window.dash_clientside.set_props("scheme-now", { data: document.documentElement.dataset.mantineColorScheme }))
    .observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });

  /* Fetch and compile plotly while the reader is still on a page without charts. */
  addEventListener("load", () => setTimeout(() => {
    const source = window._dashPlotlyJSURL;
    if (source && !window.Plotly && !document.querySelector(`link[href="${source}"]`)) {
      const link = document.createElement("link");
      link.rel = "prefetch";
      link.href = source;
      document.head.append(link);
    }
  }, 1500));

  addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.getElementById("nav")?.classList.remove("open");
  });
})();
