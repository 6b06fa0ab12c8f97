/* size.js - one recording under many limits: what to set, time and stalls over the limit, and all limits as a table. */

const log2 = Math.log2;

/* Limits for the x axis: powers of two, and what lies between them where few would be seen. */
function limitTicks(from, to) {
  const octaves = to - from;
  const steps = octaves > 5 ? [1] : octaves > 2.5 ? [1, 1.5] : [1, 1.25, 1.5, 1.75];
  const ticks = [];
  const every = Math.max(1, Math.ceil(octaves / 10));
  for (let power = Math.floor(from); power <= to; power++)
    for (const step of steps) {
      const at = power + log2(step);
      if (at >= from && at <= to && (step > 1 || power % every === 0)) ticks.push(at);
    }
  return ticks;
}

/* "4.9 MiB doubles its time", of the largest limit that hurts as much as one would not accept. */
function warning(doc) {
  const rows = doc.limits.filter((row) => row["memory.max"] != null);
  const best = doc.smallest_usable.found ? doc.smallest_usable.bytes : Infinity;
  const below = rows.filter((row) => row["memory.max"] < best);
  const double = below.filter((row) => row.survives && row.slowdown >= 1.95).pop();
  const killed = below.filter((row) => !row.survives).pop();
  if (double && (!killed || double["memory.max"] >= killed["memory.max"])) {
    const text = double.slowdown < 2.3 ? "doubles its time" : `takes ${trim(double.slowdown)} times as long`;
    return `${bytes(double["memory.max"])} ${text}`;
  }
  if (killed) return `${bytes(killed["memory.max"])} ${OUTCOMES[killed.outcome] || "is not survived"}`;
  const slowest = below.filter((row) => row.slowdown > doc.usable_slowdown)[0];
  return slowest ? `${bytes(slowest["memory.max"])} takes ${times(slowest.slowdown)} the time` : "";
}

const OUTCOMES = { oom: "kills it", thrash: "makes it thrash" };
const OUTCOME_WORDS = { completed: "completed", oom: "killed", thrash: "thrash" };

function outcomeOf(row) {
  if (row["memory.max"] == null) return { text: "no limit", class: "" };
  if (!row.survives) return { text: OUTCOME_WORDS[row.outcome] || row.outcome, class: "bad" };
  if (row.near_edge) return { text: "near edge", class: "warn" };
  return row.usable ? { text: "usable", class: "ok" } : { text: "slow", class: "warn" };
}

function sizeTitle(doc) {
  if (doc.smallest_usable.found) {
    const bad = warning(doc);
    return `Needs ${bytes(doc.smallest_usable.bytes)}${bad ? "; " + bad : ""}`;
  }
  return doc.smallest_surviving.found
    ? `Survives in ${bytes(doc.smallest_surviving.bytes)}, and no limit that was tried is usable`
    : "No limit that was tried is survived";
}

/* The limit that the program had where it was recorded. */
function todaysLimit(doc) {
  const limit = doc.host && Number(doc.host["memory.max"]);
  return limit > 0 ? limit : null;
}

function sizeMarks(doc) {
  const marks = [], advice = doc.advice, usable = doc.smallest_usable;
  const add = (limit, text, colour, more) => limit && marks.push({ at: log2(limit), limit, text: `${text} ${limitBytes(limit)}`, colour, ...more });

  if (usable.found)
    add(usable.bytes, advice.found && advice["memory.high"] === usable.bytes ? "memory.high" : "smallest usable",
      "accent", { band: [log2(usable.low_bytes || doc.limits[0]["memory.max"]), log2(usable.high_bytes)] });
  if (advice.found) add(advice["memory.max"], "set memory.max", "accent", { bold: true });
  if (advice.found && advice["memory.high"] && !(usable.found && advice["memory.high"] === usable.bytes))
    add(advice["memory.high"], "memory.high", "accent", {});
  add(doc.unlimited["memory.peak"], "peak", "faint", { dash: [2, 3] });
  add(doc.peak_plus_15_percent_bytes, "peak + 15 %", "soft", { dash: [6, 4] });
  add(todaysLimit(doc), "limit today", "line3", {});
  return marks.sort((a, b) => a.at - b.at);
}

const MISSES = [
  ["pgmajfault", "major faults"],
  ["workingset_refault_file", "file refaults"],
  ["workingset_refault_anon", "anonymous refaults"],
];

function sizePage(doc) {
  const main = document.getElementById("main");
  main.append(make("p", { class: "of" }, "Memory limits for ", make("code", {}, doc.input)), make("h1", {}, sizeTitle(doc)));
  main.append(make("p", { class: "lead" }, doc.advice.reason));
  main.append(sizeFacts(doc));
  missCurve(doc);
  sizeTable(doc);
  const advised = doc.advice.verified && doc.advice.verified.page_cache;
  filesPicture(advised || doc.unlimited.page_cache, advised ? "with the limit as advised, when it is fullest and over the whole run" : "without a limit, when it is fullest and over the whole run");
  sizeRemarks(doc);
}

function sizeFacts(doc) {
  const list = [], advice = doc.advice, usable = doc.smallest_usable, survives = doc.smallest_surviving;
  if (advice.found)
    list.push([`Set ${advice.file} to`, limitBytes(advice["memory.max"]),
      advice["memory.high"] ? `and memory.high to ${limitBytes(advice["memory.high"])}` : null, "is-answer"]);
  if (usable.found)
    list.push(["Smallest usable", limitBytes(usable.bytes), usable.low_bytes ? `between ${limitBytes(usable.low_bytes)} and ${limitBytes(usable.high_bytes)}` : `at most ${limitBytes(usable.high_bytes)}`]);
  if (survives.found)
    list.push(["Smallest survived", limitBytes(survives.bytes), survives.fails_at_bytes ? `${limitBytes(survives.fails_at_bytes)} is not` : null]);
  list.push(["Grows to", bytes(doc.unlimited["memory.peak"]), `in ${duration(doc.unlimited.busy_ns)} without a limit`]);
  list.push(["Peak + 15 % says", limitBytes(doc.peak_plus_15_percent_bytes),
    advice.found ? savingText(doc.peak_plus_15_percent_bytes, advice["memory.max"]) : null]);
  return facts(list);
}

function savingText(rule, limit) {
  const difference = rule - limit;
  return difference > 0 ? `${bytes(difference)} more than needed` : difference < 0 ? `${bytes(-difference)} too little` : null;
}

function missCurve(doc) {
  const rows = doc.limits.filter((row) => row["memory.max"] != null);
  if (!rows.length) return;
  const marks = sizeMarks(doc), xs = rows.map((row) => log2(row["memory.max"]));
  const all = xs.concat(marks.map((mark) => mark.at));
  const from = Math.min(...all) - 0.15, to = Math.max(...all) + 0.15;
  const body = figure("miss-curve", curveTitle(doc),
    "Each point is one replay under that limit. Below the curve's bend the program waits for pages that it had to give up.");
  const survived = (pick) => rows.map((row) => (row.survives ? pick(row) : null));
  const slow = survived((row) => row.slowdown), stalls = survived((row) => row.stall_ns / 1e9);
  const failed = rows.filter((row) => !row.survives);
  const top = Math.max(doc.usable_slowdown * 1.15, Math.min(doc.max_slowdown, Math.max(...slow.filter((v) => v != null), 1) * 1.1));
  const most = Math.max(...stalls.filter((v) => v != null), 0) * 1.12 || 1;
  const bottom = Math.min(1, ...slow.filter((v) => v != null));
  const readout = make("p", { class: "readout", "aria-live": "polite" });
  const sayRow = (index) => {
    const row = rows[index];
    readout.replaceChildren();
    if (!row) return;
    readout.append(make("b", {}, bytes(row["memory.max"])), `: ${outcomeOf(row).text}, `,
      row.survives ? make("b", {}, times(row.slowdown)) : "cut short", ` the time, ${duration(row.stall_ns)} stalled for memory, `,
      MISSES.map(([name, text]) => `${count(row[name])} ${text}`).join(", "));
  };
  const axisX = (shown) => axis({
    splits: () => limitTicks(from, to),
    values: (u, ticks) => ticks.map((at) => (shown ? tickBytes(at) : "")),
    size: shown ? 30 : 8,
    space: 64,
    filter: (u, ticks) => thin(ticks, u, 68),
  });
  const cursor = { sync: { key: "limits" }, drag: { x: false, y: false }, points: { size: 9 }, y: false };
  const plotOf = (label, height, values, range, axisY, line, extra) => addPlot(body, label, (width) => {
    const left = 52, right = 14;
    const place = (at) => left + ((at - from) / (to - from)) * (width - left - right);
    const nrRows = extra.labels ? layOutMarks(marks, place, left, width) : 0;
    return {
      data: [xs, values],
      opts: {
        height: height + nrRows * MARK_ROW,
        padding: [Math.max(nrRows * MARK_ROW + 6, 26), right, 0, 0],
        legend: { show: false },
        cursor,
        scales: { x: { time: false, range: () => [from, to] }, y: { range: () => range } },
        axes: [axisX(extra.axis), axis({ size: left, space: 34, ...axisY })],
        series: [{}, { stroke: colour(line), width: 2, spanGaps: false,
          points: { show: true, size: 5, fill: colour(line), stroke: colour(line), width: 0 } }],
        hooks: {
          drawAxes: [(u) => drawMarks(u, marks, nrRows, extra.labels)],
          draw: [(u) => {
            drawTitle(u, extra.title);
            if (extra.draw) extra.draw(u);
          }],
          setCursor: [(u) => u.cursor.event && sayRow(u.cursor.idx)],
        },
      },
    };
  });
  const crosses = (u) => drawCrosses(u, failed, top);
  plotOf(`${curveTitle(doc)}. Time over memory.max.`, 300, slow, [bottom - (top - bottom) * 0.04, top], {
    values: (u, ticks) => ticks.map((v) => trim(v) + "×"),
  }, "line", { title: "time, compared with no limit", labels: true, axis: false, draw: (u) => {
    drawLevel(u, "y", doc.usable_slowdown, `usable up to ${times(doc.usable_slowdown)}`, "good");
    crosses(u);
  } });
  plotOf("Time stalled for memory over memory.max.", 130, stalls, [0, most], {
    values: (u, ticks) => ticks.map((v) => (v ? duration(v * 1e9) : "0")),
  }, "line2", { title: "stalled for memory", labels: false, axis: true });
  body.append(readout);
  keyboardRows(body, rows.length, sayRow, (i) => xs[i]);
  body.append(make("figcaption", {}, failed.length
    ? "● survived   × killed, or cut short because it thrashed (no time to show). The shaded band is where the smallest usable limit may lie on a real machine."
    : "The shaded band is where the smallest usable limit may lie on a real machine."));
}

/* Ticks that have `pixels` of room each. */
function thin(ticks, u, pixels) {
  let last = -Infinity;
  return ticks.map((at) => {
    const x = u.valToPos(at, "x");
    if (x - last < pixels) return null;
    last = x;
    return at;
  });
}

function drawCrosses(u, failed, top) {
  const context = u.ctx, ratio = devicePixelRatio, r = 4 * ratio;
  context.save();
  context.strokeStyle = colour("bad");
  context.lineWidth = 1.75 * ratio;
  for (const row of failed) {
    const x = u.valToPos(log2(row["memory.max"]), "x", true), y = u.bbox.top + 9 * ratio;
    context.beginPath();
    context.moveTo(x - r, y - r);
    context.lineTo(x + r, y + r);
    context.moveTo(x + r, y - r);
    context.lineTo(x - r, y + r);
    context.stroke();
  }
  context.restore();
}

/* Arrow keys go from limit to limit. */
function keyboardRows(body, nr, say, at) {
  const shown = plots.filter((entry) => body.contains(entry.element));
  let index = -1;
  const go = (to) => {
    index = Math.max(0, Math.min(nr - 1, to));
    for (const entry of shown)
      entry.plot.setCursor({ left: entry.plot.valToPos(at(index), "x"), top: 10 }, false);
    say(index);
  };
  shown[0].element.tabIndex = 0;
  shown[0].element.setAttribute("aria-description", "Arrow keys go from limit to limit.");
  shown[0].element.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: nr - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    go(steps[event.key]);
  });
}

function curveTitle(doc) {
  const usable = doc.smallest_usable;
  if (!usable.found) return "No limit that was tried keeps it within " + times(doc.usable_slowdown) + " its time";
  const peak = doc.unlimited["memory.peak"];
  const share = (peak - usable.bytes) / peak;
  return share > 0.02 ? `It runs in ${limitBytes(usable.bytes)}, ${percent(100 * share)} less than it grows to`
    : share < -0.02 ? `It needs ${limitBytes(usable.bytes)}, more than the ${bytes(peak)} it grows to`
      : `It needs nearly all of the ${bytes(peak)} it grows to`;
}

function sizeTable(doc) {
  const rows = doc.limits.concat([doc.unlimited]);
  const chosen = rows.findIndex((row) => doc.smallest_usable.found && row["memory.max"] === doc.smallest_usable.bytes);
  const body = figure("limits", `${plural(doc.replays, "replay")}: what each limit costs`, null);
  const any = (name) => rows.some((row) => row[name] > 0);
  /* Not what the row above or below says of another limit. */
  const limitText = (row, i) => {
    const limit = row["memory.max"], text = limitBytes(limit);
    const looksLike = (other) => other && other["memory.max"] !== limit && limitBytes(other["memory.max"]) === text;
    return looksLike(rows[i - 1]) || looksLike(rows[i + 1]) ? `${limit / 1024}${NBSP}KiB` : text;
  };
  const columns = [
    [{ name: "memory.max" }, (row, i) => (row["memory.max"] == null ? "no limit" : limitText(row, i))],
    [{ name: "outcome", text: true }, outcomeOf],
    [{ name: "time" }, (row) => (row.survives ? times(row.slowdown) : "–")],
    [{ name: "stalled for memory" }, (row) => duration(row.stall_ns)],
    ...MISSES.filter(([name]) => any(name)).map(([name, text]) => [{ name: text }, (row) => count(row[name])]),
    ...[["pswpin", "swapped in"], ["pswpout", "swapped out"]].filter(([name]) => any(name))
      .map(([name, text]) => [{ name: text }, (row) => bytes(row[name] * 4096)]),
    [{ name: "disposable cache" }, (row) => (row.usable ? bytes(row.disposable_bytes) : "–")],
  ];
  body.append(table("What each limit costs", columns.map(([column]) => column),
    rows.map((row, i) => columns.map(([, text]) => text(row, i))), chosen));
  if (chosen >= 0)
    body.append(make("figcaption", {}, "▸ the smallest usable limit. Disposable: cache that could go and leave the limit usable."));
}

function sizeRemarks(doc) {
  const list = [];
  for (const hole of doc.holes || []) list.push(`${bytes(hole)} is not survived, though a smaller limit is.`);
  for (const hole of doc.unusable_holes || []) list.push(`${bytes(hole)} is not usable, though a smaller limit is.`);
  for (const flat of doc.plateaus || [])
    list.push(`From ${bytes(flat.low_bytes)} to ${bytes(flat.high_bytes)} the time is the same, ${times(flat.slowdown)}: ${flat.why}.`);
  for (const lack of doc.incomplete || []) list.push(lack.text);
  if (doc.host_cautions) list.push(doc.host_cautions);
  for (const runtime of doc.runtimes || []) list.push(runtime.text);
  if (!list.length) return;
  const body = figure("remarks", "What else to know", null);
  body.append(make("ul", {}, list.map((text) => make("li", {}, text))));
}
