#!/usr/bin/env python3
"""page_test.py - pages in a real Chromium: what is drawn where the figures say, what clicks and keys do, no error and no network.

Known documents become pages by `highwater report`; screenshots of their pictures are looked at pixel by pixel. Skipped without Chromium.
Prints TAP."""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import browser as chromium  # noqa: E402
from browser import Browser, close, rgb  # noqa: E402

TOP = pathlib.Path(os.environ.get("TOP", pathlib.Path(__file__).resolve().parent.parent.parent))
HIGHWATER = os.environ.get("HIGHWATER", str(TOP / "build/highwater"))
MIB = 1 << 20

# The page's colours, as page.css has them.
ACCENT, LINE, BAD, PAPER, SOFT = map(rgb, ("#00695c", "#1f5fa8", "#b3261e", "#ffffff", "#59626c"))
DARK_PAPER, DARK_LINE = rgb("#14181c"), rgb("#7fb2ee")

HOSTILE = "</script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">\u2028&amp;'\"<!--"


def size_row(mib, slowdown, outcome="completed", **more):
    usable = outcome == "completed" and slowdown <= 1.1
    return {"memory.max": mib and mib * MIB, "memory.high": None, "source": "grid", "outcome": outcome, "survives": outcome == "completed",
            "usable": usable, "slowdown": slowdown, "slowdown_by": "time", "virtual_ns": int(slowdown * 10**9), "busy_ns": int(slowdown * 10**9),
            "stall_ns": max(0, int((slowdown - 1) * 10**9)), "pgmajfault": 40, "workingset_refault_file": 1000, "workingset_refault_anon": 0, "pswpin": 0,
            "pswpout": 0, "oom_kill": int(outcome == "oom"), "memory.peak": (mib or 100) * MIB, "memory.swap.peak": 0, "file_bytes": 30 * MIB,
            "anon_bytes": 5 * MIB, "disposable_bytes": 10 * MIB if usable else 0, **more}


def size_document(name="known.hwt"):
    return {
        "schema_version": 1, "input": name, "host": {"memory.max": str(90 * MIB)}, "max_slowdown": 3.0, "usable_slowdown": 1.1,
        "unlimited": size_row(None, 1.0),
        "limits": [size_row(8, 0.1, "oom"), size_row(16, 2.5), size_row(32, 2.0), size_row(48, 1.4), size_row(64, 1.05), size_row(100, 1.0)],
        "smallest_usable": {"found": True, "bytes": 64 * MIB, "fails_at_bytes": 48 * MIB, "low_bytes": 60 * MIB, "high_bytes": 68 * MIB},
        "smallest_surviving": {"found": True, "bytes": 16 * MIB, "fails_at_bytes": 8 * MIB, "low_bytes": 15 * MIB, "high_bytes": 17 * MIB},
        "holes": [], "unusable_holes": [], "plateaus": [], "first_kill_bytes": 8 * MIB, "peak_plus_15_percent_bytes": 115 * MIB,
        "advice": {"found": True, "memory.max": 72 * MIB, "file": "memory.max", "memory.high": 64 * MIB, "reason": f"Because of {name}.",
                   "verified": size_row(72, 1.04)},
        "replays": 7, "unexplained": 0}


class Page:
    """A page of a document, open in the browser, with what is asked of its plots."""

    def __init__(self, browser, folder, document):
        source, target = folder / "known.json", folder / "known.html"
        source.write_text(json.dumps(document))
        subprocess.run([HIGHWATER, "report", source, "-o", target], check=True, timeout=60)
        self.browser, self.path = browser, target
        browser.complaints.clear()
        browser.open(target)

    def plot(self, selector):
        return Plot(self.browser, selector)

    def text(self, selector):
        return self.browser.run(f"document.querySelector({json.dumps(selector)}).textContent")


class Plot:
    """A plot and the pixels of its inside; where a figure lies on it is worked out here, from the range of its axes."""

    def __init__(self, browser, selector):
        self.data = {key: float(value) for key, value in
                     browser.run(f"({{...document.querySelector({json.dumps(selector)}).dataset}})").items() if value not in ("null", "undefined")}
        self.x, self.y = browser.place(selector)[:2]
        self.x += self.data["left"]
        self.y += self.data["top"]
        self.width, self.height = self.data["width"], self.data["height"]
        self.pixels = browser.screenshot(self.x, self.y, self.width, self.height)

    def column(self, value):
        return (value - self.data["xMin"]) / (self.data["xMax"] - self.data["xMin"]) * self.width

    def row(self, value, axis="y"):
        low, high = self.data[axis + "Min"], self.data[axis + "Max"]
        return self.height - (value - low) / (high - low) * self.height


CURVE = "#miss-curve .plot"


def test_curve_has_its_points_where_the_replays_are(page):
    plot = page.plot(CURVE)
    for mib, slowdown in ((16, 2.5), (32, 2.0), (48, 1.4)):
        x, y = plot.column(math.log2(mib * MIB)), plot.row(slowdown)
        assert plot.pixels.near(x, y, LINE), f"no point at {mib} MiB, {slowdown}: {plot.pixels.at(x, y)}"
        assert not plot.pixels.near(x, y + 14, LINE, 2), f"the curve is below {mib} MiB as well"


def test_limits_that_kill_are_crosses(page):
    plot = page.plot(CURVE)
    assert plot.pixels.near(plot.column(math.log2(8 * MIB)), 9, BAD)
    assert not plot.pixels.near(plot.column(math.log2(16 * MIB)), 9, BAD, 4)


def test_advice_peak_and_band_are_marked(page):
    plot = page.plot(CURVE)
    lines = plot.pixels.columns(ACCENT, 0.7)
    for mib in (64, 72):
        assert any(abs(x - plot.column(math.log2(mib * MIB))) <= 2 for x in lines), f"no line at {mib} MiB among {lines}"
    assert len(lines) <= 5, f"lines in {lines}"
    x, y = plot.column(math.log2(115 * MIB)), 5
    assert any(close(plot.pixels.at(x + dx, y + dy), SOFT) for dx in (-1, 0, 1) for dy in range(12)), "no line at peak + 15 %"
    band = plot.pixels.at(plot.column(math.log2(61 * MIB)), plot.row(2.2) + 3)
    beside = plot.pixels.at(plot.column(math.log2(53 * MIB)), plot.row(2.2) + 3)
    assert close(beside, PAPER, 2) and band[0] < 235 and band[1] > band[0], f"band {band}, beside it {beside}"


def test_title_says_the_finding(page):
    assert page.text("h1").replace("\u00a0", " ") == "Needs 64.0 MiB; 32.0 MiB doubles its time"


def test_table_marks_the_chosen_row(page):
    assert page.text("#limits tr.is-chosen th").replace("\u00a0", " ") == "64.0 MiB"
    assert page.browser.run("document.querySelectorAll('#limits tbody tr').length") == 7


def test_arrow_keys_walk_over_the_limits(page):
    page.browser.run(f"document.querySelector('{CURVE}').focus()")
    page.browser.key("ArrowRight")
    page.browser.key("ArrowRight")
    said = page.text("#miss-curve .readout").replace("\u00a0", " ")
    assert said.startswith("16.0 MiB: slow, 2.50×"), said
    page.browser.key("End")
    assert page.text("#miss-curve .readout").startswith("100.0")


def test_mouse_tells_the_limit_below_it(page):
    plot = page.plot(CURVE)
    page.browser.point(plot.x + plot.column(math.log2(32 * MIB)), plot.y + 100, "mouseMoved")
    page.browser.settle()
    assert page.text("#miss-curve .readout").startswith("32.0"), page.text("#miss-curve .readout")


def test_pictures_have_names_and_tables(page):
    bare = page.browser.run("[...document.querySelectorAll('[role=img]')].filter((e) => !e.getAttribute('aria-label')).length")
    assert bare == 0
    assert page.browser.run("document.querySelectorAll('figure').length") == page.browser.run(
        "[...document.querySelectorAll('figure')].filter((f) => document.getElementById(f.getAttribute('aria-labelledby'))).length")


def test_dark_pages_are_dark(page):
    page.browser.emulate(prefers_color_scheme="dark")
    page.browser.settle()
    plot = page.plot(CURVE)
    assert plot.pixels.near(plot.column(math.log2(32 * MIB)), plot.row(2.0), DARK_LINE)
    assert close(plot.pixels.at(plot.column(math.log2(53 * MIB)), plot.row(2.2) + 3), DARK_PAPER)
    page.browser.emulate(prefers_color_scheme="light")


def test_paper_is_white_even_in_the_dark(page):
    page.browser.emulate(media="print", prefers_color_scheme="dark")
    page.browser.run("dispatchEvent(new Event('beforeprint'))")
    page.browser.settle()
    plot = page.plot(CURVE)
    assert plot.pixels.near(plot.column(math.log2(32 * MIB)), plot.row(2.0), LINE)
    assert close(plot.pixels.at(plot.column(math.log2(53 * MIB)), plot.row(2.2) + 3), PAPER)
    page.browser.run("dispatchEvent(new Event('afterprint'))")
    page.browser.emulate(prefers_color_scheme="light")
    pdf = page.browser.pdf()
    assert pdf.startswith(b"%PDF") and 1 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type/Page\n") <= 4, len(pdf)


def test_page_makes_no_noise(page):
    assert page.browser.complaints == [], page.browser.complaints


def test_waits_of_many_tasks_are_times(page):
    told = page.browser.run("[9, 30].map((wait) => shareOfTime({busy_ns: 10, waits_ns: {memory: wait}}) + ' the time')")
    assert [text.replace("\u00a0", " ") for text in told] == ["90 % of the time", "3.00 times the time"], told


def test_narrow_pages_keep_all_in_sight(page):
    """Nothing stands beyond the edge of a page of 500 pixels, a table that is open no more than anything else."""
    page.browser.widen(500)
    try:
        beyond = page.browser.run("[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > 501).map((e) => e.tagName + ' ' + e.textContent)")
        assert beyond == [], beyond[:5]
    finally:
        page.browser.widen()


def test_ticks_that_do_not_fit_have_no_label(page):
    page.browser.run("const drawn = [], drawText = CanvasRenderingContext2D.prototype.fillText;"
                     "CanvasRenderingContext2D.prototype.fillText = function (text, ...at) { drawn.push(String(text)); return drawText.call(this, text, ...at); }; 1")
    page.browser.widen(500)
    try:
        limits = [text.replace("\u00a0", " ") for text in page.browser.run("drawn") if text.endswith("B") and "." not in text]
        assert limits and all(text in ("8 MiB", "16 MiB", "32 MiB", "64 MiB", "128 MiB") for text in limits), limits
    finally:
        page.browser.run("CanvasRenderingContext2D.prototype.fillText = drawText; 1")
        page.browser.widen()


def test_figures_read_as_figures(page):
    told = page.browser.run(f"[percent(-0.04), percent(-3), percent(0), percent(41.4), byteRange(5 * {MIB}, 5 * {MIB} + 9), byteRange({MIB}, 2 * {MIB}), byteRange({MIB}, null)]")
    assert [text.replace("\u00a0", " ") for text in told] == ["0.0 %", "\u22123.0 %", "0 %", "41 %", "5.0 MiB", "1.0 MiB to 2.0 MiB", "1.0 MiB or more"], told


SIZE_TESTS = [test_curve_has_its_points_where_the_replays_are, test_limits_that_kill_are_crosses, test_advice_peak_and_band_are_marked,
              test_title_says_the_finding, test_table_marks_the_chosen_row, test_arrow_keys_walk_over_the_limits,
              test_mouse_tells_the_limit_below_it, test_pictures_have_names_and_tables, test_dark_pages_are_dark,
              test_paper_is_white_even_in_the_dark, test_narrow_pages_keep_all_in_sight, test_ticks_that_do_not_fit_have_no_label,
              test_figures_read_as_figures, test_waits_of_many_tasks_are_times, test_page_makes_no_noise]


def test_hostile_names_are_text(page):
    assert page.browser.run("document.title").startswith("</script>") or "known" in page.browser.run("document.title")
    assert HOSTILE.split("\u2028")[0] in page.text("#main .of"), page.text("#main .of")
    assert page.browser.run("document.querySelectorAll('main img, main script').length") == 0
    assert page.browser.complaints == [], page.browser.complaints


def compare_document():
    other = size_document("hdd")
    other["limits"] = [size_row(64, 2.6), size_row(96, 1.2), size_row(100, 1.0)]
    other["smallest_usable"] = {"found": True, "bytes": 100 * MIB, "low_bytes": 98 * MIB, "high_bytes": 102 * MIB}
    return {"schema_version": 1, "verb": "size", "input": "known.hwt", "compare": [{"key": "disk", "values": ["nvme", "hdd"]}],
            "results": [{"settings": {"disk": "nvme"}, "result": size_document()}, {"settings": {"disk": "hdd"}, "result": other}]}


def test_legend_hides_a_curve(page):
    place = "#curves .plot"
    plot = page.plot(place)
    x, y = plot.column(math.log2(32 * MIB)), plot.row(2.0)
    assert plot.pixels.near(x, y, LINE)
    page.browser.click("#curves button.key")
    assert page.browser.run("document.querySelector('#curves button.key').getAttribute('aria-pressed')") == "false"
    assert not page.plot(place).pixels.near(x, y, LINE)
    page.browser.run("document.querySelector('#curves button.key').focus()")
    page.browser.key("Enter", 13)
    assert page.plot(place).pixels.near(x, y, LINE)
    assert page.browser.complaints == [], page.browser.complaints


def test_comparison_says_who_needs_least(page):
    title = page.text("h1").replace("\u00a0", " ")
    assert title == "Needs least, 64.0 MiB, with disk=nvme; most, 100.0 MiB, with disk=hdd", title


def file_row(path, cached, brought, again, lost):
    return {"path": path, "size_bytes": 50 * MIB, "deleted": False, "cached_bytes": cached * MIB, "peak_bytes": cached * MIB, "brought_bytes": brought * MIB,
            "used_again_bytes": again * MIB, "evicted_bytes": lost * MIB, "lost_bytes": lost * MIB}


def run_document():
    """A run of 10 s: memory grows to its limit in 5 s, a kill at 6 s, and pressure from 5 s to 7 s."""
    nr = 101
    seconds = [i / 10 for i in range(nr)]
    held = [min(100, 20 * s) * MIB if s < 6 else 40 * MIB for s in seconds]
    zero = [0] * nr
    over = {
        "cgroup": "/app", "every_ns": 10**8, "at_ns": [int(s * 1e9) for s in seconds], "memory.current": [int(h) for h in held], "memory.swap.current": zero,
        "memory.max": [100 * MIB] * nr, "memory.high": [None] * nr, "kernel": zero, "anon": [int(h / 2) for h in held], "shmem": zero,
        "active_file": zero, "inactive_file": [int(h / 2) for h in held], "file_dirty": zero, "file_writeback": zero, "pgfault": zero,
        "pgmajfault": [int(max(0, s - 5) * 100) for s in seconds], "workingset_refault_file": zero, "workingset_refault_anon": zero, "pgscan_kswapd": zero,
        "pgscan_direct": zero, "pgsteal_kswapd": zero, "pgsteal_direct": zero, "pswpin": zero, "pswpout": zero,
        "memory_some_us": [int(min(max(s - 5, 0), 2) * 500000) for s in seconds], "memory_full_us": zero, "io_some_us": zero, "io_full_us": zero,
        "cpu_some_us": zero, "cgroups": []}
    early, late = [1000] * 60 + [0] * 60, [0] * 60 + [1000] * 60
    heat = {"events": 10**6, "left_out": 0,
            "processes": [{"comm": "leaky", "pid": 7, "touches": 120000, "rows": [{"from": 0x400000, "bytes": 4096, "touches": early},
                                                                                  {"from": 0x401000, "bytes": 4096, "touches": late}]}],
            "files": [{"path": "/data/<i>db", "touches": 60000, "rows": [{"from": 0, "bytes": 4096, "touches": late}]}]}
    at = lambda **pages: [pages.get(f"p{i}", 0) * 4096 for i in range(120)]
    working_set = {"events": 10**6, "touched_bytes": 8192, "one_page_in": 1, "percentiles": {key: 4096 for key in ("p50", "p90", "p95", "p99", "max")},
                   "bytes": [4096] * 120, "last_touched_bytes": at(p59=1, p119=1), "longest_rest_bytes": at(p0=1, p30=1)}
    stat = {"anon": 50 * MIB, "file": 50 * MIB, "kernel": 0, "shmem": 0, "active_file": 0, "inactive_file": 50 * MIB, "file_dirty": 0, "file_writeback": 0}
    group = {"path": "/app", "memory.max": 100 * MIB, "memory.high": None, "memory.swap.max": None, "memory.current": 40 * MIB, "memory.peak": 100 * MIB,
             "memory.swap.current": 0, "memory.stat": stat, "memory.events": {"oom_kill": 1}, "memory.pressure": {"some": {"total": 10**6}}}
    return {
        "schema_version": 1, "input": {"file": "known.ini"}, "outcome": "oom", "virtual_ns": 10**10, "busy_ns": 9 * 10**9,
        "machine": {"kernel": "6.1", "ram_bytes": 1 << 30, "cpus": 2, "disk": "nvme"},
        "tasks": [{"pid": 7, "comm": "leaky", "outcome": "oom_killed", "minflt": 9, "majflt": 1, "maxrss_bytes": 60 * MIB, "start_ns": 0, "end_ns": 6 * 10**9}],
        "waits_ns": {"read": 10**8, "refault": 0, "swapin": 0, "reclaim": 10**9, "sleep": 5, "reclaim_cpu": 0, "memory": 10**9},
        "fullest": {"at_ns": 5 * 10**9, "memory.current": 100 * MIB, "memory.swap.current": 0, "memory.stat": stat}, "vmstat": {"pgmajfault": 500},
        "page_cache": {"files": [file_row("/srv/<i>db", 40, 100, 80, 60), file_row("/srv/backup", 10, 10, 0, 0), file_row("/srv/empty", 0, 0, 0, 0)],
                       "others": {"files": 99997, "cached_bytes": 20 * MIB, "brought_bytes": 20 * MIB, "used_again_bytes": 0, "evicted_bytes": 0, "lost_bytes": 0}},
        "cgroups": [group, {**group, "path": "/app/<b>web", "memory.peak": 25 * MIB, "memory.max": None, "memory.events": {"oom_kill": 0}}], "over_time": over, "heat": heat,
        "working_set": working_set}


ANON, INACTIVE, LINE2 = map(rgb, ("#2f6fb4", "#f3d898", "#b0561b"))
STACK, PRESSURE = "#memory .plot", "#pressure .plot"


def test_stack_is_as_high_as_what_is_held(page):
    plot = page.plot(STACK)
    for seconds, mib in ((2.05, 40), (4.05, 80), (8, 40)):
        x = plot.column(seconds)
        assert close(plot.pixels.at(x, plot.row(mib / 4 * MIB)), ANON), f"no anonymous memory at {seconds} s"
        assert close(plot.pixels.at(x, plot.row(mib * 0.75 * MIB)), INACTIVE), f"no cache at {seconds} s"
        assert close(plot.pixels.at(x, plot.row((mib + 5) * MIB)), PAPER), f"something above what is held at {seconds} s"


def test_limit_and_kill_are_marked(page):
    plot = page.plot(STACK)
    y = plot.row(100 * MIB)
    red = [x for x in range(int(plot.width * 0.7), int(plot.width)) if plot.pixels.near(x, y, BAD)]
    assert len(red) > plot.width * 0.1, "no line at the limit"
    lines = plot.pixels.columns(BAD, 0.9)
    assert lines and all(abs(x - plot.column(6)) <= 2 for x in lines), f"kills at {lines}, want {plot.column(6)}"
    assert any(abs(x - page.plot(PRESSURE).column(6)) <= 2 for x in page.plot(PRESSURE).pixels.columns(BAD, 0.9))


def test_pressure_is_a_rate(page):
    plot = page.plot(PRESSURE)
    assert plot.pixels.near(plot.column(5.6), plot.row(50), LINE2, 2), "50 % between 5 s and 7 s"
    for seconds in (3, 9):
        x = plot.column(seconds)
        assert not any(plot.pixels.near(x, y, LINE2) for y in range(int(plot.row(10)))), f"pressure at {seconds} s"


def test_drag_zooms_all_plots_and_a_button_shows_all(page):
    plot = page.plot(STACK)
    page.browser.drag(plot.x + plot.column(4), plot.x + plot.column(6), plot.y + 60)
    for selector in (STACK, PRESSURE):
        data = page.plot(selector).data
        assert abs(data["xMin"] - 4) < 0.1 and abs(data["xMax"] - 6) < 0.1, data
    zoomed = page.plot(PRESSURE)
    assert zoomed.pixels.near(zoomed.column(5.6), zoomed.row(50), LINE2, 2)
    page.browser.click("#memory button[aria-label='Show all of it']")
    assert page.plot(PRESSURE).data["xMax"] == 10


def test_keys_zoom(page):
    page.browser.run(f"document.querySelector('{STACK}').focus()")
    page.browser.key("+")
    data = page.plot(STACK).data
    assert abs(data["xMax"] - data["xMin"] - 5) < 0.1, data
    page.browser.key("0")
    assert page.plot(STACK).data["xMax"] == 10


def test_click_pins_a_moment(page):
    plot = page.plot(STACK)
    page.browser.point(plot.x + plot.column(3), plot.y + 60, "mouseMoved", "mousePressed", "mouseReleased")
    page.browser.point(5, plot.y + 60, "mouseMoved")
    page.browser.settle()
    said = page.text("#memory .readout").replace("\u00a0", " ")
    assert said.startswith("3.00 s") and "anonymous 30.0 MiB" in said, said
    ink = rgb("#1c2126")
    assert any(abs(x - plot.column(3)) <= 2 for x in page.plot(PRESSURE).pixels.columns(ink, 0.9)), "no line at the pinned moment"
    page.browser.run(f"document.querySelector('{STACK}').focus()")
    page.browser.key("ArrowRight")
    assert page.text("#memory .readout").startswith("3.10"), page.text("#memory .readout")
    page.browser.key("Escape")


def test_legend_takes_a_layer_out(page):
    page.browser.click("#memory button.key")
    plot = page.plot(STACK)
    assert close(plot.pixels.at(plot.column(4), plot.row(10 * MIB)), INACTIVE), "the layer above falls down"
    page.browser.click("#memory button.key")
    plot = page.plot(STACK)
    assert close(plot.pixels.at(plot.column(4), plot.row(10 * MIB)), ANON)


def test_bars_are_as_long_as_their_figures(page):
    browser = page.browser
    x, y, width, height = browser.place("#fullest canvas")
    bar = browser.screenshot(x, y, width, height)
    assert close(bar.at(width * 0.25, 5), ANON) and close(bar.at(width * 0.75, 5), INACTIVE) and close(bar.at(width * 0.48, 5), ANON)
    x, y, width, height = browser.place("#cgroups .row:nth-child(2) .track")
    bar = browser.screenshot(x, y, width, height)
    assert close(bar.at(width * 0.2, height / 2), ANON) and not close(bar.at(width * 0.3, height / 2), ANON), "25 MiB of 100"
    x, y, width, height = browser.place("#waits .row:nth-child(2) .track")
    bar = browser.screenshot(x, y, width, height)
    assert not close(bar.at(width * 0.05, height / 2), PAPER, 5) and bar.at(width * 0.05, height / 2) != bar.at(width * 0.2, height / 2)


def test_files_of_the_cache_are_bars_of_one_scale(page):
    """The longest bar is the 80 MiB used again of db."""
    for row, cell, share, colour in ((1, 2, 0.5, "#dc9a2a"), (1, 3, 1, "#4b6b2f"), (1, 4, 0.75, "#b3261e"), (2, 2, 0.125, "#dc9a2a"), (2, 3, 0, "#4b6b2f"),
                                     (3, 2, 0.25, "#dc9a2a")):
        x, y, width, height = page.browser.place(f"#files tbody tr:nth-child({row}) > :nth-child({cell}) .track")
        bar = page.browser.screenshot(x, y, width, height)
        for at in (share - 0.06, share + 0.06):
            if 0 < at < 1:
                filled = close(bar.at(width * at, height / 2), rgb(colour))
                assert filled == (at < share), f"row {row}, column {cell}: filled at {at}: {filled}"


def test_files_of_the_cache_are_told(page):
    title = page.text("#files h2").replace("\u00a0", " ")
    assert title == "<i>db holds 40.0 MiB of the cache, and lost 60.0 MiB that had to be read again", title
    rows = page.browser.run("[...document.querySelectorAll('#files .bar-table tbody tr')].map((row) => row.textContent.replaceAll('\u00a0', ' '))")
    assert rows == ["/srv/<i>db40.0 MiB80.0 MiB60.0 MiB", "/srv/backup10.0 MiB0 B0 B", "100.0 k other files20.0 MiB0 B0 B"], rows
    assert page.browser.run("document.querySelectorAll('#files .track:not([aria-hidden=true])').length") == 0


def test_heat_is_where_and_when_memory_was_touched(page):
    hottest, none = rgb("#0b1f3a"), rgb("#f3f5f7")
    for picture, rows in (("#heat", (("late", 0), ("early", 1))), ("#file-heat", (("late", 0),))):
        data = page.browser.run(f"({{...document.querySelector('{picture} .heat').dataset}})")
        x, y, width, height = page.browser.place(picture + " canvas")
        map_ = page.browser.screenshot(x, y, width, height)
        tops, heights = ([float(n) for n in data[name].split()] for name in ("tops", "heights"))
        for when, row in rows:
            middle = tops[row] + heights[row] / 2
            for share in (0.1, 0.45, 0.55, 0.9):
                wanted = hottest if (share > 0.5) == (when == "late") else none
                got = map_.at(float(data["left"]) + share * float(data["width"]), middle)
                assert close(got, wanted, 8), f"{picture} row {row} at {share}: {got}, not {wanted}"
    assert "/data/<i>db"[-3:] in page.text("#file-heat h2") and page.browser.run("document.querySelectorAll('#file-heat i').length") == 0


def test_working_set_is_what_is_touched(page):
    """One page at a time of two, and one of them idle in the second half."""
    plot = page.plot("#working-set .plot")
    for share in (20, 80):
        assert plot.pixels.near(plot.column(share), plot.row(4096), LINE, 2)
    assert "4.0" in page.text("#working-set h2") and page.text("#working-set h3").startswith("4.0")
    x, y, width, height = page.browser.place("#working-set canvas[role=img]")
    bar = page.browser.screenshot(x, y, width, height)
    assert close(bar.at(width * 0.25, 9), rgb("#0b1f3a")) and close(bar.at(width * 0.75, 9), rgb("#c3cad1"))


def test_rests_are_a_bar(page):
    """One page rests for a quarter of the run before it is used again, the other never."""
    said = page.browser.run("[...document.querySelectorAll('#working-set h3')].pop().textContent").replace("\u00a0", " ")
    assert said == "4.0 KiB rest for 5 % of the run or longer and are used again", said
    x, y, width, height = page.browser.run("(() => { const b = [...document.querySelectorAll('#working-set canvas[role=img]')].pop().getBoundingClientRect(); return [b.x + scrollX, b.y + scrollY, b.width, b.height]; })()")
    bar = page.browser.screenshot(x, y, width, height)
    assert close(bar.at(width * 0.25, 9), rgb("#0b1f3a")) and close(bar.at(width * 0.75, 9), rgb("#c3cad1")), (bar.at(width * 0.25, 9), bar.at(width * 0.75, 9))


def test_arrow_keys_walk_over_the_heat(page):
    page.browser.run("document.querySelector('#heat .heat').focus()")
    page.browser.key("ArrowDown")
    assert page.text("#heat .readout").startswith("0x400000 of leaky (7)"), page.text("#heat .readout")
    assert "1,000" in page.text("#heat .readout")


def test_run_is_told(page):
    assert page.text("h1").replace("\u00a0", " ") == "leaky (7) was killed for memory after 6.00 s"
    assert page.browser.run("document.querySelectorAll('#cgroups b').length") == 0
    assert "/app/<b>web" in page.text("#cgroups")


def test_tables_hold_the_figures(page):
    page.browser.run("document.querySelectorAll('#memory details').forEach((one) => (one.open = true))")
    page.browser.settle()
    row = page.browser.run("[...document.querySelectorAll('#memory tbody tr')].find((row) => row.cells[0].textContent.startsWith('3.00')).textContent")
    assert "30.0" in row, row
    assert "leaky (7)" in page.text("#memory"), "kills as a table"


RUN_TESTS = [test_stack_is_as_high_as_what_is_held, test_limit_and_kill_are_marked, test_pressure_is_a_rate, test_drag_zooms_all_plots_and_a_button_shows_all,
             test_keys_zoom, test_click_pins_a_moment, test_legend_takes_a_layer_out, test_bars_are_as_long_as_their_figures,
             test_files_of_the_cache_are_bars_of_one_scale, test_files_of_the_cache_are_told, test_heat_is_where_and_when_memory_was_touched,
             test_arrow_keys_walk_over_the_heat, test_working_set_is_what_is_touched, test_rests_are_a_bar, test_run_is_told, test_tables_hold_the_figures, test_pictures_have_names_and_tables,
             test_narrow_pages_keep_all_in_sight, test_page_makes_no_noise]


def diagnose_document():
    run = run_document()
    over = {**run["over_time"], "cgroup": "/", "begin_us": 1700000000 * 10**6}
    del over["every_ns"], over["cgroups"]
    finding = {"rule": "swap-thrash", "family": "swap", "cause": None, "severity": "critical", "confidence": "high", "scope": "host", "title": "Swap thrash: <b>1</b>",
               "detail": None, "evidence": [{"name": "pswpin", "value": 9, "unit": "pages/s", "text": "9 pages/s", "threshold": "over 1", "where": "/proc/vmstat"}],
               "meaning": "It means.", "look_next": "Look.", "change": "Change.", "disproof": "Disprove."}
    lines = [{"name": name, "bytes": mib * MIB, "depth": depth, "remainder": False, "note": None}
             for name, mib, depth in (("MemTotal", 100, 0), ("anonymous", 60, 1), ("file cache", 30, 1), ("free", 10, 1))]
    pressure = {"some": {"avg10": 9.0, "avg60": 8.0, "avg300": 7.0, "total_us": 1}, "full": None}
    return {
        "schema_version": 1, "verdict": "critical", "exit_code": 2, "headline": "critical: Swap thrash: <b>1</b>",
        "source": {"kind": "capture", "name": "known.hwc", "hostname": "h", "release": "6.1", "time_us": 1700000008 * 10**6, "uptime_us": 1000 * 10**6, "samples": 9,
                   "interval_seconds": 1, "worst_moment": True, "read": None},
        "findings": [finding], "findings_left_out": [], "not_measurable": [{"rule": "x", "what": "whether it leaks", "why": "too short"}],
        "pressure": {"memory": pressure, "io": pressure, "cpu": pressure}, "accounting": {"scope": "host", "lines": lines},
        "post_mortem": {"accounting": lines, "left_out": 0, "timeline": [
            {"what": "kill", "cause": None, "time_us": None, "since_boot_us": 998 * 10**6, "boot": 0, "program": "victim", "told_by": None, "pid": 9, "invoker": None,
             "group": "/a", "limit_of": None, "incidents": 1, "processes": 1, "bytes": 5 * MIB, "where": "dev/kmsg:1"}]},
        "reconciliation": [], "needed": [], "cgroups": [
            {"path": "/web", "memory.current": 50 * MIB, "memory.max": 100 * MIB, "memory.high": None, "memory.swap.current": 0, "anon": MIB, "file": MIB, "kernel": 0,
             "oom_kill": 0, "memory_some_us": 0}],
        "over_time": over, "findings_over_time": [{"rule": "swap-thrash", "scope": "host", "severity": "critical", "title": "Swap thrash", "from_ns": [5 * 10**9], "to_ns": [7 * 10**9]}]}


def test_findings_are_told_with_evidence(page):
    assert page.text("h1") == "Swap thrash: <b>1</b>" and page.browser.run("document.querySelectorAll('main h1 b').length") == 0
    card = page.text("details.finding")
    assert all(word in card for word in ("9 pages/s", "/proc/vmstat", "Look.", "Change.", "Disprove.")), card


def test_finding_lies_where_it_held(page):
    x, y, width, height = page.browser.place("#timeline .lane")
    lane = page.browser.screenshot(x, y, width, height)
    assert close(lane.at(width * 0.6, height / 2), BAD) and not close(lane.at(width * 0.45, height / 2), BAD) and not close(lane.at(width * 0.75, height / 2), BAD)
    plot = page.plot(STACK)
    assert abs(plot.x - x) < 2 and abs(plot.width - width) < 3, "the lane and the plots share their time axis"


def test_click_on_a_finding_zooms(page):
    page.browser.click("#timeline .span")
    data = page.plot(PRESSURE).data
    assert 4 < data["xMin"] < 5 and 7 < data["xMax"] < 8, data
    page.browser.click("#memory button[aria-label='Show all of it']")


def test_kill_of_the_log_is_on_the_time_line(page):
    plot = page.plot(STACK)
    lines = plot.pixels.columns(BAD, 0.9)
    assert lines and all(abs(x - plot.column(6)) <= 2 for x in lines), f"kills at {lines}, want {plot.column(6)}"
    assert "22:13:26" in page.browser.run("document.querySelectorAll('#memory details').forEach((one) => (one.open = true)), new Promise((d) => setTimeout(d, 50))"
                                          ".then(() => document.querySelector('#memory').textContent)")


def test_accounting_is_a_bar_of_its_parts(page):
    for picture in ("#accounting", "#oom"):
        x, y, width, height = page.browser.place(picture + " canvas")
        bar = page.browser.screenshot(x, y, width, height)
        assert close(bar.at(width * 0.3, 9), ANON) and close(bar.at(width * 0.58, 9), ANON) and close(bar.at(width * 0.7, 9), rgb("#dc9a2a"))
        assert close(bar.at(width * 0.95, 9), rgb("#edf1f4"), 4)


def test_captures_say_that_files_are_not_known(page):
    assert page.text("#files h2").replace("\u00a0", " ") == "/web holds 1.0 MiB of page cache"
    assert "which files hold it, no capture can tell" in page.text("#files .note")


def test_pressure_is_told_not_judged(page):
    assert page.text("#pressure-now h2").replace("\u00a0", " ") == "In the last minute some task waited for memory 8.0 %, for I/O 8.0 % of the time"


def test_findings_are_on_paper(page):
    """A finding that hurts is there with its title and what to do, opened or not; then it is as it was."""
    page.browser.run("document.querySelector('details.finding').open = false; 1")
    page.browser.emulate(media="print")
    page.browser.run("dispatchEvent(new Event('beforeprint')); 1")
    page.browser.settle()
    for selector in ("details.finding summary", "details.finding dl.steps"):
        assert page.browser.place(selector)[3] > 10, f"no {selector} on paper"
    page.browser.run("dispatchEvent(new Event('afterprint')); 1")
    page.browser.emulate()
    assert page.browser.run("document.querySelector('details.finding').open") is False
    page.browser.run("document.querySelector('details.finding').open = true; 1")


DIAGNOSE_TESTS = [test_captures_say_that_files_are_not_known, test_findings_are_told_with_evidence, test_finding_lies_where_it_held,
                  test_click_on_a_finding_zooms, test_kill_of_the_log_is_on_the_time_line, test_accounting_is_a_bar_of_its_parts,
                  test_pictures_have_names_and_tables, test_pressure_is_told_not_judged, test_findings_are_on_paper, test_narrow_pages_keep_all_in_sight, test_page_makes_no_noise]


def fleet_row(name, risk, limit, need, replicas=1):
    waste = max(limit - need, 0) * replicas * MIB if limit and need else None
    return {"name": name, "source": "kubernetes", "namespace": "a", "workload": name, "service": name, "risk": risk, "replicas": replicas,
            "request_bytes": None, "limit_bytes": limit and limit * MIB, "high_bytes": None, "peak_bytes": 2 * need * MIB, "need_bytes": need * MIB,
            "memory.max": need * MIB, "memory.high": None, "waste_bytes": waste, "recordings": 1, "incomplete_recordings": 0}


def fleet_document():
    risks = dict.fromkeys(["killed", "slow", "tight", "no limit", "no answer", "fits", "not measured", "not deployed"], 0)
    total = {"containers": 6, "measured": 6, "unlimited": 1, "at_risk": 1, "promised_bytes": 450 * MIB, "measured_promised_bytes": 450 * MIB,
             "needed_bytes": 180 * MIB, "waste_bytes": 350 * MIB}
    return {"schema_version": 1, "verb": "fleet", "input": "fleet.db", "measured_services": 4, "total": total, "risks": {**risks, "killed": 1, "no limit": 1, "fits": 2},
            "services": [fleet_row("small", "killed", 50, 80), fleet_row(HOSTILE, "no limit", None, 10), fleet_row("wide", "fits", 100, 20, 3), fleet_row("other", "fits", 100, 30)],
            "namespaces": [{"name": "a", **total}], "nodes": [{"name": "", **total}]}


def test_fleet_says_what_is_needed_and_who_is_too_small(page):
    title = page.text("h1").replace("\u00a0", " ")
    assert title == "Measured services need 40 % of what they are promised; 1 limit is too small", title
    assert page.text("#risk tbody th") == "a/small" and page.text("#waste h2").replace("\u00a0", " ") == "Most waste: a/wide, 240.0 MiB"


def test_bars_of_waste_are_need_and_limit(page):
    """The widest limits, 3 x 100 MiB, fill the track; the need is a fifth of it."""
    track, fill = (page.browser.place(f"#waste .row .{part}") for part in ("track", "fill"))
    assert abs(fill[2] / track[2] - 0.2) < 0.01, (track, fill)


def test_rows_of_a_fleet_are_found_by_name(page):
    count = "document.querySelectorAll('#services tbody tr').length"
    type_in = "{ const i = document.querySelector('#services input'); i.value = '%s'; i.dispatchEvent(new Event('input')); 1 }"
    assert page.browser.run(count) == 4
    page.browser.run(type_in % "WIDE")
    assert page.browser.run(count) == 1 and page.text("#services tbody th") == "a/wide"
    page.browser.run(type_in % "")
    assert page.browser.run(count) == 4 and page.browser.run("document.querySelector('#nodes') === null")


FLEET_TESTS = [test_fleet_says_what_is_needed_and_who_is_too_small, test_bars_of_waste_are_need_and_limit, test_rows_of_a_fleet_are_found_by_name,
               test_narrow_pages_keep_all_in_sight, test_page_makes_no_noise]


def all_tests():
    return [(diagnose_document(), DIAGNOSE_TESTS), (size_document(), SIZE_TESTS), (run_document(), RUN_TESTS), (size_document(HOSTILE), [test_hostile_names_are_text]),
            (compare_document(), [test_legend_hides_a_curve, test_comparison_says_who_needs_least]),
            (fleet_document(), FLEET_TESTS)]


def main():
    if not chromium.find():
        if os.environ.get("HIGHWATER_TEST_ALL"):
            print("not ok 1 - chromium is not installed")
            return 1
        print("no chromium")
        return 77
    number = failed = 0
    with tempfile.TemporaryDirectory() as folder, Browser(folder) as browser:
        for document, tests in all_tests():
            page = Page(browser, pathlib.Path(folder), document)
            for test in tests:
                number += 1
                try:
                    test(page)
                    print(f"ok {number} - {test.__name__}", flush=True)
                except Exception:
                    failed += 1
                    print(f"not ok {number} - {test.__name__}\n" + "".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), flush=True)
    print(f"1..{number}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
