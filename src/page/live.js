/* live.js - a service that was squeezed while it ran: what to set, what came back at which size, and all that was held as a table. */

function liveTitle(doc) {
  if (!doc.smallest_usable.found) return "No size could be told";
  const size = bytes(doc.smallest_usable.bytes);
  return doc.smallest_usable.fails_at_bytes ? `Needs ${size}; at ${bytes(doc.smallest_usable.fails_at_bytes)} more than the budget comes back`
    : `Needs ${size} at most; nothing smaller was tried`;
}

function liveFacts(doc) {
  const list = [], usable = doc.smallest_usable, price = doc.price;
  if (doc.advice.found)
    list.push(["Set memory.max to", limitBytes(doc.advice["memory.max"]), `and memory.high to ${limitBytes(doc.advice["memory.high"])}`, "is-answer"]);
  if (usable.found)
    list.push(["Smallest in budget", limitBytes(usable.bytes), usable.held ? "held by memory.high" : "not held"]);
  list.push(["Budget", `${trim(doc.budget_per_s)} pages/s`, `${trim(doc.before.refaults_per_s)} came back before, at ${bytes(doc.before["memory.current"])}`]);
  list.push(["Not seen", `reuse slower than ${duration(doc.horizon_seconds * 1e9)}`, null]);
  list.push(["Price", `${count(price.refaults)} pages`, `${count(price.pgmajfault)} major faults; budget × time: ${count(price.budget_x_time)}`]);
  return facts(list);
}

const liveSize = (row) => row["memory.high"] || row["memory.current"];

function liveCurve(doc) {
  const rows = doc.curve.concat(doc.limits).sort((a, b) => liveSize(a) - liveSize(b));
  if (!rows.length) return;
  const xs = rows.map((row) => log2(liveSize(row)));
  const from = Math.min(...xs) - 0.05, to = Math.max(...xs) + 0.05;
  const pick = (wanted) => rows.map((row) => (wanted(row) ? row.refaults_per_s : null));
  const columns = [pick((row) => row.source !== "hold"), pick((row) => row.usable), pick((row) => row.source === "hold" && !row.usable)];
  const most = Math.max(doc.budget_per_s * 1.2, Math.min(doc.budget_per_s * 6, Math.max(...rows.map((row) => row.refaults_per_s)) * 1.05));
  const body = figure("live-curve", "What came back at which size",
    "Each point is a moment of the descent, or a size that was held. The descent reads up to twice too high.");
  const dots = (name, size) => ({ stroke: colour(name), paths: () => null, points: { show: true, size, fill: colour(name), stroke: colour(name), width: 0 } });
  addPlot(body, "Refaults a second over the size.", (width) => ({
    data: [xs, ...columns],
    opts: {
      height: 300,
      padding: [26, 14, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false },
      scales: { x: { time: false, range: () => [from, to] }, y: { range: () => [0, most] } },
      axes: [axis({ splits: () => limitTicks(from, to), values: (u, ticks) => ticks.map(tickBytes), size: 30, space: 64, filter: (u, ticks) => thin(ticks, u, 68) }),
        axis({ size: 52, space: 34, values: (u, ticks) => ticks.map((v) => trim(v)) })],
      series: [{}, dots("soft", 4), dots("line", 9), dots("bad", 9)],
      hooks: { draw: [(u) => { drawTitle(u, "pages that came back, a second"); drawLevel(u, "y", doc.budget_per_s, "budget", "good"); }] },
    },
  }));
  body.append(make("figcaption", {}, "Large: held by memory.high, within the budget or (red) beyond it. Small: before and during the descent."));
}

function liveTable(doc) {
  const columns = [{ name: "Held at" }, { name: "Budget", text: true }, { name: "Seconds" }, { name: "Refaults/s" }, { name: "Anonymous" }, { name: "File" },
    { name: "Major faults" }, { name: "Stalled" }];
  const rows = doc.limits.map((row) => [limitBytes(row["memory.high"]), row.usable ? { text: "kept", class: "ok" } : { text: "broken", class: "bad" },
    trim(row.seconds), trim(row.refaults_per_s), count(row.workingset_refault_anon), count(row.workingset_refault_file), count(row.pgmajfault),
    row.stall_ns == null ? "-" : duration(row.stall_ns)]);
  if (rows.length) document.getElementById("main").append(table("Sizes that were held", columns, rows, doc.limits.findIndex((row) => row["memory.high"] === doc.smallest_usable.bytes)));
}

function livePage(doc) {
  const main = document.getElementById("main");
  if (doc.dry_run || doc.watch_only) {
    main.append(make("h1", {}, "Nothing was squeezed"), make("p", {}, doc.input));
    return;
  }
  main.append(make("p", { class: "of" }, "A service sized while it ran: ", make("code", {}, doc.input)), make("h1", {}, liveTitle(doc)), liveFacts(doc),
    make("p", {}, doc.advice.reason));
  for (const note of doc.notes) main.append(make("p", { class: "note" }, note));
  liveCurve(doc);
  liveTable(doc);
}
