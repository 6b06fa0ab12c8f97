/* chart.js - plots that are drawn anew when the width, the colours or the paper change.
 *
 * A plot is described by a function of its width, so that a redraw is a new plot; what the reader did to it (zoom, hidden curves) lives in
 * the caller's state. Where its rectangle lies and what it spans is in data-* of its element, for whoever looks at the pixels.
 */

const plots = [];
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif';
const FONT_BOLD = FONT.replace("12px", "600 12px");
const PAPER_WIDTH = 680;
let onPaper = false;
/* Colours and dashes of curves that are alike: told apart without colours as well. */
const CURVES = [["line", []], ["line2", [7, 3]], ["line3", [2, 3]], ["line4", [10, 3, 2, 3]], ["bad", [4, 4]], ["soft", []]];

/* describe(width): {opts, data} of uPlot. Returns {element, plot, redraw}. */
function addPlot(parent, label, describe) {
  const element = make("div", { class: "plot", role: "img", "aria-label": label });
  const entry = { element, describe, plot: null, width: 0 };
  parent.append(element);
  entry.redraw = () => {
    const width = onPaper ? Math.min(PAPER_WIDTH, element.clientWidth || PAPER_WIDTH) : element.clientWidth;
    if (!width) return;
    if (entry.plot) entry.plot.destroy();
    entry.width = width;
    const { opts, data } = describe(width);
    const hooks = { ...opts.hooks, draw: [...(opts.hooks.draw || []), (plot) => noteGeometry(plot, element)] };
    entry.plot = new uPlot({ ...opts, width, hooks }, data, element);
  };
  plots.push(entry);
  entry.redraw();
  return entry;
}

function noteGeometry(plot, element) {
  const ratio = devicePixelRatio;
  element.dataset.left = plot.bbox.left / ratio;
  element.dataset.top = plot.bbox.top / ratio;
  element.dataset.width = plot.bbox.width / ratio;
  element.dataset.height = plot.bbox.height / ratio;
  for (const [name, scale] of Object.entries(plot.scales)) {
    element.dataset[name + "Min"] = scale.min;
    element.dataset[name + "Max"] = scale.max;
  }
}

function redrawAll() {
  for (const entry of plots) entry.redraw();
  for (const also of redrawn) also();
}
const redrawn = []; /* what is drawn without uPlot */

let wideness = 0;
addEventListener("resize", () => {
  if (onPaper || document.documentElement.clientWidth === wideness) return;
  wideness = document.documentElement.clientWidth;
  requestAnimationFrame(redrawAll);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(redrawAll));

function setPaper(on) {
  if (onPaper === on) return;
  onPaper = on;
  /* Nobody opens a finding on paper. */
  for (const finding of document.querySelectorAll("details.finding.is-critical, details.finding.is-warning")) {
    if (on) finding.dataset.wasOpen = finding.open;
    finding.open = on || finding.dataset.wasOpen === "true";
  }
  document.documentElement.classList.toggle("print", on);
  redrawAll();
}
addEventListener("beforeprint", () => setPaper(true));
addEventListener("afterprint", () => setPaper(false));

/* --- what plots have in common --- */

function axis(options) {
  return {
    stroke: colour("soft"),
    font: FONT,
    grid: { stroke: colour("grid"), width: 1 },
    ticks: { show: false },
    gap: 6,
    ...options,
  };
}

/* Vertical marks: [{at, text, colour, dash, band: [low, high], bold}]. Their labels stand above the plot, in as many rows as they need. */
const MARK_ROW = 16;

function measure(context, text, font) {
  context.font = font;
  return context.measureText(text).width;
}

const measuring = document.createElement("canvas").getContext("2d");

/* Give each label a row, and return how many there are. All labels stand to the same side of their lines, where they fit better; then a label
 * is crossed by no line if its row is above those of the marks that it passes over. place(at) is the mark's x in CSS pixels. */
function layOutMarks(marks, place, left, right) {
  const shown = marks.map((mark) => ({ mark, x: place(mark.at), width: measure(measuring, mark.text, mark.bold ? FONT_BOLD : FONT) }));
  const missing = (side) => Math.max(0, ...shown.map(({ x, width }) =>
    (side > 0 ? x + 5 + width - right : left - (x - 5 - width))));
  const side = missing(1) <= missing(-1) ? 1 : -1;
  let rows = 0;
  shown.sort((a, b) => side * (b.x - a.x));
  shown.forEach((one, i) => {
    one.from = side > 0 ? Math.min(one.x + 5, right - one.width) : Math.max(one.x - 5 - one.width, left);
    const to = one.from + one.width;
    one.level = 0;
    for (const other of shown.slice(0, i)) {
      const overlap = one.from < other.from + other.width + 8 && to > other.from - 8;
      if (overlap || (other.x > one.from - 4 && other.x < to + 4)) one.level = Math.max(one.level, other.level + 1);
    }
    rows = Math.max(rows, one.level + 1);
  });
  for (const { mark, from, level } of shown) {
    mark.labelAt = from;
    mark.row = rows - 1 - level;
  }
  return rows;
}

function drawMarks(plot, marks, rows, labelled) {
  const context = plot.ctx, ratio = devicePixelRatio, box = plot.bbox;
  context.save();
  for (const mark of marks) {
    if (!mark.band) continue;
    const from = Math.max(box.left, plot.valToPos(mark.band[0], "x", true));
    const to = Math.min(box.left + box.width, plot.valToPos(mark.band[1], "x", true));
    if (to <= from) continue;
    context.fillStyle = colour("accent-wash");
    context.fillRect(from, box.top, Math.max(to - from, ratio), box.height);
  }
  for (const mark of marks) {
    const thick = Math.max(1, Math.round((mark.bold ? 2 : 1) * ratio));
    const x = Math.round(plot.valToPos(mark.at, "x", true)) + (thick % 2) / 2; /* whole pixels: a sharp line */
    if (x < box.left || x > box.left + box.width) continue;
    const high = labelled ? (rows - mark.row) * MARK_ROW * ratio : 0;
    context.strokeStyle = colour(mark.colour);
    context.lineWidth = thick;
    context.setLineDash((mark.dash || []).map((n) => n * ratio));
    context.beginPath();
    context.moveTo(x, box.top - high);
    context.lineTo(x, box.top + box.height);
    context.stroke();
    if (!labelled) continue;
    context.fillStyle = colour(mark.colour);
    context.font = (mark.bold ? FONT_BOLD : FONT).replace("12px", 12 * ratio + "px");
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(mark.text, mark.labelAt * ratio, box.top - high + (MARK_ROW / 2) * ratio);
  }
  context.restore();
}

/* What the y axis shows, in words above it. */
function drawTitle(plot, text) {
  const context = plot.ctx, ratio = devicePixelRatio;
  context.save();
  context.fillStyle = colour("soft");
  context.font = FONT.replace("12px", 12 * ratio + "px");
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.fillText(text, 4 * ratio, plot.bbox.top - 8 * ratio);
  context.restore();
}

/* Text that can be read on whatever is below it. */
function haloed(context, text, x, y) {
  context.save();
  context.setLineDash([]);
  context.lineWidth = 4 * devicePixelRatio;
  context.lineJoin = "round";
  context.strokeStyle = colour("paper");
  context.globalAlpha = 0.85;
  context.strokeText(text, x, y);
  context.restore();
  context.fillText(text, x, y);
}

/* A horizontal line with its meaning above its left end, or below. */
function drawLevel(plot, scale, value, text, name, below) {
  const context = plot.ctx, ratio = devicePixelRatio, box = plot.bbox;
  const thick = Math.max(1, Math.round(ratio)), y = Math.round(plot.valToPos(value, scale, true)) + (thick % 2) / 2;
  if (y < box.top || y > box.top + box.height) return;
  context.save();
  context.strokeStyle = context.fillStyle = colour(name);
  context.lineWidth = thick;
  context.setLineDash([5 * ratio, 4 * ratio]);
  context.beginPath();
  context.moveTo(box.left, y);
  context.lineTo(box.left + box.width, y);
  context.stroke();
  context.font = FONT.replace("12px", 12 * ratio + "px");
  context.textAlign = "left";
  context.textBaseline = below ? "top" : "bottom";
  haloed(context, text, box.left + 4 * ratio, y + (below ? 3 : -2) * ratio);
  context.restore();
}

/* Buttons that show and hide: keys: [{name, colour, line, dash, hidden}]. A line is dashed as its curve is. */
function legend(keys, toggle) {
  return make("div", { class: "bar", role: "group", "aria-label": "Curves" }, keys.map((key, i) => {
    const swatch = make("span", { class: key.line ? "swatch is-line" : "swatch", "aria-hidden": "true" });
    const button = make("button", { class: "key", type: "button", "aria-pressed": String(!key.hidden) }, swatch, key.name);
    const [on, off] = (key.line && key.dash) || [];
    swatch.style.background = on ? `repeating-linear-gradient(90deg, var(--${key.colour}) 0 ${on}px, transparent ${on}px ${on + off}px)` : `var(--${key.colour})`;
    button.addEventListener("click", () => {
      const hidden = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(!hidden));
      toggle(i, hidden);
    });
    return button;
  }));
}
