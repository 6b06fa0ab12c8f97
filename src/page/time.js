/* time.js - plots over one time axis: zoomed together, with one cursor and one pinned moment.
 *
 * Dragging zooms, double click and Escape show all, a click pins a moment; + and - and the arrow keys do the same from the keyboard. What is
 * shown of the moment under the cursor, or of the pinned one, stands below each plot.
 */

class TimeLine {
  /* xs: seconds from the beginning; wallUs: what the clock said then, or null. */
  constructor(xs, wallUs) {
    this.xs = xs;
    this.all = [xs[0], xs[xs.length - 1] > xs[0] ? xs[xs.length - 1] : xs[0] + 1];
    this.range = this.all;
    this.wallUs = wallUs;
    this.pinned = null; /* index */
    this.charts = [];
    this.listeners = []; /* of zoom */
  }

  timeText(seconds) {
    if (this.wallUs == null) return duration(seconds * 1e9);
    return new Date(this.wallUs / 1e3 + seconds * 1e3).toISOString().slice(11, 19);
  }

  ticks(seconds, step) {
    if (this.wallUs == null) return seconds === 0 ? "0" : shortDuration(seconds, step);
    const text = new Date(this.wallUs / 1e3 + seconds * 1e3).toISOString();
    return step < 60 ? text.slice(11, 19) : text.slice(11, 16);
  }

  zoom(from, to) {
    const [first, last] = this.all, least = (last - first) / 2000;
    if (to - from < least) {
      const middle = (from + to) / 2;
      from = middle - least / 2;
      to = middle + least / 2;
    }
    this.range = [Math.max(first, from), Math.min(last, to)];
    for (const chart of this.charts) chart.rescale();
    for (const listener of this.listeners) listener();
    live.textContent = `Showing ${this.timeText(this.range[0])} to ${this.timeText(this.range[1])}`;
  }

  zoomBy(factor) {
    const [from, to] = this.range;
    const middle = this.pinned != null ? Math.min(to, Math.max(from, this.xs[this.pinned])) : (from + to) / 2;
    this.zoom(middle - (middle - from) * factor, middle + (to - middle) * factor);
  }

  reset() {
    this.zoom(...this.all);
  }

  pin(index) {
    this.pinned = index;
    for (const chart of this.charts) {
      chart.say(index);
      chart.entry.plot.redraw(false);
    }
    for (const listener of this.listeners) listener();
  }

  /* Arrow keys: the next moment that is shown. */
  step(by) {
    const [from, to] = this.range;
    let index = this.pinned == null ? this.xs.findIndex((x) => x >= from) - (by > 0 ? 1 : 0) : this.pinned;
    index = Math.max(0, Math.min(this.xs.length - 1, index + by));
    while (by > 0 && index < this.xs.length - 1 && this.xs[index] < from) index++;
    while (by < 0 && index > 0 && this.xs[index] > to) index--;
    this.pin(index);
  }

  toolbar() {
    const tool = (text, label, act) => make("button", { class: "tool", type: "button", "aria-label": label, onclick: act }, text);
    return make("div", { class: "bar", role: "group", "aria-label": "Time" },
      tool("+", "Zoom in", () => this.zoomBy(0.5)), tool("−", "Zoom out", () => this.zoomBy(2)), tool("All", "Show all of it", () => this.reset()),
      make("span", { class: "note tool" }, "Drag to zoom, click to pin a moment; keys + − 0 and arrows on a plot."));
  }
}

/* Axis labels of one unit. */
function shortDuration(seconds, step) {
  const units = [[3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"]];
  const [size, unit] = units.find(([size]) => Math.max(Math.abs(seconds), step) >= size * (size >= 60 ? 2 : 1)) || units[4];
  return +(seconds / size).toFixed(3) + NBSP + unit;
}

const TIME_STEPS = [1, 2, 5].flatMap((n) => [-6, -5, -4, -3, -2, -1].map((power) => n * 10 ** power))
  .concat([1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800]).sort((a, b) => a - b);

/* The cursor is shown in all plots, a drag in one. */
const isMove = (type) => type === "mousemove" || type === "mouseleave";

/* A plot on a time line.
 * curves: [{name, colour, values, text, dash, fill, hidden}]; stacked: one on the other, the first at the bottom.
 * levels: [{value or values, text, colour}] lines across; marks: [{at, text, colour}] vertical ones. */
class TimeChart {
  constructor(parent, line, { label, title, height, curves, stacked, format, levels, marks, max }) {
    title = curves.length === 1 ? `${curves[0].name}, ${title}` : title;
    Object.assign(this, { line, title, height, curves, stacked, format, levels: levels || [], marks: marks || [], max });
    for (const curve of curves) curve.hidden = curve.hidden || false;
    this.entry = addPlot(parent, label, () => this.describe());
    this.readout = make("p", { class: "readout" });
    parent.append(this.readout);
    if (curves.length > 1)
      parent.append(legend(curves.map((curve) => ({ ...curve, line: !stacked })), (i, hidden) => {
        curves[i].hidden = hidden;
        this.entry.redraw();
      }));
    line.charts.push(this);
    this.listen();
  }

  listen() {
    const { element } = this.entry, { line } = this;
    element.tabIndex = 0;
    element.setAttribute("aria-description", "Arrow keys go from moment to moment, plus and minus zoom, 0 shows all.");
    element.addEventListener("keydown", (event) => {
      const keys = { ArrowLeft: () => line.step(-1), ArrowRight: () => line.step(1), "+": () => line.zoomBy(0.5), "=": () => line.zoomBy(0.5),
        "-": () => line.zoomBy(2), 0: () => line.reset(), Escape: () => (line.pin(null), line.reset()) };
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
      if (line.pinned != null) live.textContent = this.readout.textContent;
    });
  }

  /* What is drawn: of a stack the sums, the topmost first, so that each lower one covers its part. */
  columns() {
    if (!this.stacked) return this.curves.map((curve) => curve.values);
    const sum = new Array(this.line.xs.length).fill(0), columns = [];
    for (const curve of this.curves) {
      if (!curve.hidden) curve.values.forEach((value, i) => (sum[i] += value || 0));
      columns.push(sum.slice());
    }
    return columns.reverse();
  }

  top() {
    if (this.max) return this.max;
    const [from, to] = this.line.range;
    const shown = (values) => values.filter((value, i) => value != null && this.line.xs[i] >= from && this.line.xs[i] <= to);
    const columns = this.columns().filter((column, i) => this.stacked || !this.curves[i].hidden);
    let most = Math.max(0, ...columns.flatMap(shown));
    /* A limit that is far above what is held would make a flat line of it. */
    for (const level of this.levels) if (level.value <= most * 3) most = Math.max(most, level.value);
    return most ? most * 1.06 : 1;
  }

  describe() {
    const { line } = this, top = this.top();
    const order = this.stacked ? this.curves.slice().reverse() : this.curves;
    const stepped = uPlot.paths.stepped({ align: 1 });
    return {
      data: [line.xs, ...this.columns()],
      opts: {
        height: this.height,
        padding: [26, 14, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: "time", filters: { pub: isMove, sub: isMove } }, drag: { x: true, y: false, setScale: false }, points: { show: !this.stacked, size: 7 }, y: false },
        scales: { x: { time: false, range: () => line.range }, y: { range: () => [0, top] } },
        axes: [
          axis({ size: 30, space: 70, incrs: TIME_STEPS, values: (u, ticks, i, space, step) => ticks.map((at) => line.ticks(at, step)) }),
          axis({ size: 66, space: 34, ...(this.format === bytes ? { incrs: BYTE_STEPS } : {}),
            values: (u, ticks) => ticks.map((v) => (v ? this.short(v) : "0")) }),
        ],
        series: [{}, ...order.map((curve) => ({
          show: !curve.hidden, stroke: this.stacked ? null : colour(curve.colour), fill: this.stacked ? colour(curve.colour) : undefined,
          width: this.stacked ? 0 : 1.75, dash: curve.dash, points: { show: false }, paths: this.stacked ? stepped : undefined,
        }))],
        hooks: {
          draw: [(u) => this.drawOver(u)],
          setCursor: [(u) => this.say(u.cursor.left >= 0 && u.cursor.idx != null ? u.cursor.idx : line.pinned)],
          setSelect: [(u) => this.select(u)],
          ready: [(u) => {
            u.over.addEventListener("dblclick", () => line.reset());
            u.over.addEventListener("click", () => u.cursor.idx != null && line.pin(u.cursor.idx));
          }],
        },
      },
    };
  }

  short(value) {
    return this.format(value).replace(/\.0+(?=\D|$)/, "");
  }

  select(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    const range = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    setTimeout(() => this.line.zoom(...range)); /* which makes new plots: not while this one is at it */
  }

  drawOver(u) {
    drawTitle(u, this.title);
    for (const level of this.levels) {
      if (level.values) this.drawStep(u, level);
      else drawLevel(u, "y", level.value, level.text, level.colour, u.valToPos(level.value, "y") < 14);
    }
    drawMarks(u, this.marks, 1, false);
    const { pinned, xs } = this.line;
    if (pinned != null) drawMarks(u, [{ at: xs[pinned], text: "", colour: "ink" }], 0, false);
  }

  /* A limit that changed. */
  drawStep(u, level) {
    const context = u.ctx, ratio = devicePixelRatio, box = u.bbox;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    context.strokeStyle = colour(level.colour);
    context.lineWidth = ratio;
    context.setLineDash([5 * ratio, 4 * ratio]);
    context.beginPath();
    let before = null;
    level.values.forEach((value, i) => {
      const x = u.valToPos(this.line.xs[i], "x", true);
      if (value == null) {
        if (before != null) context.lineTo(x, before);
        before = null;
        return;
      }
      const y = u.valToPos(value, "y", true);
      if (before == null) context.moveTo(x, y);
      else context.lineTo(x, before), context.lineTo(x, y);
      before = y;
    });
    context.stroke();
    context.restore();
  }

  say(index) {
    this.readout.replaceChildren();
    if (index == null) return;
    this.readout.append(make("b", {}, this.line.timeText(this.line.xs[index])), "  ");
    const shown = this.curves.filter((curve) => !curve.hidden && curve.values[index] != null);
    shown.forEach((curve, i) => this.readout.append(i ? ", " : "", `${curve.name} `, make("b", {}, this.format(curve.values[index]))));
  }

  rescale() {
    this.entry.redraw();
  }

  /* The same in figures. */
  table(summary) {
    const { xs } = this.line, every = Math.max(1, Math.ceil(xs.length / 120));
    return foldedTable(summary, () => table(this.title, [{ name: "time" }, ...this.curves.map((curve) => ({ name: curve.name }))],
      xs.map((x, i) => [this.line.timeText(x), ...this.curves.map((curve) => (curve.values[i] == null ? "–" : this.format(curve.values[i])))])
        .filter((row, i) => i % every === 0)));
  }
}

const BYTE_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].flatMap((n) => [1, KIB, MIB, GIB, GIB * KIB].map((unit) => n * unit)).sort((a, b) => a - b);

/* Counts so far, as a rate over the time since the moment before. */
function rates(counts, xs, scale = 1) {
  return counts.map((value, i) => {
    if (!i || value == null || counts[i - 1] == null || xs[i] <= xs[i - 1]) return i ? null : undefined;
    return Math.max(0, ((value - counts[i - 1]) * scale) / (xs[i] - xs[i - 1]));
  }).map((value, i, all) => (value === undefined ? (all.length > 1 ? all[1] : 0) : value));
}

/* Which of these columns ever did anything. */
const happened = (values) => values && values.some((value) => value > values[0] || (value > 0 && values[0] > 0));
