/* compare.js - the same work under several settings, or several recordings of one program: a curve for each, and a table. */

/* [{name, result}] of both kinds of document. */
function comparedResults(doc) {
  if (doc.recordings)
    return doc.recordings.map((one) => ({ name: (!doc.envelope && one.settings) || one.input, result: one.result }));
  return doc.results.map((one) => ({
    name: Object.entries(one.settings).map(([key, value]) => `${key}=${value}`).join(", "), result: one.result }));
}

function comparePage(doc) {
  const results = comparedResults(doc), sizes = doc.verb === "size";
  document.getElementById("main").append(
    make("p", { class: "of" }, sizes ? "Memory limits compared, for " : "Runs compared, of ", make("code", {}, doc.input || results.map((r) => r.result.input).join(", "))),
    make("h1", {}, doc.envelope ? envelopeTitle(doc.envelope) : sizes ? compareSizesTitle(results) : compareRunsTitle(results)));
  if (doc.envelope) document.getElementById("main").append(make("p", {}, doc.envelope.reason));
  if (sizes) compareCurves(results, doc);
  compareTable(results, sizes);
}

const needOf = (result) => (result.smallest_usable && result.smallest_usable.found ? result.smallest_usable.bytes : Infinity);

function envelopeTitle(envelope) {
  return envelope.found
    ? `Needs ${bytes(envelope.need_bytes)}, as ${envelope.decided_by} has it; set memory.max to ${limitBytes(envelope["memory.max"])}`
    : "No limit that was tried serves all recordings";
}

/* The first of the smallest, with what it is compared with: the last of the largest. */
function extremes(results, figure) {
  const known = results.filter((one) => isFinite(figure(one.result)));
  if (!known.length) return null;
  const least = known.reduce((a, b) => (figure(b.result) < figure(a.result) ? b : a));
  const most = known.reduce((a, b) => (figure(b.result) >= figure(a.result) ? b : a));
  return { least, most, same: figure(most.result) <= figure(least.result) * 1.02 };
}

function compareSizesTitle(results) {
  const found = extremes(results, needOf);
  if (!found) return "Under none of these settings a limit that was tried is usable";
  const least = bytes(needOf(found.least.result));
  if (found.same) return `Needs ${least} with each of them`;
  return `Needs least, ${least}, with ${found.least.name}; most, ${bytes(needOf(found.most.result))}, with ${found.most.name}`;
}

function compareRunsTitle(results) {
  const found = extremes(results, (result) => (result.outcome === "completed" ? result.busy_ns : Infinity));
  if (!found) return "It completes with none of these settings";
  if (found.same) return `These settings change little: it takes ${duration(found.least.result.busy_ns)}`;
  return `Fastest, ${duration(found.least.result.busy_ns)}, with ${found.least.name}; slowest, ${duration(found.most.result.busy_ns)}, with ${found.most.name}`;
}

function compareCurves(results, doc) {
  const shown = results.slice(0, CURVES.length).map((one) => ({
    ...one, hidden: false, rows: one.result.limits.filter((row) => row.survives && row["memory.max"] != null) })).filter((one) => one.rows.length);
  if (!shown.length) return;
  const { xs, columns } = joinCurves(shown);
  const from = xs[0] - 0.15, to = xs[xs.length - 1] + 0.15;
  const first = shown[0].result, usable = first.usable_slowdown;
  const top = Math.max(usable * 1.15, Math.min(first.max_slowdown, Math.max(...columns.flat().filter((v) => v != null)) * 1.05));
  const body = figure("curves", "Time over the limit, for each", results.length > shown.length
    ? `Curves of ${shown.length} of ${results.length}; the table has all. Limits that are not survived have no point.`
    : "Limits that are not survived have no point.");
  const entry = addPlot(body, "Time over memory.max for each of the settings.", () => ({
    data: [xs, ...columns],
    opts: {
      height: 320,
      padding: [26, 14, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false },
      scales: { x: { time: false, range: () => [from, to] }, y: { range: () => [1 - (top - 1) * 0.04, top] } },
      axes: [axis({ splits: () => limitTicks(from, to), size: 30, filter: (u, ticks) => thin(ticks, u, 68),
        values: (u, ticks) => ticks.map(tickBytes) }),
      axis({ size: 52, space: 34, values: (u, ticks) => ticks.map((v) => trim(v) + "×") })],
      series: [{}, ...shown.map((one, i) => ({
        show: !one.hidden, stroke: colour(CURVES[i][0]), dash: CURVES[i][1], width: 2, spanGaps: true,
        points: { show: true, size: 5, fill: colour(CURVES[i][0]), width: 0 } }))],
      hooks: { draw: [(u) => {
        drawTitle(u, "time, compared with no limit");
        drawLevel(u, "y", usable, `usable up to ${times(usable)}`, "good");
      }] },
    },
  }));
  body.append(legend(shown.map((one, i) => ({ name: one.name, colour: CURVES[i][0], dash: CURVES[i][1], line: true, hidden: one.hidden })), (i, hidden) => {
    shown[i].hidden = hidden;
    entry.redraw();
  }));
}

/* One x for all curves: null where a curve has no point. */
function joinCurves(shown) {
  const all = [...new Set(shown.flatMap((one) => one.rows.map((row) => row["memory.max"])))].sort((a, b) => a - b);
  const columns = shown.map((one) => {
    const of = new Map(one.rows.map((row) => [row["memory.max"], row.slowdown]));
    return all.map((limit) => (of.has(limit) ? of.get(limit) : null));
  });
  return { xs: all.map(log2), columns };
}

function compareTable(results, sizes) {
  const body = figure("settings", sizes ? "What each of them needs" : "What each of them came to", null);
  const boundary = (b) => (b.found ? bytes(b.bytes) : "none");
  const best = sizes ? extremes(results, needOf) : extremes(results, (r) => (r.outcome === "completed" ? r.busy_ns : Infinity));
  const columns = sizes ? [
    ["grows to", (r) => bytes(r.unlimited["memory.peak"])], ["time without a limit", (r) => duration(r.unlimited.busy_ns)],
    ["smallest usable", (r) => boundary(r.smallest_usable)], ["smallest survived", (r) => boundary(r.smallest_surviving)],
    ["set memory.max to", (r) => (r.advice.found ? bytes(r.advice["memory.max"]) : "–")],
  ] : [
    ["outcome", (r) => ({ text: OUTCOME_WORDS[r.outcome] || r.outcome, class: r.outcome === "completed" ? "ok" : "bad" })],
    ["time", (r) => duration(r.busy_ns)],
    ["stalled for memory", (r) => duration(r.waits_ns.memory)],
    ["fullest moment", (r) => bytes(r.fullest["memory.current"])],
  ];
  body.append(table(sizes ? "What each of the settings needs" : "What each of the settings came to",
    [{ name: "setting", text: true, wrap: true }, ...columns.map(([name]) => ({ name }))],
    results.map((one) => [one.name, ...columns.map(([, text]) => text(one.result))]),
    best && !best.same ? results.indexOf(best.least) : -1));
}
