/* diagnose.js - a machine's state: the verdict, what was found with its evidence, memory accounted for, kills, groups, and all of it over time. */

const SEVERITY_COLOURS = { critical: "bad", warning: "warn", info: "soft", good: "good" };
const SEVERITY_CLASSES = { critical: "bad", warning: "warn", info: "", good: "ok" };

function diagnosePage(doc) {
  const source = doc.source;
  const where = [source.name === "/" ? "this machine" : source.name, source.hostname, source.release && `Linux ${source.release}`].filter(Boolean).join(", ");
  document.getElementById("main").append(
    make("p", { class: "of" }, make("b", { class: SEVERITY_CLASSES[doc.verdict] || "" }, doc.verdict.toUpperCase()), " · ", where,
      source.time_us ? ` · ${new Date(source.time_us / 1e3).toISOString().slice(0, 19).replace("T", " ")} UTC` : ""),
    make("h1", { class: doc.headline.length > 90 ? "long" : null }, doc.headline.replace(/^[A-Za-z ]+: /, (start) => (start.toLowerCase().startsWith(doc.verdict) ? "" : start))));
  if (source.read) document.getElementById("main").append(make("p", { class: "note" }, source.read));
  findingsList(doc);
  if (doc.over_time && doc.over_time.at_ns.length > 2) {
    const series = doc.over_time;
    timePictures(series, killsInLog(doc), { wallUs: series.begin_us, group: series.cgroup, findings: doc.findings_over_time || [] });
  }
  if (doc.post_mortem) postMortem(doc.post_mortem);
  accounting("accounting", doc.accounting.lines, `All memory of ${doc.accounting.scope === "host" ? "the machine" : doc.accounting.scope}`);
  pressureNow(doc);
  neededPicture(doc);
  groupsPicture((doc.cgroups || []).filter((group) => group.path !== "/").map((group) => ({
    path: group.path, current: group["memory.current"], max: group["memory.max"], high: group["memory.high"], anon: group.anon, file: group.file,
    swap: group["memory.swap.current"], kills: group.oom_kill || 0 })), "current");
  cacheOfGroups(doc.cgroups || []);
  differences(doc);
  gapsList(doc);
}

/* Kills of the log that lie in the time that is shown. */
function killsInLog(doc) {
  const begin = doc.over_time.begin_us, last = doc.over_time.at_ns[doc.over_time.at_ns.length - 1];
  if (begin == null || !doc.post_mortem) return [];
  const { time_us: now, uptime_us: up } = doc.source, boot = now != null && up != null ? now - up : null;
  const timeOf = (row) => (row.time_us != null ? row.time_us : row.since_boot_us != null && boot != null ? boot + row.since_boot_us : null);
  return doc.post_mortem.timeline.filter((row) => row.processes && timeOf(row) != null)
    .map((row) => ({ at_ns: (timeOf(row) - begin) * 1e3, who: row.program ? `${row.program}${row.pid ? ` (${row.pid})` : ""}` : row.what })).filter((kill) => kill.at_ns >= 0 && kill.at_ns <= last);
}

/* --- findings --- */

function findingsList(doc) {
  const pains = doc.findings.filter((f) => f.severity === "critical" || f.severity === "warning").length;
  const body = figure("findings", pains ? `${plural(pains, "finding")} that hurt${pains === 1 ? "s" : ""}` : doc.findings.length ? "Nothing that was found hurts" : "Nothing was found", null);
  doc.findings.forEach((finding, number) => body.append(findingCard(finding, number)));
  for (const left of doc.findings_left_out || []) body.append(make("p", { class: "note" }, `${plural(left.count, "more finding")} of ${left.rule}`));
}

function findingCard(finding, number) {
  const pains = finding.severity === "critical" || finding.severity === "warning";
  const card = make("details", { class: `finding is-${finding.severity}`, id: `finding-${number}`, open: pains && number < 1 },
    make("summary", {}, make("b", { class: SEVERITY_CLASSES[finding.severity] }, finding.severity), " ", make("span", { class: "title" }, finding.title),
      finding.scope === "host" ? null : make("span", { class: "scope" }, finding.scope)));
  if (finding.detail) card.append(make("p", {}, finding.detail));
  card.append(make("p", {}, finding.meaning));
  if (finding.evidence.length)
    card.append(table(`Evidence of ${finding.title}`, [{ name: "evidence", text: true }, { name: "value" }, { name: "threshold", text: true }, { name: "read from", text: true, wrap: true }],
      finding.evidence.map((e) => [e.name, e.text, e.threshold || "", e.where])));
  const steps = [["Look next", finding.look_next], ["Change", finding.change], ["What would disprove it", finding.disproof]].filter(([, text]) => text);
  card.append(make("dl", { class: "steps" }, steps.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)])));
  if (finding.explanation) card.append(make("p", { class: "note" }, finding.explanation));
  card.append(make("p", { class: "note" }, `Rule ${finding.rule}, confidence ${finding.confidence}`));
  return card;
}

/* When each of them held, on the time line of the plots. */
function findingsPicture(tracks, line, first) {
  if (!tracks.length) return;
  const rank = { critical: 0, warning: 1, info: 2, good: 3 };
  const sorted = tracks.slice().sort((a, b) => rank[a.severity] - rank[b.severity] || a.from_ns[0] - b.from_ns[0]);
  const worst = sorted[0], begin = line.timeText((worst.from_ns[0] - first) / 1e9);
  const body = figure("timeline", `From ${begin} on: ${worst.title}`, "When each finding held. A bar zooms all plots to its time.");
  const list = make("div", { class: "tracks", role: "list", "aria-label": "Findings over time" });
  const bars = [];
  for (const track of sorted) {
    const lane = make("div", { class: "lane" });
    track.from_ns.forEach((from, i) => {
      const span = [(from - first) / 1e9, (track.to_ns[i] - first) / 1e9];
      const bar = make("button", { class: "span", type: "button", title: track.title,
        "aria-label": `${track.title}: ${line.timeText(span[0])} to ${line.timeText(span[1])}`,
        onclick: () => line.zoom(span[0] - (span[1] - span[0]) * 0.3, span[1] + (span[1] - span[0]) * 0.3) });
      bar.style.background = `var(--${SEVERITY_COLOURS[track.severity]})`;
      lane.append(bar);
      bars.push({ bar, span });
    });
    list.append(make("div", { class: "track-row", role: "listitem" }, make("div", { class: "track-name" },
      make("b", { class: SEVERITY_CLASSES[track.severity] }, track.severity), ` ${track.title}${track.scope === "host" ? "" : ` (${track.scope})`}`), lane));
  }
  body.append(list);
  const place = () => {
    const [from, to] = line.range;
    for (const { bar, span } of bars) {
      const a = Math.max(from, span[0]), b = Math.min(to, span[1]);
      bar.hidden = b <= a && !(span[0] >= from && span[0] <= to);
      bar.style.left = (100 * (a - from)) / (to - from) + "%";
      bar.style.width = `max(3px, ${(100 * Math.max(0, b - a)) / (to - from)}%)`;
    }
  };
  line.listeners.push(place);
  place();
  body.append(foldedTable("Findings over time as a table", () => table("Findings over time",
    [{ name: "from", text: true }, { name: "to", text: true }, { name: "severity", text: true }, { name: "finding", text: true, wrap: true }, { name: "where", text: true, wrap: true }],
    sorted.flatMap((track) => track.from_ns.map((from, i) => [line.timeText((from - first) / 1e9), line.timeText((track.to_ns[i] - first) / 1e9), track.severity, track.title, track.scope])))));
}

/* --- memory accounted for --- */

const PART_COLOURS = [[/^anonymous|^heap/, "anon"], [/shared|shmem|tmpfs/, "shmem"], [/swap/, "swap"], [/kernel|slab|page table|stack|percpu|vmalloc/, "kernel"],
  [/cache|file/, "active"], [/free/, "free"], [/huge/, "line4"]];

function partColour(name) {
  const found = PART_COLOURS.find(([pattern]) => pattern.test(name));
  return found ? found[1] : "other";
}

function accounting(id, lines, what, title) {
  if (!lines.length) return;
  const total = lines[0].depth === 0 ? lines[0].bytes : null;
  const parts = lines.filter((line) => line.depth === 1);
  const largest = parts.reduce((a, b) => (b.bytes > (a ? a.bytes : 0) ? b : a), null);
  const body = figure(id, title || (largest && total ? `Most of it, ${percent((100 * largest.bytes) / total)}, is ${largest.name}` : what), title ? null : `${what}, ${bytes(total)}; parts add up.`);
  if (parts.length && total) bareBar(body, what, parts.map((part) => ({ name: part.name, bytes: part.bytes, colour: partColour(part.name) })), total);
  const rows = lines.map((line) => [line.name, bytes(line.bytes), total ? percent((100 * line.bytes) / total) : "", line.note || ""]);
  const grid = table(what, [{ name: "memory", text: true }, { name: "size" }, { name: "share" }, { name: "what it is", text: true, wrap: true }], rows);
  grid.querySelectorAll("tbody th").forEach((cell, i) => {
    cell.style.paddingLeft = lines[i].depth * 1.2 + "rem";
    if (lines[i].depth === 1) {
      const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.background = `var(--${partColour(lines[i].name)})`;
      cell.prepend(swatch, " ");
    }
  });
  body.append(grid);
}

function postMortem(death) {
  accounting("oom", death.accounting, "Memory at the moment of the kill",
    death.accounting.length && death.accounting[0].bytes ? `When memory ran out, ${oomTitle(death.accounting)}` : null);
  if (!death.timeline.length) return;
  const kills = death.timeline.reduce((all, row) => all + row.processes, 0);
  const body = figure("kills", kills ? `${plural(kills, "process", "processes")} ended for want of memory` : "What the log tells of memory", death.left_out ? `${count(death.left_out)} more are in the log.` : null);
  const when = (row) => (row.time_us != null ? new Date(row.time_us / 1e3).toISOString().slice(0, 19).replace("T", " ") : row.since_boot_us != null ? `${trim(row.since_boot_us / 1e6)} s after boot` : "–");
  body.append(table("Kills and failures in the log", [{ name: "when", text: true }, { name: "what", text: true }, { name: "program", text: true }, { name: "held" },
    { name: "group", text: true, wrap: true }, { name: "read from", text: true, wrap: true }],
  death.timeline.map((row) => [when(row), row.what, row.program ? `${row.program}${row.pid ? ` (${row.pid})` : ""}` : "–", bytes(row.bytes), row.group || "–", row.where])));
}

function oomTitle(lines) {
  const parts = lines.filter((line) => line.depth === 1).sort((a, b) => b.bytes - a.bytes);
  return parts.length ? `${percent((100 * parts[0].bytes) / lines[0].bytes)} of ${bytes(lines[0].bytes)} was ${parts[0].name}` : `${bytes(lines[0].bytes)} were in use`;
}

/* --- now --- */

const PRESSURE_NAMES = { io: "I/O", cpu: "CPU" };

function pressureNow(doc) {
  const rows = ["memory", "io", "cpu"].filter((name) => doc.pressure[name] && doc.pressure[name].some).map((name) => [name, doc.pressure[name]]);
  if (!rows.length) return;
  /* What the kernel measured, without a judgement: the findings judge, by more than one minute's mean. */
  const waited = rows.slice(0, 2).map(([name, p]) => `for ${PRESSURE_NAMES[name] || name} ${percent(p.some.avg60)}`).join(", ");
  const body = figure("pressure-now", `In the last minute some task waited ${waited} of the time`, "Pressure (PSI), percent of the time.");
  const cell = (line, name) => (line ? line[name].toFixed(1) : "–");
  body.append(table("Pressure", [{ name: "waiting for", text: true }, { name: "some, 10 s" }, { name: "some, 60 s" }, { name: "some, 300 s" }, { name: "all, 10 s" }, { name: "all, 60 s" }],
    rows.map(([name, p]) => [PRESSURE_NAMES[name] || name, cell(p.some, "avg10"), cell(p.some, "avg60"), cell(p.some, "avg300"), cell(p.full, "avg10"), cell(p.full, "avg60")])));
}

function neededPicture(doc) {
  const needs = doc.needed || [];
  if (!needs.length) return;
  const first = needs[0];
  const body = figure("needed", `${first.scope === "host" ? "The machine" : first.scope} needs ${byteRange(first.low, first.high)}`,
    "How much memory is needed, beside what is held.");
  const most = Math.max(...needs.map((n) => Math.max(n.current, n.high || 0, n.low))) || 1;
  const list = make("div", { class: "bars", role: "list", "aria-label": "Memory needed" });
  for (const need of needs.slice(0, 30)) {
    const fill = make("span", { class: "fill" }), band = make("span", { class: "band" }), held = make("span", { class: "limit" });
    fill.style.width = (100 * need.low) / most + "%";
    fill.style.background = "var(--anon)";
    band.style.left = (100 * need.low) / most + "%";
    band.style.width = (100 * Math.max(0, (need.high == null ? most : need.high) - need.low)) / most + "%";
    held.style.left = `calc(${(100 * need.current) / most}% - 1px)`;
    list.append(make("div", { class: "row", role: "listitem" }, make("span", { class: "name" }, need.scope), make("span", { class: "track", "aria-hidden": "true" }, fill, band, held),
      make("span", { class: "value" }, `${byteRange(need.low, need.high)}, holds ${bytes(need.current)}`)));
  }
  body.append(list, make("figcaption", {}, "Solid: needed for sure. Light: not told yet. The line is what is held."));
  body.append(foldedTable("Why", () => table("Memory needed", [{ name: "scope", text: true }, { name: "needed at least" }, { name: "at most" }, { name: "held" }, { name: "why", text: true, wrap: true }],
    needs.map((n) => [n.scope, bytes(n.low), bytes(n.high), bytes(n.current), n.text]))));
}

function differences(doc) {
  const list = (doc.reconciliation || []).filter((one) => one.figures.length);
  if (!list.length) return;
  const body = figure("tools", "Why other tools show other figures", null);
  for (const one of list) {
    body.append(make("p", {}, list.length > 1 ? make("b", {}, one.scope, ": ") : null, one.text));
    body.append(table(`Figures of other tools, ${one.scope}`, [{ name: "tool", text: true }, { name: "shows" }, { name: "why", text: true, wrap: true }],
      one.figures.map((f) => [f.tool, bytes(f.bytes), f.why])));
  }
}

function gapsList(doc) {
  if (!doc.not_measurable.length) return;
  const body = figure("gaps", "What cannot be told here", null);
  body.append(make("ul", {}, doc.not_measurable.map((gap) => make("li", {}, `${gap.what}: ${gap.why}`))));
}
