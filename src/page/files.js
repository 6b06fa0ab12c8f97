/* files.js - which files hold the page cache: cached, used again, lost; of a capture, which control groups do, since Linux tells no files. */

const FILES_SHOWN = 12;
const FILE_COLUMNS = [["cached_bytes", "cached", "active"], ["used_again_bytes", "used again", "line4"], ["lost_bytes", "lost", "bad"]];

/* "/var/lib/app/shop.db" as "shop.db", for a title. */
const baseName = (path) => path.split("/").filter(Boolean).pop() || path;

/* A figure, and a bar as long as its share of `most`. */
function barCell(value, most, colourName) {
  const fill = make("span", { class: "fill" });
  fill.style.width = (100 * value) / most + "%";
  fill.style.background = `var(--${colourName})`;
  if (!value) fill.style.minWidth = "0";
  return { text: make("span", { class: "cell" }, make("span", {}, bytes(value)), make("span", { class: "track", "aria-hidden": "true" }, fill)) };
}

function filesTitle(files, lost) {
  const most = (key) => files.reduce((a, b) => (b[key] > a[key] ? b : a));
  const loser = most("lost_bytes"), holder = most("cached_bytes").cached_bytes ? most("cached_bytes") : most("peak_bytes");
  const held = holder.cached_bytes || holder.peak_bytes, name = baseName(holder.path);
  if (lost && loser === holder) return `${name} holds ${bytes(held)} of the cache, and lost ${bytes(loser.lost_bytes)} that had to be read again`;
  if (lost) return `${name} holds ${bytes(held)} of the cache; ${baseName(loser.path)} lost ${bytes(loser.lost_bytes)} that had to be read again`;
  if (!holder.used_again_bytes) return `${name} holds ${bytes(held)} of the cache, and nothing of it was used again`;
  return `${name} holds ${bytes(held)} of the cache; ${percent((100 * holder.used_again_bytes) / holder.brought_bytes)} of what was brought in was used again`;
}

/* cache: page_cache of a run; when: what it is of, for the note. */
function filesPicture(cache, when) {
  const known = cache ? cache.files.filter((file) => file.brought_bytes || file.peak_bytes) : [];
  if (!known.length) return;
  const largest = (file) => Math.max(...FILE_COLUMNS.map(([key]) => file[key]));
  const visible = Math.max(...known.map(largest), ...FILE_COLUMNS.map(([key]) => cache.others[key])) / 1000; /* less is no bar */
  const shown = known.filter((file) => largest(file) > visible).slice(0, FILES_SHOWN), hidden = known.filter((file) => !shown.includes(file));
  const sumOf = (key) => hidden.reduce((all, file) => all + file[key], 0) + cache.others[key];
  const rest = { path: plural(hidden.length + cache.others.files, "other file") };
  for (const key of ["cached_bytes", "brought_bytes", "used_again_bytes", "evicted_bytes", "lost_bytes"]) rest[key] = sumOf(key);
  const rows = hidden.length + cache.others.files ? [...shown, rest] : shown;
  const most = Math.max(...rows.map(largest)) || 1;
  const lost = known.reduce((all, file) => all + file.lost_bytes, 0) + cache.others.lost_bytes;
  const body = figure("files", filesTitle(known, lost),
    `Files in the page cache ${when}. Used again: pages from which the cache spared a read, once for each time that they were brought in. Lost: evicted, and read again soon after. All bars have one scale.`);
  body.append(table("Files in the page cache", [{ name: "file", text: true, wrap: true }, ...FILE_COLUMNS.map(([, name]) => ({ name }))],
    rows.map((file) => [file.path + (file.deleted ? " (deleted)" : ""), ...FILE_COLUMNS.map(([key, , colourName]) => barCell(file[key], most, colourName))])));
  body.querySelector("table").classList.add("bar-table");
  body.append(foldedTable("All figures of these files as a table", () => table("All figures of files in the page cache",
    [{ name: "file", text: true, wrap: true }, { name: "size" }, { name: "cached" }, { name: "cached at most" }, { name: "brought in" }, { name: "used again" }, { name: "evicted" }, { name: "lost" }],
    [...known.map((file) => [file.path + (file.deleted ? " (deleted)" : ""), bytes(file.size_bytes), bytes(file.cached_bytes), bytes(file.peak_bytes), bytes(file.brought_bytes),
      bytes(file.used_again_bytes), bytes(file.evicted_bytes), bytes(file.lost_bytes)]),
    ...(cache.others.files ? [[plural(cache.others.files, "other file"), "", bytes(cache.others.cached_bytes), "", bytes(cache.others.brought_bytes),
      bytes(cache.others.used_again_bytes), bytes(cache.others.evicted_bytes), bytes(cache.others.lost_bytes)]] : [])])));
}

/* groups: [{path, file}] of one look at a machine. */
function cacheOfGroups(groups) {
  const holders = groups.filter((group) => group.path !== "/" && group.file > 0).sort((a, b) => b.file - a.file);
  if (!holders.length) return;
  const shown = holders.slice(0, FILES_SHOWN);
  const body = figure("files", `${shown[0].path} holds ${bytes(shown[0].file)} of page cache`,
    `Page cache of ${holders.length > shown.length ? `the largest ${shown.length} of ${holders.length}` : "all"} control groups. Linux counts it for groups, not for files: which files hold it, no capture can tell. Of files that you name, fincore(1) tells how much is cached.`);
  barChart(body, "Page cache by control group", shown.map((group) => ({ name: group.path, value: group.file, colour: "active" })), bytes);
}
