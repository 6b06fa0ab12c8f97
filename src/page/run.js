/* run.js - what a run came to: memory over time as a stack, stalls, faults and flows, groups, waits. */

const RUN_WORDS = { completed: "Completed", oom: "Ended in an out-of-memory kill", thrash: "Thrashed", stopped: "Stopped" };

/* Layers of the stack, from what stays to what goes most easily. */
const LAYERS = [
  ["kernel", "kernel"], ["anonymous", "anon"], ["shared", "shmem"], ["file: costs a write", "dirty"], ["file: costs a read again", "active"],
  ["file: free to drop", "inactive"], ["other", "other"], ["in swap", "swap"],
];

/* bytes of each layer at each moment, of the columns of over_time. Dirty pages are taken from the inactive list first, as the text does. */
function layersOf(series) {
  const at = (name, i) => (series[name] && series[name][i]) || 0;
  const rows = LAYERS.map(() => []);
  for (let i = 0; i < series.at_ns.length; i++) {
    const dirty = Math.min(at("file_dirty", i) + at("file_writeback", i), at("active_file", i) + at("inactive_file", i));
    const inactive = Math.max(0, at("inactive_file", i) - dirty);
    const active = at("active_file", i) - Math.max(0, dirty - at("inactive_file", i));
    const known = at("kernel", i) + at("anon", i) + at("shmem", i) + dirty + active + inactive;
    [at("kernel", i), at("anon", i), at("shmem", i), dirty, active, inactive, Math.max(0, at("memory.current", i) - known),
      at("memory.swap.current", i)].forEach((value, layer) => rows[layer].push(value));
  }
  return rows;
}

function runPage(doc) {
  document.getElementById("main").append(
    make("p", { class: "of" }, "A run of ", make("code", {}, doc.input.file), doc.input.command ? [" (", make("code", {}, doc.input.command), ")"] : null),
    make("h1", {}, runTitle(doc)), runFacts(doc));
  if (doc.over_time && doc.over_time.at_ns.length > 1) timePictures(doc.over_time, killsOf(doc), { wallUs: null, group: doc.over_time.cgroup });
  fullestMoment(doc);
  filesPicture(doc.page_cache, "at that moment, and over the whole run");
  if (doc.heat) heatPictures(doc.heat, doc.working_set);
  waitsPicture(doc);
  groupsPicture((doc.cgroups || []).map((group) => ({ path: group.path, current: group["memory.peak"], max: group["memory.max"], high: group["memory.high"],
    anon: group["memory.stat"].anon, file: group["memory.stat"].file, swap: group["memory.swap.current"],
    kills: (group["memory.events"] || group["memory.events.local"] || {}).oom_kill || 0, stalled: group["memory.pressure"].some.total })), "peak");
  tasksTable(doc);
}

function killsOf(doc) {
  return doc.tasks.filter((task) => task.outcome === "oom_killed").map((task) => ({ at_ns: task.end_ns, who: `${task.comm} (${task.pid})` }));
}

/* Of many tasks that wait at once the sum may be more than all the time. */
function shareOfTime(doc) {
  const share = doc.busy_ns ? doc.waits_ns.memory / doc.busy_ns : 0;
  return share > 1 ? `${trim(share)} times` : `${percent(100 * share)} of`;
}

function runTitle(doc) {
  const kills = killsOf(doc);
  if (kills.length)
    return `${kills[0].who} was killed for memory after ${duration(kills[0].at_ns)}${kills.length > 1 ? `, and ${kills.length - 1} more` : ""}`;
  const word = RUN_WORDS[doc.outcome] || doc.outcome;
  if (doc.waits_ns.memory === 0) return `${word} after ${duration(doc.virtual_ns)}; memory cost it no time`;
  return `${word} after ${duration(doc.virtual_ns)}; its tasks waited ${duration(doc.waits_ns.memory)} for memory`;
}

function runFacts(doc) {
  const full = doc.fullest, list = [
    ["Outcome", doc.outcome, `after ${duration(doc.virtual_ns)} of virtual time`, ["oom", "thrash"].includes(doc.outcome) ? "is-harm" : "is-answer"],
    ["Fullest moment", bytes(full["memory.current"]), full["memory.swap.current"] ? `and ${bytes(full["memory.swap.current"])} in swap` : `at ${duration(full.at_ns)}`],
    ["Stalled for memory", duration(doc.waits_ns.memory), `${shareOfTime(doc)} the time it was busy, summed over tasks`],
    ["Major faults", count(doc.vmstat.pgmajfault), "waited for a disk or swap"],
  ];
  if (doc.slowdown) list.push(["Slowdown", times(doc.slowdown), "of the time without a limit"]);
  list.push(["Machine", bytes(doc.machine.ram_bytes), `Linux ${doc.machine.kernel}, ${plural(doc.machine.cpus, "CPU")}, files on ${doc.machine.disk}`]);
  return facts(list);
}

/* --- over time: of a run and of a capture --- */

function timePictures(series, kills, { wallUs, group, findings }) {
  const first = series.at_ns[0], xs = series.at_ns.map((at) => (at - first) / 1e9);
  const line = new TimeLine(xs, wallUs);
  const marks = kills.map((kill) => ({ at: (kill.at_ns - first) / 1e9, text: "", colour: "bad", bold: true }));

  memoryStack(series, line, marks, kills, group);
  if (findings) findingsPicture(findings, line, first);
  pressurePicture(series, line, marks);
  ratesPicture("faults", "Faults", series, line, marks, FAULTS, count, "per second", 1);
  ratesPicture("flows", "Flows", series, line, marks, FLOWS, bytes, "bytes per second", 4096);
  groupsOverTime(series.cgroups || [], line, marks);
}

/* What the largest groups beside the report's own hold. */
function groupsOverTime(groups, line, marks) {
  const peak = (group) => Math.max(...group["memory.current"].map((value) => value || 0));
  const held = groups.filter((group) => peak(group) > 0).sort((a, b) => peak(b) - peak(a));
  if (!held.length) return;
  const shown = held.slice(0, CURVES.length), largest = shown[0];
  const body = figure("groups-over-time", `${largest.path} holds up to ${bytes(peak(largest))}`,
    held.length > shown.length ? `Memory of the largest ${shown.length} of ${held.length} control groups.` : "Memory of each control group.");
  const chart = new TimeChart(body, line, { label: "Memory of control groups over time.", title: "memory held", height: 200, format: bytes, marks,
    curves: shown.map((group, i) => ({ name: group.path, colour: CURVES[i][0], dash: CURVES[i][1], values: group["memory.current"] })) });
  body.append(chart.table("Memory of control groups as a table"));
}

function memoryStack(series, line, marks, kills, group) {
  const rows = layersOf(series);
  const curves = LAYERS.map(([name, colourName], i) => ({ name, colour: colourName, values: rows[i] })).filter((curve) => curve.values.some((value) => value > 0));
  const max = (series["memory.max"] || []).filter((value) => value != null), high = (series["memory.high"] || []).filter((value) => value != null);
  const machine = group === "/";
  const levels = [];
  const steady = (values, all) => values.length === all.length && Math.min(...values) === Math.max(...values);
  const addLevel = (name, values, colourName) => {
    if (!values.length) return;
    if (steady(values, series.at_ns)) levels.push({ value: values[0], text: `${name} ${bytes(values[0])}`, colour: colourName });
    else levels.push({ values: series[name], text: name, colour: colourName });
  };
  addLevel(machine ? "RAM" : "memory.max", max, "bad");
  addLevel("memory.high", high, "warn");
  const body = figure("memory", stackTitle(series, rows, kills, line, max, machine),
    `What ${machine ? "the machine's memory" : `the memory of ${group}`} is used for, from what stays at the bottom to what is dropped for nothing${
      curves.some((curve) => curve.colour === "swap") ? "; what is in swap stands on top and needs no memory" : ""}.${
      kills.length ? " Red lines are kills." : ""}`);
  body.append(line.toolbar());
  const chart = new TimeChart(body, line, { label: "Memory over time, by what it costs to get it back.", title: "memory held", height: 320, curves, stacked: true,
    format: bytes, levels, marks });
  body.append(chart.table("Memory over time as a table"));
  if (kills.length)
    body.append(foldedTable("Kills as a table", () => table("Kills", [{ name: "time" }, { name: "killed", text: true }],
      kills.map((kill) => [line.timeText((kill.at_ns - series.at_ns[0]) / 1e9), kill.who]))));
}

function stackTitle(series, rows, kills, line, max, machine) {
  const held = series["memory.current"], most = Math.max(...held), at = held.indexOf(most);
  const limit = max.length ? Math.min(...max) : null;
  if (kills.length) return `Memory ran out: ${plural(kills.length, "kill")}, the first at ${line.timeText((kills[0].at_ns - series.at_ns[0]) / 1e9)}`;
  if (limit && most >= limit * 0.97) {
    const cache = (rows[3][at] + rows[4][at] + rows[5][at]) / most;
    const full = machine ? "The machine is full" : "The limit is reached";
    return cache > 0.5 ? `${full}, and ${percent(100 * cache)} of it is cache of files` : cache > 0.005 ? `${full}: only ${percent(100 * cache)} is cache that could go` : `${full}, and none of it is cache that could go`;
  }
  return `It holds ${bytes(most)} at most${limit ? `, ${percent((100 * most) / limit)} of ${machine ? "RAM" : "its limit"}` : ""}`;
}

const PRESSURES = [
  ["memory_some_us", "memory, some", "line2"], ["memory_full_us", "memory, all", "bad", [6, 3]],
  ["io_some_us", "I/O, some", "line"], ["cpu_some_us", "CPU, some", "line4", [2, 3]],
];

function pressurePicture(series, line, marks) {
  const xs = line.xs, span = xs[xs.length - 1] - xs[0];
  const curves = PRESSURES.filter(([name]) => happened(series[name])).map(([name, text, colourName, dash]) => ({
    name: text, colour: colourName, dash, values: rates(series[name], xs, 1e-4).map((value) => (value == null ? null : Math.min(100, value))) }));
  if (!curves.length) return;
  const share = (name) => (series[name] ? (series[name][xs.length - 1] - series[name][0]) / 1e4 / span : 0);
  const memory = share("memory_some_us"), io = share("io_some_us");
  const title = memory >= 1 ? `Some task waited for memory ${percent(memory)} of the time${share("memory_full_us") >= 1 ? `, all of them ${percent(share("memory_full_us"))}` : ""}`
    : io >= 5 ? `Some task waited for I/O ${percent(io)} of the time, for memory ${percent(memory)}`
    : `Hardly any task waited: for memory ${percent(memory)} of the time, for I/O ${percent(io)}`;
  const body = figure("pressure", title, "Pressure (PSI): the share of time in which some task, or all that had work, waited.");
  const chart = new TimeChart(body, line, { label: "Pressure over time.", title: "share of time", height: 180, curves, format: percent, marks });
  body.append(chart.table("Pressure as a table"));
}

const FAULTS = [["pgmajfault", "major faults", "bad"], ["workingset_refault_file", "file refaults", "line"], ["workingset_refault_anon", "anonymous refaults", "line3", [6, 3]]];
const FLOWS = [["pgsteal_kswapd", "reclaimed by kswapd", "line4"], ["pgsteal_direct", "reclaimed by tasks", "line2"], ["pswpout", "swapped out", "line3"],
  ["pswpin", "swapped in", "line", [6, 3]]];

function ratesPicture(id, what, series, line, marks, columns, format, unit, scale) {
  const xs = line.xs;
  const curves = columns.filter(([name]) => happened(series[name])).map(([name, text, colourName, dash]) => ({
    name: text, colour: colourName, dash, values: rates(series[name], xs, scale) }));
  if (!curves.length) return;
  const total = (name) => (series[name] ? (series[name][xs.length - 1] - series[name][0]) * scale : 0);
  const body = figure(id, id === "faults" ? faultsTitle(total) : flowsTitle(total), null);
  const chart = new TimeChart(body, line, { label: `${what} over time.`, title: unit, height: 180, curves, format, marks });
  body.append(chart.table(`${what} as a table`));
}

function faultsTitle(total) {
  const again = total("workingset_refault_file") + total("workingset_refault_anon");
  return again ? `${count(again)} pages were needed again soon after they had been given up` : `${count(total("pgmajfault"))} major faults, and nothing that was given up was needed again`;
}

function flowsTitle(total) {
  const direct = total("pgsteal_direct"), all = direct + total("pgsteal_kswapd");
  if (!all) return `${bytes(total("pswpout"))} went out to swap, ${bytes(total("pswpin"))} came back`;
  return `${bytes(all)} ${all === 1 ? "was" : "were"} reclaimed, ${percent((100 * direct) / all)} of it by the tasks that needed it`;
}

/* --- the fullest moment: what it was used for --- */

/* One bar of parts with their names; parts: [{name, bytes, colour, note}]. */
function stackedBar(body, label, parts, total) {
  const shown = parts.filter((part) => part.bytes > 0), sum = total || shown.reduce((all, part) => all + part.bytes, 0) || 1;
  const canvas = make("canvas", { role: "img", "aria-label": `${label}: ${shown.map((part) => `${part.name} ${bytes(part.bytes)}`).join(", ")}` });
  const holder = make("div", { class: "plot strip" }, canvas);
  body.append(holder);
  const draw = () => {
    const width = onPaper ? PAPER_WIDTH : holder.clientWidth, height = 34, ratio = devicePixelRatio;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = colour("free");
    context.fillRect(0, 0, width, height);
    let x = 0;
    for (const part of shown) {
      const wide = (part.bytes / sum) * width;
      context.fillStyle = colour(part.colour);
      context.fillRect(x, 0, Math.max(wide - (wide > 3 ? 1 : 0), 0.5), height);
      x += wide;
    }
  };
  redrawn.push(draw);
  draw();
  const rows = parts.map((part) => [part.name, bytes(part.bytes), percent((100 * part.bytes) / sum), part.note || ""]);
  const noted = parts.some((part) => part.note);
  const grid = table(label, [{ name: "part", text: true }, { name: "size" }, { name: "share" }, ...(noted ? [{ name: "what it is", text: true, wrap: true }] : [])],
    rows.map((row) => row.slice(0, noted ? 4 : 3)));
  grid.querySelectorAll("tbody th").forEach((cell, i) => {
    const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = `var(--${parts[i].colour})`;
    cell.prepend(swatch, " ");
  });
  body.append(grid);
}

function fullestMoment(doc) {
  const full = doc.fullest, stat = full["memory.stat"];
  const series = { at_ns: [full.at_ns], "memory.current": [full["memory.current"]], "memory.swap.current": [full["memory.swap.current"]] };
  for (const name of ["kernel", "anon", "shmem", "active_file", "inactive_file", "file_dirty", "file_writeback"]) series[name] = [stat[name]];
  /* The root's statistics have of the kernel what was charged to it alone; over_time has all of it. */
  if (doc.over_time && doc.over_time.kernel) {
    const at = doc.over_time.at_ns.findIndex((ns) => ns >= full.at_ns);
    series.kernel = [Math.max(stat.kernel, doc.over_time.kernel[at < 0 ? doc.over_time.kernel.length - 1 : at])];
  }
  const rows = layersOf(series).map((row) => row[0]);
  const notes = ["page tables, slab, stacks", "heaps, stacks, private data: goes to swap or stays", "tmpfs and shared memory: goes to swap or stays",
    "dirty page cache: has to be written first", "active page cache: in use, is read again", "inactive, clean page cache", "charged ahead, per CPU", "no memory now; read back when it is needed"];
  const easy = rows[5] / (full["memory.current"] || 1);
  const body = figure("fullest", easy >= 0.5 ? `At the fullest moment ${percent(100 * easy)} is free to drop`
    : `At the fullest moment ${percent(100 * easy)} is free to drop; the rest costs something`,
  `${bytes(full["memory.current"])} at ${duration(full.at_ns)}, by what it costs to get it back.`);
  stackedBar(body, "Memory at the fullest moment", LAYERS.map(([name, colourName], i) => ({ name, colour: colourName, bytes: rows[i], note: notes[i] }))
    .filter((part) => part.bytes > 0), full["memory.current"] + full["memory.swap.current"]);
}

/* --- where the time went --- */

const WAIT_WORDS = {
  read: "first reads", refault: "files read again", swapin: "swap read back", reclaim: "direct reclaim", compaction: "compaction", dirty: "dirty throttling",
  write: "writes", oom: "waiting for a kill", high: "memory.high", reclaim_cpu: "reclaim, on the CPU",
};
const WAIT_MEMORY = ["refault", "swapin", "reclaim", "oom", "high", "reclaim_cpu"];

/* Bars with their names and figures, longest first: rows: [{name, value, colour}]. */
function barChart(body, label, rows, format) {
  const most = Math.max(...rows.map((row) => row.value)) || 1;
  const list = make("div", { class: "bars", role: "list", "aria-label": label });
  for (const row of rows) {
    const fill = make("span", { class: "fill" });
    fill.style.width = (100 * row.value) / most + "%";
    fill.style.background = `var(--${row.colour})`;
    list.append(make("div", { class: "row", role: "listitem" }, make("span", { class: "name" }, row.name),
      make("span", { class: "track", "aria-hidden": "true" }, fill), make("span", { class: "value" }, format(row.value))));
  }
  body.append(list);
}

function waitsPicture(doc) {
  const rows = Object.entries(doc.waits_ns).filter(([name, ns]) => ns > 0 && WAIT_WORDS[name])
    .map(([name, ns]) => ({ name: WAIT_WORDS[name], value: ns, colour: WAIT_MEMORY.includes(name) ? "line2" : "other" })).sort((a, b) => b.value - a.value);
  if (!rows.length) return;
  const worst = rows[0];
  const body = figure("waits", doc.waits_ns.memory === 0 ? "No task waited for want of memory"
    : doc.waits_ns.memory < doc.busy_ns / 1000 ? "Hardly any time was lost for want of memory"
    : worst.colour === "line2" ? `Most time was lost to ${worst.name}: ${duration(worst.value)}` : `Memory cost ${duration(doc.waits_ns.memory)}; ${worst.name} took ${duration(worst.value)} anyhow`,
  "Time that tasks waited, summed over them. Coloured: for want of memory.");
  barChart(body, "Time that tasks waited, by cause", rows, duration);
}

/* --- control groups --- */

function groupsPicture(groups, what) {
  if (!groups.length) return;
  const body = figure("cgroups", groupsTitle(groups), `The bar is ${what === "peak" ? "each group's peak" : "what each group holds"}, the line its limit.`);
  const most = Math.max(...groups.map((group) => Math.max(group.current || 0, group.max || 0))) || 1;
  const list = make("div", { class: "bars tree", role: "tree", "aria-label": "Control groups" });
  for (const group of groups) {
    const depth = group.path.split("/").filter(Boolean).length;
    const fill = make("span", { class: "fill" }), limit = group.max ? make("span", { class: "limit" }) : null;
    fill.style.width = (100 * (group.current || 0)) / most + "%";
    fill.style.background = `var(--${group.kills ? "bad" : "anon"})`;
    if (limit) limit.style.left = (100 * group.max) / most + "%";
    const name = make("span", { class: "name" }, group.path);
    name.style.paddingLeft = Math.max(0, depth - 1) * 1.1 + "rem";
    list.append(make("div", { class: "row", role: "treeitem", "aria-level": String(Math.max(1, depth)) }, name, make("span", { class: "track", "aria-hidden": "true" }, fill, limit),
      make("span", { class: "value" }, `${bytes(group.current)}${group.max ? ` of ${bytes(group.max)}` : ""}${group.kills ? `, ${plural(group.kills, "kill")}` : ""}`)));
  }
  body.append(list);
  body.append(foldedTable("Control groups as a table", () => table("Control groups", [{ name: "group", text: true }, { name: what }, { name: "memory.max" },
    { name: "memory.high" }, { name: "anonymous" }, { name: "file" }, { name: "swap" }, { name: "kills" }],
  groups.map((g) => [g.path, bytes(g.current), g.max ? bytes(g.max) : "none", g.high ? bytes(g.high) : "none", bytes(g.anon), bytes(g.file), bytes(g.swap), count(g.kills)]))));
}

function groupsTitle(groups) {
  const killed = groups.filter((group) => group.kills);
  if (killed.length) return `${killed[0].path} had ${plural(killed[0].kills, "kill")}${killed.length > 1 ? `, and ${plural(killed.length - 1, "other group")} too` : ""}`;
  const near = groups.filter((group) => group.max && group.current >= 0.95 * group.max);
  if (near.length) return `${near[0].path} reaches its limit of ${bytes(near[0].max)}${near.length > 1 ? `, and ${plural(near.length - 1, "other group")} theirs` : ""}`;
  const largest = groups.reduce((a, b) => (b.current > a.current ? b : a));
  return `${largest.path} is the largest group, ${bytes(largest.current)}`;
}

function tasksTable(doc) {
  const tasks = doc.tasks.slice().sort((a, b) => b.maxrss_bytes - a.maxrss_bytes).slice(0, 200);
  if (!tasks.length) return;
  const body = figure("processes", `The largest process is ${tasks[0].comm}, ${bytes(tasks[0].maxrss_bytes)} resident`,
    doc.tasks.length > tasks.length ? `The largest ${tasks.length} of ${doc.tasks.length}.` : null);
  body.append(table("Processes", [{ name: "process", text: true }, { name: "pid" }, { name: "outcome", text: true }, { name: "largest RSS" }, { name: "major faults" },
    { name: "minor faults" }, { name: "started" }, { name: "ended" }],
  tasks.map((task) => [task.comm, String(task.pid), { text: task.outcome.replace("_", " "), class: task.outcome === "oom_killed" ? "bad" : "" }, bytes(task.maxrss_bytes),
    count(task.majflt), count(task.minflt), duration(task.start_ns), task.end_ns ? duration(task.end_ns) : "–"])));
}

/* The bar without its table. */
function bareBar(body, label, parts, total) {
  const holder = make("div");
  body.append(holder);
  stackedBar(holder, label, parts, total);
  holder.querySelector(".scroll").remove();
}
