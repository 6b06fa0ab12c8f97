/* heat.js - where and when memory and files were touched: address x time, and file x offset x time, on Canvas. */

const HEAT_LEFT = 150; /* pixels for names and ranges */

/* Colours from none to most, on a logarithmic scale. */
function heatColours(nr) {
  const stops = ["heat0", "heat1", "heat2", "heat3"].map(colour).map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  return Array.from({ length: nr }, (unused, i) => {
    const at = (i / (nr - 1)) * (stops.length - 1), low = Math.min(stops.length - 2, Math.floor(at));
    return `rgb(${stops[low].map((value, c) => Math.round(value + (stops[low + 1][c] - value) * (at - low))).join(",")})`;
  });
}

const sum = (values) => values.reduce((a, b) => a + b, 0);

/* How little takes 90 % of the touches. */
function hotBytes(rows) {
  const sorted = rows.map((row) => [sum(row.touches) / row.bytes, sum(row.touches), row.bytes]).sort((a, b) => b[0] - a[0]);
  const all = sum(sorted.map(([, touches]) => touches));
  let seen = 0, size = 0;
  for (const [, touches, bytes] of sorted) {
    if (seen >= 0.9 * all) break;
    seen += touches;
    size += bytes;
  }
  return size;
}

function hex(address) {
  return "0x" + address.toString(16);
}

/* groups: [{name, rows}], each with its rows from the lowest; text(row): what a row is. */
function heatMap(body, label, groups, rowHeight, text) {
  const rows = []; /* as drawn, from above; null is a gap */
  for (const group of groups) {
    if (rows.length) rows.push(null);
    const ordered = group.upwards ? group.rows.slice().reverse() : group.rows;
    ordered.forEach((row, i) => {
      const before = ordered[i - 1];
      const joined = before && (group.upwards ? row.from + row.bytes === before.from : before.from + before.bytes === row.from);
      if (before && !joined) rows.push({ gap: true });
      rows.push({ row, group, head: i === 0, label: i === 0 || !joined });
    });
  }
  const heights = rows.map((entry) => (entry === null ? 14 : entry.gap ? 3 : rowHeight));
  const tops = heights.map((unused, i) => sum(heights.slice(0, i)));
  const height = sum(heights), columns = groups[0].rows[0].touches.length;
  const density = (row, i) => row.touches[i] / (row.bytes / 4096);
  const most = Math.max(...rows.filter((entry) => entry && entry.row).flatMap(({ row }) => row.touches.map((unused, i) => density(row, i)))) || 1;
  const level = (value) => (value ? Math.max(1, Math.round((Math.log1p(value / most * 1000) / Math.log(1001)) * 31)) : 0);
  const canvas = make("canvas", { role: "img", "aria-label": label });
  const holder = make("div", { class: "plot heat", tabindex: "0", role: "group", "aria-label": label, "aria-description": "Arrow keys go from cell to cell." }, canvas);
  const readout = make("p", { class: "readout" });
  let cell = null; /* [row, column] */
  body.append(holder, readout);

  const draw = () => {
    const width = onPaper ? PAPER_WIDTH : holder.clientWidth, ratio = devicePixelRatio, wide = (width - HEAT_LEFT) / columns;
    canvas.width = width * ratio;
    canvas.height = (height + 20) * ratio;
    canvas.style.width = width + "px";
    canvas.style.height = height + 20 + "px";
    const context = canvas.getContext("2d"), colours = heatColours(32);
    context.scale(ratio, ratio);
    context.textBaseline = "middle";
    let labelEnd = -Infinity;
    rows.forEach((entry, y) => {
      if (!entry || entry.gap) return;
      for (let x = 0; x < columns; x++) {
        context.fillStyle = colours[level(density(entry.row, x))];
        const from = Math.round(HEAT_LEFT + x * wide), to = Math.round(HEAT_LEFT + (x + 1) * wide);
        context.fillRect(from, tops[y], to - from, heights[y]);
      }
      if (entry.label && tops[y] >= labelEnd) {
        context.fillStyle = colour(entry.head ? "ink" : "soft");
        context.font = FONT.replace("12px", "11px");
        context.textAlign = "left";
        context.fillText(fitText(context, entry.head && entry.group.name ? entry.group.name : text(entry.row), HEAT_LEFT - 8), 0, tops[y] + Math.max(heights[y] / 2, 5));
        labelEnd = tops[y] + 13;
      }
    });
    context.fillStyle = colour("soft");
    context.font = FONT;
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      context.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
      context.fillText(Math.round(share * 100) + NBSP + "%", HEAT_LEFT + share * (width - HEAT_LEFT), height + 12);
    }
    if (cell) {
      context.strokeStyle = colour("bad");
      context.lineWidth = 1.5;
      context.strokeRect(HEAT_LEFT + cell[1] * wide, tops[cell[0]], wide, heights[cell[0]]);
    }
    Object.assign(holder.dataset, { left: HEAT_LEFT, width: width - HEAT_LEFT, columns, tops: tops.join(" "), heights: heights.join(" ") });
  };
  const show = (next) => {
    cell = next;
    draw();
    readout.replaceChildren();
    if (!cell) return;
    const { row, group } = rows[cell[0]];
    readout.append(make("b", {}, text(row)), ` of ${group.name || "the file"}, at ${percent((100 * cell[1]) / columns)}: `,
      make("b", {}, count(row.touches[cell[1]])), ` touches of ${bytes(row.bytes)}`);
  };
  holder.addEventListener("mousemove", (event) => {
    const box = canvas.getBoundingClientRect(), y = event.clientY - box.top;
    const column = Math.floor(((event.clientX - box.left - HEAT_LEFT) / (box.width - HEAT_LEFT)) * columns);
    const row = rows.findIndex((entry, i) => entry && entry.row && y >= tops[i] && y < tops[i] + heights[i]);
    show(row >= 0 && column >= 0 && column < columns ? [row, column] : null);
  });
  holder.addEventListener("mouseleave", () => show(null));
  holder.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }, move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    let [y, x] = cell || [0, 0];
    x = Math.max(0, Math.min(columns - 1, x + move[1]));
    for (let to = y + move[0]; move[0] && to >= 0 && to < rows.length; to += move[0])
      if (rows[to] && rows[to].row) {
        y = to;
        break;
      }
    show([y, x]);
    live.textContent = readout.textContent;
  });
  redrawn.push(draw);
  draw();
}

function fitText(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  while (text.length > 1 && context.measureText("…" + text).width > width) text = text.slice(1);
  return "…" + text;
}

const HEAT_NOTE = "Time goes from left to right, counted in what the program did; stronger colours are touched more, on a logarithmic scale.";

function heatPictures(heat, set) {
  const processes = heat.processes.filter((one) => one.rows.length), files = heat.files.filter((one) => one.rows.length);
  if (processes.length) {
    const all = processes.flatMap((one) => one.rows), touched = sum(all.map((row) => row.bytes)), hot = hotBytes(all);
    const body = figure("heat", `Nine of ten touches go to ${bytes(hot)} of ${bytes(touched)}`,
      `Addresses over time. ${HEAT_NOTE}`);
    heatMap(body, "Touches of addresses over time", processes.map((one) => ({ name: `${one.comm}${one.pid ? ` (${one.pid})` : ""}`, rows: one.rows, upwards: true })), 6,
      (row) => hex(row.from));
    body.append(foldedTable("Addresses as a table", () => heatTable("Addresses", processes.flatMap((one) => one.rows.map((row) => [`${one.comm} ${hex(row.from)}`, row])))));
  }
  if (set && set.touched_bytes) workingSetPicture(set);
  if (!files.length) return;
  const hottest = files[0], body = figure("file-heat", `${hottest.path.split("/").pop() || "One file"} is touched most, ${percent((100 * hottest.touches) / sum(files.map((f) => f.touches)))} of all touches of files`,
    `Offsets in each file over time, by mappings, reads and writes. ${HEAT_NOTE}`);
  heatMap(body, "Touches of files over time", files.map((one) => ({ name: one.path, rows: one.rows, upwards: false })), 8, (row) => `+${bytes(row.from)}`);
  body.append(foldedTable("Files as a table", () => heatTable("Files", files.flatMap((one) => one.rows.map((row) => [`${one.path} +${bytes(row.from)}`, row])))));
}

/* How much is touched in each part of the run, how long pages rest before they are used again, and which lie idle at its end. */
function workingSetPicture(set) {
  const sets = set.bytes, nr = sets.length, xs = sets.map((unused, i) => (100 * (i + 0.5)) / nr);
  const most = set.percentiles.max, half = set.percentiles.p50, nearly = set.percentiles.p95;
  const body = figure("working-set", `Half of the time ${bytes(half)} are in use, 95 % of the time no more than ${bytes(nearly)}`,
    `The working set: memory and cached files that are touched in each ${nr}th of the run${set.one_page_in > 1 ? `, from one page in ${count(set.one_page_in)}` : ""}.`);
  const readout = make("p", { class: "readout" });
  addPlot(body, `Working set over the run: median ${bytes(half)}, 95th percentile ${bytes(nearly)}, most ${bytes(most)}.`, () => ({
    data: [xs, sets],
    opts: {
      height: 200,
      padding: [26, 24, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false },
      scales: { x: { time: false, range: () => [0, 100] }, y: { range: () => [0, most * 1.1] } },
      axes: [axis({ size: 30, space: 70, values: (u, ticks) => ticks.map((v) => v + NBSP + "%") }),
        axis({ size: 66, space: 34, incrs: BYTE_STEPS, values: (u, ticks) => ticks.map((v) => (v ? shortBytes(v) : "0")) })],
      series: [{}, { stroke: colour("line"), width: 1.75, points: { show: false } }],
      hooks: {
        draw: [(u) => {
          drawTitle(u, "memory touched");
          drawLevel(u, "y", half, `half of the time below ${bytes(half)}`, "good", true);
          if (nearly > half * 1.15) drawLevel(u, "y", nearly, `95 % of the time below ${bytes(nearly)}`, "line2");
        }],
        setCursor: [(u) => readout.replaceChildren(...(u.cursor.idx == null || u.cursor.left < 0 ? [] : [make("b", {}, percent(xs[u.cursor.idx])), ` ${bytes(sets[u.cursor.idx])}`]))],
      },
    },
  }));
  body.append(readout);
  const share = (values, from, to) => sum(values.filter((unused, i) => i >= from * nr && i < to * nr)); /* of parts of the run */
  const idle = share(set.last_touched_bytes, 0, 0.5);
  body.append(make("h3", {}, `${bytes(idle)} of ${bytes(set.touched_bytes)} lay idle in the second half`));
  stackedBar(body, "Idle memory at the end", [["last tenth", 0.9, 1, "heat3"], ["tenth before the last", 0.8, 0.9, "heat2"], ["last half", 0.5, 0.8, "shmem"], ["first half alone", 0, 0.5, "other"]]
    .map(([name, from, to, colourName]) => ({ name: `touched last in the ${name}`, colour: colourName, bytes: share(set.last_touched_bytes, from, to) })), 0);
  const rests = [["less than 1 %", 0, 0.01, "heat3"], ["1 to 5 %", 0.01, 0.05, "heat2"], ["5 to 25 %", 0.05, 0.25, "shmem"], ["25 % of the run or longer", 0.25, 2, "other"]]
    .map(([name, from, to, colourName]) => ({ name: `rest ${name}`, colour: colourName, bytes: share(set.longest_rest_bytes, from, to) }));
  body.append(make("h3", {}, `${bytes(rests[2].bytes + rests[3].bytes)} rest for 5 % of the run or longer and are used again`));
  stackedBar(body, "Longest rest of each page between two touches", rests, 0);
}

function heatTable(caption, rows) {
  return table(caption, [{ name: "where", text: true, wrap: true }, { name: "size" }, { name: "touches" }, { name: "first" }, { name: "last" }, { name: "idle" }],
    rows.map(([name, row]) => {
      const first = row.touches.findIndex((n) => n), last = row.touches.length - 1 - row.touches.slice().reverse().findIndex((n) => n), nr = row.touches.length;
      return [name, bytes(row.bytes), count(sum(row.touches)), percent((100 * first) / nr), percent((100 * (last + 1)) / nr), percent((100 * row.touches.filter((n) => !n).length) / nr)];
    }));
}
