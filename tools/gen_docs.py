#!/usr/bin/env python3
"""gen_docs.py [--check] - write docs/counters.md, docs/tunables.md, docs/findings.md, the keys of docs/scenario.md and the options of a
machine in the man page from the tables in src/.

--check changes nothing and exits 1 when a page is not what the tables say; it also checks that the column `effect` of
tunables.def is true: what is MODELLED is read by some room that could obey it, what is KEPT is not.
"""

import csv
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MADE = "<!-- Made by tools/gen_docs.py from the tables in src/: edit those. -->\n"
# Rooms that set or show tunables without obeying them.
NOT_OBEYING = ("stats", "cli", "report", "procfs")
UNITS = {"COUNT": "", "PAGES": "pages", "BYTES": "bytes", "KIB": "KiB", "SECTORS": "sectors", "NS": "ns", "US": "us",
         "PERCENT": "percent", "PER_10000": "1/10,000", "RATIO": "1/n", "LOG2": "2^n pages", "SECONDS": "seconds",
         "CENTISECONDS": "centiseconds", "MICROSECONDS": "microseconds", "BOOL": "0 or 1", "CHOICE": "",
         "BITS": "bits"}
SCOPES = {"GLOBAL": "", "NODE": "", "ZONE": "zone", "LRUVEC": "cgroup", "SHARED": "cgroup", "CGROUP": "cgroup only"}
KINDS = {"TEXT": "text", "NAME": "name", "PROFILE": "name", "COMPRESSOR": "name", "RATIO": "number", "FILE_KIND": "word", "SIZE": "size", "LIMIT": "size or `max`",
         "RATE_BYTES": "size/s", "RATE": "number/s", "DURATION": "time", "DUTY": "time/time", "COUNT": "number",
         "INT": "number", "BOOL": "`yes` or `no`", "FRACTION": "part", "PATTERN": "pattern"}
# Of a machine's options: the column "value" of a scenario, the argument of the command line.
MACHINE_KINDS = {"SIZE": ("size", "SIZE"), "COUNT": ("number", "N"), "NUMBER": ("number", "N"), "BOOL": ("`yes` or `no`", "yes|no"),
                 "DISK": ("name of a [device], or nvme, ssd, hdd, network or ram", "PROFILE"),
                 "DEVICE": ("name of a [device], or one of those or zram", "PROFILE"), "COMPRESSOR": ("lzo-rle, lzo, lz4 or zstd", "NAME"),
                 "KERNEL": ("name of a kernel profile", "PROFILE"), "LRU": ("classic", "classic")}
SCAN_ROW = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,"()]+(?:\([^()]*\)[^,"()]*)*)')


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return ""


DEFINED = dict(re.findall(r'^#define (KERNEL_DEFAULT) "(.*)"$', read(os.path.join(TOP, "src/stats/kernel.h")), re.M))


def rows(path, macro):
    """The arguments of each row MACRO(...) of a .def file; rows are one line, or end at the next ')' that ends one."""
    text = re.sub(r"/\*.*?\*/", "", read(os.path.join(TOP, path)), flags=re.S)
    for match in re.finditer(r"^" + macro + r"(?:_ZSWAP)?\((.*?)\)\s*$", text, re.M | re.S):
        cells = []
        for quoted, plain in SCAN_ROW.findall(match.group(1)):
            if quoted or plain.strip():
                cells.append(quoted.replace('\\"', '"') if quoted else DEFINED.get(plain.strip(), plain.strip()))
        # An empty text ("") leaves no cell: rows() of such a table are read from their ends.
        yield cells


def number(text):
    """A C constant, worked out: 1ull << 32."""
    text = re.sub(r"(?<=[0-9])[uUlL]+", "", text)
    if not re.fullmatch(r"[0-9 <*()]+", text):
        sys.exit(f"gen_docs.py: not a number: {text}")
    return eval(text)  # digits, shifts and products only, as checked above


def table(title, heads, lines):
    out = f"\n## {title}\n\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|\n"
    for line in lines:
        out += "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n"
    return out


def counters_page():
    counters = [row for row in rows("src/stats/counters.def", "COUNTER") if row[0] != "MEMCG_##id"]
    counters += [[f"MEMCG_{id}", f"{file}.{key}", "EVENT", "COUNT", "COUNT", "CGROUP", doc]
                 for id, file, key, doc in rows("src/stats/cgroup_events.def", "CGROUP_EVENT")]
    machine, group = [], []
    for _, name, kind, _, shown, scopes, doc in counters:
        line = [f"`{name}`", UNITS[shown], kind.lower(), SCOPES[scopes], doc]
        (group if scopes == "CGROUP" else machine).append(line)
    by_id = {row[0]: row for row in counters}
    stat = []
    for row in rows("src/stats/memory_stat.def", "MEMORY_STAT"):
        counter = by_id[row[2]]
        unit = "bytes" if counter[2] == "GAUGE" else UNITS[counter[4]]
        stat.append([f"`{row[1]}`", unit, counter[2].lower(), row[4] if len(row) > 4 else counter[6]])
    return (MADE + "# Counters, fields and files\n\n"
            "What a machine counts and shows, under the names of Linux 6.1. `highwater explain NAME` prints one entry.\n"
            + table("Counters of the machine (`/proc/vmstat`)", ["Name", "Unit", "Type", "Also per", "Meaning"], machine)
            + table("`memory.stat` of a cgroup", ["Name", "Unit", "Type", "Meaning"], stat)
            + table("Events of a cgroup (`memory.events`, `memory.swap.events`)", ["Name", "Meaning"],
                    [[line[0], line[4]] for line in group if ".events." in line[0]])
            + table("Fields of `/proc/meminfo`", ["Name", "Unit", "Meaning"],
                    [[f"`{r[0]}`", UNITS[r[1]], r[-1]] for r in rows("src/procfs/meminfo.def", "MEMINFO")])
            + table("Files of a cgroup", ["Name", "In", "Meaning"],
                    [[f"`{r[1]}`", "all" if r[2] == "ALL" else "all but the root", r[3]]
                     for r in rows("src/procfs/cgroup_files.def", "CGROUP_FILE")]))


def tunables_page():
    settings = [[f"`{key}`", number(default), f"{number(low)} to {number(high)}", UNITS[unit],
                 "yes" if effect == "MODELLED" else "kept only", doc]
                for _, key, default, low, high, unit, effect, doc in rows("src/stats/tunables.def", "TUNABLE")]
    costs = [[f"`cost.{name}`", default, doc] for name, default, doc in rows("src/machine/costs.def", "COST")]
    return (MADE + "# Tunables\n\nWhat `--set KEY=VALUE` accepts. Keys of Linux keep their names, defaults and bounds "
            "(6.1); `x.*` and `cost.*` are parameters of the model. What is kept only can be set and is shown, and changes "
            "nothing yet.\n"
            + table("Settings", ["Name", "Default", "Range", "Unit", "Modelled", "Meaning"], settings)
            + table("Costs of operations, in ns of CPU time", ["Name", "Default", "Meaning"], costs))


def check_effects():
    """Lines that say which tunable's `effect` is wrong."""
    text = ""
    for folder, _, names in os.walk(os.path.join(TOP, "src")):
        room = os.path.relpath(folder, os.path.join(TOP, "src")).split(os.sep)[0]
        if room not in NOT_OBEYING:
            text += "".join(read(os.path.join(folder, n)) for n in sorted(names)
                            if n.endswith((".c", ".h")) and not n.endswith(("_test.c", "_fuzz.c")))
    errors = []
    for field, key, _, _, _, _, effect, _ in rows("src/stats/tunables.def", "TUNABLE"):
        used = re.search(r"tunables(->|\.)" + field + r"\b", text) is not None
        if used != (effect == "MODELLED"):
            errors.append(f"src/stats/tunables.def: {key} is {effect}, but "
                          + ("a room reads it" if used else "no room reads it"))
    return errors


def machine_options():
    """(name, kind, default, default of a replay, doc) of each row of machine.def."""
    text = re.sub(r"/\*.*?\*/", "", read(os.path.join(TOP, "src/system/machine.def")), flags=re.S)
    for line in re.findall(r"^MACHINE\((.*)\)$", text, re.M):
        cells = [DEFINED.get(cell, cell.strip('"')) for cell in next(csv.reader([line], skipinitialspace=True))]
        yield cells[1], cells[2], cells[6], cells[7] or cells[6], cells[8]


def man_page():
    """docs/man/highwater.1 with the options of a machine made anew."""
    text = read(os.path.join(TOP, "docs/man/highwater.1"))
    made = ""
    for name, kind, _, default, doc in machine_options():
        option = name.replace("_", "-").replace("-", "\\-")
        made += (f'.TP\n.BI \\-\\-{option} " {MACHINE_KINDS[kind][1]}"\n{doc[0].upper() + doc[1:]}.\n'
                 f"Unless given: {default}.\n")
    return re.sub(r'(\.\\" Made by [^\n]*\n).*?(\.\\" End of what is made.\n)', lambda m: m.group(1) + made + m.group(2), text, flags=re.S)


def scenario_page():
    """docs/scenario.md with its tables of keys made anew; the rest of it is written by hand."""
    text = read(os.path.join(TOP, "docs/scenario.md"))
    keys = [cells for cells in rows("src/workload/scenario_keys.def", "KEY") if len(cells) == 8]
    tables = ""
    for section, title in (("MACHINE", "[machine]"), ("DEVICE", "[device NAME]"), ("CGROUP", "[cgroup PATH]"),
                           ("FILE", "[file NAME]"), ("TASK", "[task NAME]"), ("WRITE", "[write NAME]"),
                           ("RM", "[rm NAME]"), ("RMDIR", "[rmdir NAME]")):
        lines = [(f"`{name}`", KINDS[kind], default, doc)
                 for in_section, _, kind, _, _, name, default, doc in keys if in_section == section]
        if section == "MACHINE":
            lines = [(f"`{name}`", MACHINE_KINDS[kind][0], default, doc) for name, kind, default, _, doc in machine_options()] + lines
        tables += table(title, ("key", "value", "default", "meaning"), lines).replace("## ", "### `", 1).replace(
            title, title + "`", 1)
    return re.sub(r"(<!-- keys: .*? -->\n).*?(<!-- end of keys -->)", lambda m: m.group(1) + tables + "\n" + m.group(2),
                  text, flags=re.S)


def findings_page():
    findings = list(rows("src/diagnose/rules.def", "RULE"))
    index = [[f"[`{name}`](#{name})", family, title] for _, _, name, family, title, *_ in findings]
    out = (MADE + "# Findings\n\nWhat `highwater diagnose` can find, under the names that `--only`, JSON and "
           "`highwater explain NAME` use. Severity follows pain: time that programs lose, or a kill, makes a warning; "
           "usage alone is information unless the end is near. Some findings are good news.\n"
           + table("All of them", ["Name", "Family", "Finding"], index))
    for _, _, name, _, title, meaning, look_next, change, disproof, teach in findings:
        out += (f"\n## {name}\n\n**{title}.** {meaning}\n\n{teach}\n\n- Look at: {look_next}\n- Change: {change}\n"
                f"- Wrong if: {disproof}\n")
    return out


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    errors = check_effects() if check else []
    for name, text in (("docs/counters.md", counters_page()), ("docs/tunables.md", tunables_page()),
                       ("docs/findings.md", findings_page()),
                       ("docs/scenario.md", scenario_page()), ("docs/man/highwater.1", man_page())):
        path = os.path.join(TOP, name)
        if read(path) == text:
            continue
        if check:
            errors.append(f"{name}: stale; run tools/gen_docs.py")
        else:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            print(f"wrote {name}")
    for error in errors:
        print(error)
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
