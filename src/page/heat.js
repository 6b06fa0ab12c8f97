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

/* Bytes of the rows that were touched in each column: chunks count whole, so it is at most this. */
function workingSets(rows) {
  return rows.length ? rows[0].touches.map((unused, column) => sum(rows.filter((row) => row.touches[column]).map((row) => row.bytes))) : [];
}

function percentile(values, share) {
  const sorted = values.slice().sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : 0;
}

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

function heatPictures(heat) {
  const processes = heat.processes.filter((one) => one.rows.length), files = heat.files.filter((one) => one.rows.length);
  if (processes.length) {
    const all = processes.flatMap((one) => one.rows), touched = sum(all.map((row) => row.bytes)), hot = hotBytes(all), sets = workingSets(all);
    const body = figure("heat", `Nine of ten touches go to ${bytes(hot)} of ${bytes(touched)}`,
      `Addresses over time. ${HEAT_NOTE}`);
    heatMap(body, "Touches of addresses over time", processes.map((one) => ({ name: `${one.comm}${one.pid ? ` (${one.pid})` : ""}`, rows: one.rows, upwards: true })), 6,
      (row) => hex(row.from));
    workingSetPicture(all, sets);
    body.append(foldedTable("Addresses as a table", () => heatTable("Addresses", processes.flatMap((one) => one.rows.map((row) => [`${one.comm} ${hex(row.from)}`, row])))));
  }
  if (!files.length) return;
  const hottest = files[0], body = figure("file-heat", `${hottest.path.split("/").pop() || "One file"} is touched most, ${percent((100 * hottest.touches) / sum(files.map((f) => f.touches)))} of all touches of files`,
    `Offsets in each file over time, by mappings, reads and writes. ${HEAT_NOTE}`);
  heatMap(body, "Touches of files over time", files.map((one) => ({ name: one.path, rows: one.rows, upwards: false })), 8, (row) => `+${bytes(row.from)}`);
  body.append(foldedTable("Files as a table", () => heatTable("Files", files.flatMap((one) => one.rows.map((row) => [`${one.path} +${bytes(row.from)}`, row])))));
}

/* How much is touched in each part of the run, and how long the rest lay idle at the end. */
function workingSetPicture(rows, sets) {
  const nr = sets.length, xs = sets.map((unused, i) => (100 * (i + 0.5)) / nr), most = Math.max(...sets);
  const half = percentile(sets, 0.5), nearly = percentile(sets, 0.95), grain = Math.min(...rows.map((row) => row.bytes));
  const body = figure("working-set", `Half of the time ${bytes(half)} are in use, 95 % of the time no more than ${bytes(nearly)}`,
    `The working set: memory that is touched in each ${nr}th of the run. Chunks of ${bytes(grain)} and more count whole, so this is the most that it may be.`);
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
  const IDLE = [["in the last tenth", 0.1, "heat3"], ["in the tenth before the last", 0.2, "heat2"], ["in the last half", 0.5, "shmem"], ["in the first half alone", 1, "other"]];
  const idle = (row) => row.touches.slice().reverse().findIndex((n) => n) / nr; /* share of the run since the last touch */
  const parts = IDLE.map(([name, limit, colourName], i) => ({ name: `touched last ${name}`, colour: colourName,
    bytes: sum(rows.filter((row) => idle(row) < limit && (!i || idle(row) >= IDLE[i - 1][1])).map((row) => row.bytes)) }));
  body.append(make("h3", {}, `${bytes(parts[3].bytes)} of ${bytes(sum(rows.map((row) => row.bytes)))} lay idle in the second half`));
  stackedBar(body, "Idle memory at the end", parts, 0);
}

function heatTable(caption, rows) {
  return table(caption, [{ name: "where", text: true, wrap: true }, { name: "size" }, { name: "touches" }, { name: "first" }, { name: "last" }, { name: "idle" }],
    rows.map(([name, row]) => {
      const first = row.touches.findIndex((n) => n), last = row.touches.length - 1 - row.touches.slice().reverse().findIndex((n) => n), nr = row.touches.length;
      return [name, bytes(row.bytes), count(sum(row.touches)), percent((100 * first) / nr), percent((100 * (last + 1)) / nr), percent((100 * row.touches.filter((n) => !n).length) / nr)];
    }));
}
