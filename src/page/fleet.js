/* fleet.js - many services: what is promised beside what is needed, who is at risk, where memory is wasted. */

const RISK_CLASS = { killed: "bad", slow: "bad", tight: "warn", "no limit": "warn", fits: "ok" };
const RISK_WORDS = {
  killed: "the limit is below the smallest that is survived",
  slow: "the limit is below the need",
  tight: "the limit is above the need, but within its error",
  "no limit": "nothing bounds it",
  "no answer": "it was measured, and no limit that was tried is usable",
  "not measured": "there is no result of it",
  "not deployed": "there is a result of it, and nothing imported runs it",
};
const FLEET_BARS = 20;

const fleetName = (row) => (row.namespace && row.source !== "systemd" ? row.namespace + "/" : "") + row.name;
const boundOf = (row) => {
  const bounds = [row.limit_bytes, row.high_bytes].filter((n) => n != null);
  return bounds.length ? Math.min(...bounds) : null;
};

function fleetPage(doc) {
  const total = doc.total, risks = doc.risks;
  const harmed = risks.killed + risks.slow;
  document.getElementById("main").append(
    make("p", { class: "of" }, "Services of ", make("code", {}, doc.input)),
    make("h1", {}, fleetTitle(doc, harmed)),
    facts([
      ["promised", bytes(total.promised_bytes), `to ${plural(total.containers, "container")}`],
      ["needed", bytes(total.needed_bytes), `by the ${count(total.measured)} that are measured, which are promised ${bytes(total.measured_promised_bytes)}`, "is-answer"],
      ["waste", bytes(total.waste_bytes), "of limits above the need"],
      ["at risk", count(harmed + risks.tight), `${count(risks.killed)} killed, ${count(risks.slow)} slow, ${count(risks.tight)} tight`, harmed ? "is-harm" : null],
      ["without a limit", count(risks["no limit"]), null],
      ["not measured", count(risks["not measured"] + risks["no answer"]), null],
    ]));
  fleetRisks(doc.services.filter((row) => ["killed", "slow", "tight"].includes(row.risk)));
  fleetWaste(doc.services.filter((row) => row.waste_bytes > 0).sort((a, b) => b.waste_bytes - a.waste_bytes));
  fleetSums("namespaces", "namespace", "Promised and needed, by namespace", doc.namespaces);
  fleetSums("nodes", "node", "Promised and needed, by node", doc.nodes);
  fleetTable(doc.services);
}

function fleetTitle(doc, harmed) {
  const total = doc.total;
  if (!doc.services.length) return "Nothing is in this store yet";
  if (!total.containers) return `${plural(doc.measured_services, "service")} measured; what they are promised is not imported`;
  const share = total.measured_promised_bytes
    ? `Measured services need ${percent((100 * total.needed_bytes) / total.measured_promised_bytes)} of what they are promised`
    : "None of these services is measured";
  return harmed ? `${share}; ${plural(harmed, "limit is", "limits are")} too small` : share;
}

function fleetRisks(rows) {
  if (!rows.length) return;
  figure("risk", `${plural(rows.length, "limit")} near or below the need`, null).append(table("Limits near or below the need",
    [{ name: "service", text: true, wrap: true }, { name: "limit" }, { name: "need" }, { name: "set memory.max to" }, { name: "risk", text: true, wrap: true }],
    rows.map((row) => [fleetName(row), bytes(boundOf(row)), bytes(row.need_bytes), row["memory.max"] == null ? "–" : limitBytes(row["memory.max"]),
      { text: `${row.risk}: ${RISK_WORDS[row.risk]}`, class: RISK_CLASS[row.risk] }])));
}

/* One bar for a row: needed, and above it what is not. */
function fleetBar(name, needed, promised, most, value) {
  const part = (n) => `${((100 * n) / most).toFixed(3)}%`;
  return make("div", { class: "row", role: "listitem" },
    make("span", { class: "name" }, name),
    make("span", { class: "track" },
      make("span", { class: "band", style: `left: 0; width: ${part(promised)}` }),
      make("span", { class: "fill", style: `width: ${part(needed)}; background: var(--anon); position: relative` })),
    make("span", { class: "value" }, value));
}

function fleetWaste(rows) {
  if (!rows.length) return;
  const shown = rows.slice(0, FLEET_BARS);
  const most = Math.max(...shown.map((row) => row.limit_bytes * row.replicas));
  const body = figure("waste", `Most waste: ${fleetName(shown[0])}, ${bytes(shown[0].waste_bytes)}`,
    `Dark: the need of all replicas. Pale: their limits.${rows.length > shown.length ? ` The first ${shown.length} of ${rows.length}.` : ""}`);
  body.append(make("div", { class: "bars", role: "list", "aria-label": "Waste" }, shown.map((row) =>
    fleetBar(fleetName(row), Math.min(row.need_bytes, row.limit_bytes) * row.replicas, row.limit_bytes * row.replicas, most,
      `${bytes(row.waste_bytes)}${row.replicas > 1 ? ` (${count(row.replicas)} × ${bytes(row.limit_bytes)})` : ` of ${bytes(row.limit_bytes)}`}`))));
}

function fleetSums(id, what, title, sums) {
  if (!sums.length || (sums.length === 1 && !sums[0].name)) return;
  const shown = sums.slice(0, FLEET_BARS), most = Math.max(...shown.map((sum) => Math.max(sum.promised_bytes, sum.needed_bytes)), 1);
  const name = (sum) => sum.name || "(none)";
  const body = figure(id, title, "Dark: needed by what is measured. Pale: promised to all.");
  body.append(make("div", { class: "bars", role: "list", "aria-label": title }, shown.map((sum) =>
    fleetBar(name(sum), sum.needed_bytes, sum.promised_bytes, most, `${bytes(sum.needed_bytes)} of ${bytes(sum.promised_bytes)}`))),
  foldedTable("Figures", () => table(title,
    [{ name: what, text: true, wrap: true }, { name: "containers" }, { name: "measured" }, { name: "promised" }, { name: "promised to the measured" },
      { name: "needed" }, { name: "waste" }, { name: "without a limit" }, { name: "at risk" }],
    sums.map((sum) => [name(sum), count(sum.containers), count(sum.measured), bytes(sum.promised_bytes), bytes(sum.measured_promised_bytes),
      bytes(sum.needed_bytes), bytes(sum.waste_bytes), count(sum.unlimited), { text: count(sum.at_risk), class: sum.at_risk ? "bad" : null }]))));
}

function fleetTable(rows) {
  if (!rows.length) return;
  const body = figure("services", `All ${count(rows.length)} rows`, "In the order of 'highwater fleet --sort'. Limits and needs are those of one replica; waste is of all.");
  const cell = (n) => (n == null ? "–" : bytes(n));
  const draw = (wanted) => table("Services",
    [{ name: "service", text: true, wrap: true }, { name: "limit" }, { name: "grows to" }, { name: "need" }, { name: "waste" }, { name: "risk", text: true }],
    wanted.map((row) => [fleetName(row), (row.replicas > 1 ? `${count(row.replicas)} × ` : "") + cell(boundOf(row)), cell(row.peak_bytes), cell(row.need_bytes),
      cell(row.waste_bytes), { text: row.risk, class: RISK_CLASS[row.risk] }]));
  const holder = make("div", {}, draw(rows));
  const input = make("input", { type: "search", placeholder: "part of a name, or a risk", "aria-label": "Show rows with" });
  input.addEventListener("input", () => {
    const text = input.value.toLowerCase();
    holder.replaceChildren(draw(rows.filter((row) => fleetName(row).toLowerCase().includes(text) || row.risk === text)));
  });
  body.append(make("div", { class: "bar tool" }, make("label", {}, "Show rows with ", input)), holder);
}
