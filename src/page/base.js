"use strict";
/* base.js - what all pictures use: elements, figures as text, colours, tables. Text of the document becomes text nodes, never markup. */

/* make("p", {class: "note"}, "text", element, ...) */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/* --- figures as text, as the program's own reports have them --- */

const NBSP = "\u00a0"; /* between a figure and its unit */
const KIB = 1024, MIB = KIB * 1024, GIB = MIB * 1024;
const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function bytes(n, digits = 1) {
  if (n == null) return "–";
  let unit = 0, value = Math.abs(n);
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = unit ? value.toFixed(digits) : String(Math.round(value));
  return (n < 0 ? "−" : "") + text + NBSP + BYTE_UNITS[unit];
}

/* To be set: within 0.5 %, as 1.14 GiB where bytes() has 1.1 GiB. */
function limitBytes(n) {
  const text = bytes(n), [told, unit] = text.split(NBSP);
  return Math.abs(told * 1024 ** BYTE_UNITS.indexOf(unit) - n) * 200 > n ? bytes(n, 2) : text;
}

/* For axes: no ".0". */
const shortBytes = (n) => bytes(n).replace(/\.0(?=\D)/, "");

/* The label of a tick at log2 of the bytes; uPlot has null where a filter took the tick out. */
const tickBytes = (at) => (at == null ? "" : shortBytes(Math.round(2 ** at)));

function duration(ns) {
  if (ns == null) return "–";
  for (const [size, unit] of [[3600e9, "h"], [60e9, "min"]])
    if (ns >= 2 * size) return trim(ns / size) + NBSP + unit;
  for (const [size, unit] of [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]])
    if (ns >= size) return trim(ns / size) + NBSP + unit;
  return Math.round(ns) + NBSP + "ns";
}

/* Three digits that mean something. */
function trim(value) {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function count(n) {
  if (n == null) return "–";
  const size = Math.abs(n);
  if (size >= 1e10) return trim(n / 1e9) + NBSP + "G";
  if (size >= 1e7) return trim(n / 1e6) + NBSP + "M";
  if (size >= 1e4) return trim(n / 1e3) + NBSP + "k";
  return size < 10 && n % 1 ? n.toFixed(1) : Math.round(n).toLocaleString("en");
}

const times = (ratio) => ratio.toFixed(2) + "×";

function percent(value) {
  const text = Math.abs(value) >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1);
  return text.replace(/^-(?=0\.0$)/, "").replace("-", "−") + NBSP + "%";
}

/* high: null where nobody knows; ends that read alike are one figure. */
function byteRange(low, high) {
  if (high == null) return `${bytes(low)} or more`;
  return bytes(low) === bytes(high) ? bytes(low) : `${bytes(low)} to ${bytes(high)}`;
}

const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many || one + "s"}`;

/* --- colours --- */

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/* --- parts of the page --- */

/* list: rows of a term, its value, a smaller text or null, and the class of the row, if any. */
function facts(list) {
  const dl = make("dl", { class: "facts" });
  for (const [term, value, more, kind] of list)
    dl.append(make("div", { class: kind || null }, make("dt", {}, term),
      make("dd", {}, value, more ? make("small", {}, more) : null)));
  return dl;
}

/* columns: [{name, text: true, wrap: true}]; rows: arrays of texts or {text, class}; chosen: index of the row to mark */
function table(caption, columns, rows, chosen = -1) {
  const side = (column) => (column.wrap ? "text wrap" : column.text ? "text" : null);
  const head = make("tr", {}, columns.map((c) => make("th", { scope: "col", class: side(c) }, c.name)));
  const body = make("tbody");
  rows.forEach((row, number) => {
    const cells = row.map((cell, i) => {
      const text = cell && cell.text !== undefined ? cell.text : cell;
      const kind = [side(columns[i]), cell && cell.class].filter(Boolean).join(" ");
      return i ? make("td", { class: kind || null }, text) : make("th", { scope: "row", class: kind || null }, text);
    });
    body.append(make("tr", number === chosen ? { class: "is-chosen", "aria-current": "true" } : {}, cells));
  });
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", { class: "sr" }, caption), make("thead", {}, head), body));
}

/* A table that is made when somebody opens it. */
function foldedTable(summary, build) {
  const details = make("details", { class: "figures" }, make("summary", {}, summary));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(build());
  });
  return details;
}

/* A picture: its finding as title, what is shown, the plots, a table that says the same. */
let nrFigures = 0;
function figure(id, title, note) {
  const heading = "figure-" + ++nrFigures;
  const body = make("figure", { "aria-labelledby": heading });
  const section = make("section", { id }, make("h2", { id: heading }, title),
    note ? make("p", { class: "note" }, note) : null, body);
  document.getElementById("main").append(section);
  return body;
}

const live = make("div", { class: "sr", "aria-live": "polite", id: "live" });
