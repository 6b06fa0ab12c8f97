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
            "stall_ns": int((slowdown - 1) * 10**9), "pgmajfault": 40, "workingset_refault_file": 1000, "workingset_refault_anon": 0, "pswpin": 0,
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


SIZE_TESTS = [test_curve_has_its_points_where_the_replays_are, test_limits_that_kill_are_crosses, test_advice_peak_and_band_are_marked,
              test_title_says_the_finding, test_table_marks_the_chosen_row, test_arrow_keys_walk_over_the_limits,
              test_mouse_tells_the_limit_below_it, test_pictures_have_names_and_tables, test_dark_pages_are_dark,
              test_paper_is_white_even_in_the_dark, test_page_makes_no_noise]


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


def all_tests():
    return [(size_document(), SIZE_TESTS), (size_document(HOSTILE), [test_hostile_names_are_text]),
            (compare_document(), [test_legend_hides_a_curve, test_comparison_says_who_needs_least])]


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
