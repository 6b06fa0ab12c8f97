#!/usr/bin/env python3
"""gen_docs.py [--check] [--program PATH] - write docs/counters.md, docs/tunables.md, docs/findings.md, docs/pastes.md, docs/metrics.md, the keys of docs/scenario.md and the
options of a machine in the man page from what the program says of itself: `highwater explain --all --format json`.

--check changes nothing and exits 1 when a page is not what the program says; it also checks that the column `effect` of
tunables.def is true: what is MODELLED is read by some room that could obey it, what is KEPT is not. The program is build/highwater
unless given; ./dev docs and ./dev lint bring it up to date first.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

import fill_docs

TOP = pathlib.Path(__file__).resolve().parent.parent
MADE = "<!-- Made by tools/gen_docs.py from the tables in src/: edit those. -->\n"
# Rooms that set or show tunables without obeying them.
NOT_OBEYING = ("stats", "cli", "report", "procfs")
SECTIONS = {"machine": "[machine]", "node": "[node N]", "device": "[device NAME]", "cgroup": "[cgroup PATH]", "file": "[file NAME]", "task": "[task NAME]",
            "write": "[write NAME]", "rm": "[rm NAME]", "rmdir": "[rmdir NAME]"}


def reference(program):
    done = subprocess.run([program, "explain", "--all", "--format", "json"], capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"gen_docs.py: {program}: {done.stderr.decode(errors='replace').strip()}")
    return json.loads(done.stdout)


def table(title, heads, lines):
    out = f"\n## {title}\n\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|\n"
    for line in lines:
        out += "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n"
    return out


def counters_page(ref):
    machine = [c for c in ref["counters"] if c["also_per"] != "cgroup only"]
    events = [c for c in ref["counters"] if c["also_per"] == "cgroup only" and ".events." in c["name"]]
    return (MADE + "# Counters, fields and files\n\n"
            "What a machine counts and shows, under the names of Linux 6.1. `highwater explain NAME` prints one entry.\n"
            + table("Counters of the machine (`/proc/vmstat`)", ["Name", "Unit", "Type", "Also per", "Meaning"],
                    [[f"`{c['name']}`", c["unit"], c["type"], c["also_per"], c["doc"]] for c in machine])
            + table("`memory.stat` of a cgroup", ["Name", "Unit", "Type", "Meaning"],
                    [[f"`{c['name']}`", c["unit"], c["type"], c["doc"]] for c in ref["memory_stat"]])
            + table("Events of a cgroup (`memory.events`, `memory.swap.events`)", ["Name", "Meaning"],
                    [[f"`{c['name']}`", c["doc"]] for c in events])
            + table("Fields of `/proc/meminfo`", ["Name", "Unit", "Meaning"],
                    [[f"`{f['name']}`", f["unit"], f["doc"]] for f in ref["meminfo"]])
            + table("Files of a cgroup", ["Name", "In", "Meaning"],
                    [[f"`{f['name']}`", "all but the root" if "root" in f["where"] else "all", f["doc"]] for f in ref["cgroup_files"]]))


def tunables_page(ref):
    settings = [[f"`{t['name']}`", t["default"], t["values"].replace("|", ", ") if "values" in t else f"{t['min']} to {t['max']}", t["unit"], "yes" if t["modelled"] else "kept only", t["doc"]]
                for t in ref["tunables"]]
    return (MADE + "# Tunables\n\nWhat `--set KEY=VALUE` accepts. Keys of Linux keep their names, defaults and bounds "
            "(6.1); `x.*` and `cost.*` are parameters of the model. What is kept only can be set and is shown, and changes "
            "nothing yet.\n"
            + table("Settings", ["Name", "Default", "Range", "Unit", "Modelled", "Meaning"], settings)
            + table("Costs of operations, in ns of CPU time", ["Name", "Default", "Meaning"],
                    [[f"`cost.{c['name']}`", c["default_ns"], c["doc"]] for c in ref["costs"]]))


def findings_page(ref):
    index = [[f"[`{f['name']}`](#{f['name']})", f["family"], f["title"]] for f in ref["findings"]]
    out = (MADE + "# Findings\n\nWhat `highwater diagnose` can find, under the names that `--only`, JSON and "
           "`highwater explain NAME` use. Severity follows pain: time that programs lose, or a kill, makes a warning; "
           "usage alone is information unless the end is near. Some findings are good news.\n"
           + table("All of them", ["Name", "Family", "Finding"], index))
    for f in ref["findings"]:
        out += (f"\n## {f['name']}\n\n**{f['title']}.** {f['doc']}\n\n{f['teach']}\n\n- Look at: {f['look_next']}\n- Change: {f['change']}\n"
                f"- Wrong if: {f['disproof']}\n")
    out += ("\n# Causes of a kill\n\nWhy memory ran out, as findings about kills and failed allocations name it (`cause` in JSON).\n")
    for c in ref["causes"]:
        out += f"\n## {c['name']}\n\n{c['doc']}\n\n- Look at: {c['look_next']}\n- Change: {c['change']}\n- Wrong if: {c['disproof']}\n"
    return out


def pastes_page(ref):
    lines = [[f"`{p['name']}`", "yes" if p["behind_a_logger"] else "no", p["doc"] + "."] for p in ref["pastes"]]
    return (MADE + "# What can be pasted\n\n`highwater diagnose FILE... | DIR | -` takes whatever people have of a machine in trouble, several of these forms "
            "mixed in one text, in any order. Each is recognised by its content, with or without the prompt and the command before it, quoted, "
            "indented, fenced, in tables of Markdown, with CRLF, coloured or wrapped; in archives (`.tar`, `.gz`, `.xz`, `.zst`, `.bz2`), in the "
            "directory of a sosreport, from a pipe. What was not understood is counted, and a text that is cut is said to be.\n\n"
            "**Several machines** in one text are told apart by prompts (`root@web1:~#`), `ssh web1 free`, loops over hosts, ansible, pssh, clush and "
            "dshbak, headings (`== web1 ==`, `web1:`), a name before each line as pdsh has it, files of a directory, and by a MemTotal that "
            "differs. Each is judged by its own lines; the worst comes first with its name and gives the exit code, the others follow, a line each. Of one "
            "machine that is shown several times, as by `free -s`, the last sample is judged, and a worse one before it is told.\n\n"
            "**Logs** may have any prefix: `dmesg` with and without times, the journal (short, ISO, JSON, export, verbose), syslog, RFC 5424, CRI, "
            "docker's JSON, Talos, OpenWrt, Android, several of them before one message. Read are reports of the OOM killer from 2.4 to today, "
            "allocation failures, hung tasks and lockups in memory management, failed hot-add and balloons; kills and choices of systemd-oomd, oomd, "
            "earlyoom, nohang, kubelet, Talos, lmkd and lowmemorykiller; what docker, containerd, systemd, kubelet and slurm say of a kill; exit code "
            "137; and what programs say that got no memory.\n"
            + table("Forms", ["Form", "Also behind a logger's prefix", "What it tells"], lines))


SCOPE_TITLES = {"machine": "The machine", "file": "Files that were read", "cgroup": "Control groups", "node": "NUMA nodes", "zone": "Zones of nodes",
                "device": "Disks, swap areas and zram", "finding": "Findings"}


def metrics_page(ref):
    out = (MADE + "# Metrics\n\nWhat `highwater export` tells Prometheus, by HTTP (OpenMetrics 1.0, or the text format 0.0.4 for who asks for `text/plain`) or in a file for the "
           "textfile collector of node_exporter. `highwater capture dump` has the same figures of a capture, but for those of the exporter itself.\n\n"
           "A figure that nothing tells (an older kernel, a file that may not be read, no limit) is not there at all; `highwater_part_readable` says what could be read. Sizes are in bytes, "
           "times in seconds; what happened to pages is counted in pages, as the kernel does. Groups have metrics of their own up to `--groups N`, and "
           "`highwater_cgroups_left_out` counts the others. Alert on pain (kills, pressure, `needed`, findings), never on use: contrib/prometheus has rules.\n")
    for scope, title in SCOPE_TITLES.items():
        rows = [m for m in ref["metrics"] if m["scope"] == scope]
        out += table(title, ["Name", "Labels", "Type", "Meaning"],
                     [[f"`{m['name']}`", ", ".join(filter(None, [m["labels"], m["label"]])), m["type"], m["doc"]] for m in rows])
    return out


def words(values, last="or"):
    """nvme|ssd|hdd: nvme, ssd or hdd."""
    names = values.split("|")
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def machine_value(option):
    """What stands behind the '=' in [machine]."""
    if option["kind"] == "device":
        return f"a [device], or one of {words(option['values'])}"
    return words(option["values"]) if option["kind"] == "choice" else option["kind"]


def scenario_page(ref):
    """docs/scenario.md with its tables of keys made anew; the rest of it is written by hand."""
    options = [(f"`{o['name']}`", machine_value(o), o["default"], o["doc"]) for o in ref["machine_options"]]
    tables = ""
    for section, title in SECTIONS.items():
        lines = options if section == "machine" else []
        lines = lines + [(f"`{k['name']}`", k["kind"], k["default"], k["doc"]) for k in ref["scenario_keys"] if k["section"] == section]
        tables += table(f"`{title}`", ("key", "value", "default", "meaning"), lines).replace("## ", "### ", 1)
    return re.sub(r"(<!-- keys: .*? -->\n).*?(<!-- end of keys -->)", lambda m: m.group(1) + tables + "\n" + m.group(2),
                  (TOP / "docs/scenario.md").read_text(), flags=re.S)


def man_page(ref):
    """docs/man/highwater.1 with the options of a machine made anew."""
    made = ""
    for o in ref["machine_options"]:
        option = o["name"].replace("_", "\\-")
        made += (f'.TP\n.BI \\-\\-{option} " {o["values"]}"\n{o["doc"][0].upper() + o["doc"][1:]}.\n'
                 f"Unless given: {o['replay_default']}.\n")
    return re.sub(r'(\.\\" Made by [^\n]*\n).*?(\.\\" End of what is made.\n)', lambda m: m.group(1) + made + m.group(2),
                  (TOP / "docs/man/highwater.1").read_text(), flags=re.S)


PAGES = {"docs/counters.md": counters_page, "docs/tunables.md": tunables_page, "docs/findings.md": findings_page, "docs/pastes.md": pastes_page, "docs/metrics.md": metrics_page,
         "docs/scenario.md": scenario_page, "docs/man/highwater.1": man_page}


def check_effects():
    """Lines that say which tunable's `effect` is wrong: the one thing that the program cannot know of itself."""
    text = "".join(path.read_text() for path in sorted((TOP / "src").glob("*/*.[ch]"))
                   if path.parent.name not in NOT_OBEYING and not path.stem.endswith(("_test", "_fuzz")))
    table_text = (TOP / "src/stats/tunables.def").read_text()
    for field, key, effect in re.findall(r'^TUNABLE\((\w+), "([^"]+)", .*, (MODELLED|KEPT), "', table_text, re.M):
        used = re.search(r"tunables(->|\.)" + field + r"\b", text) is not None
        if used != (effect == "MODELLED"):
            yield f"src/stats/tunables.def: {key} is {effect}, but " + ("a room reads it" if used else "no room reads it")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--program", default=os.environ.get("HIGHWATER", TOP / "build/highwater"))
    arguments = parser.parse_args()
    ref = reference(arguments.program)
    errors = list(check_effects()) if arguments.check else []
    for name, page in PAGES.items():
        text = page(ref)
        if name.endswith(".md"):
            text = fill_docs.filled(text)
        if (TOP / name).is_file() and (TOP / name).read_text() == text:
            continue
        if arguments.check:
            errors.append(f"{name}: stale; run ./dev docs")
        else:
            (TOP / name).write_text(text)
            print(f"wrote {name}")
    for error in errors:
        print(error)
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
