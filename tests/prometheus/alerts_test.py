#!/usr/bin/env python3
"""alerts_test.py - the alert rules of contrib/prometheus, on simulated machines. Prints TAP.

Each scenario of this folder runs with a capture, `highwater capture dump` tells its metrics over time, and promtool evaluates the rules over them: on the sick machine
just the alerts that CASES names fire, on its healthy twin none ever. For node-exporter.rules.yml the same figures get the names of node_exporter and cAdvisor.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = pathlib.Path(__file__).resolve().parent
HIGHWATER = os.environ.get("HIGHWATER", str(TOP / "build/highwater"))
RULES = TOP / "contrib/prometheus"
EVERY = 15
# Scenario: alerts of highwater.rules.yml, alerts of node-exporter.rules.yml.
CASES = {
    "kill": ({"HighwaterCritical", "HighwaterKill", "HighwaterCgroupKill", "HighwaterCgroupNeedNearLimit"}, {"NodeMemoryKill", "ContainerMemoryKill"}),
    "thrash": ({"HighwaterCritical", "HighwaterThrash", "HighwaterCgroupThrash", "HighwaterCgroupNeedNearLimit"}, {"NodeMemoryThrash", "ContainerMemoryThrash"}),
    "near": ({"HighwaterCgroupNeedNearLimit"}, {"ContainerMemoryNearLimit"}),
    "leak": ({"HighwaterCgroupGrowsToLimit"}, {"ContainerMemoryGrowsToLimit"}),
    "leak-host": ({"HighwaterGrowsToRam"}, set()),
    "swap-full": ({"HighwaterCritical", "HighwaterThrash", "HighwaterSwapFull", "HighwaterNeedNearRam"}, {"NodeMemoryThrash", "NodeSwapFull"}),
    "node": ({"HighwaterCritical", "HighwaterThrash", "HighwaterNodeStarved"}, {"NodeMemoryThrash"}),
    "stale": ({"HighwaterStale"}, None),
    "reclaim": ({"HighwaterCritical", "HighwaterDirectReclaim"}, {"NodeMemoryDirectReclaim"}),
}
# An exporter that took its last sample at 60 s, and one that goes on.
STALE = [("highwater_exporter_sample_timestamp_seconds", {}, {step: min(step * EVERY, 60) for step in range(40)})]
FRESH = [("highwater_exporter_sample_timestamp_seconds", {}, {step: step * EVERY for step in range(40)})]
CONTAINER = {"namespace": "sim", "pod": "sim"}


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command[:4]))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def series_of(scenario, folder):
    """[(name, labels, {step: value})] of a scenario, a step every 15 s."""
    capture = folder / f"{scenario}.hwc"
    subprocess.run([HIGHWATER, "run", HERE / f"{scenario}.ini", "--capture", capture, "--every", f"{EVERY}s", "-o", os.devnull],
                   capture_output=True, timeout=120, check=False)  # Who ends by a kill ends with 1.
    dump = json.loads(run(HIGHWATER, "capture", "dump", capture, "-f", "json"))
    steps = [round(at / EVERY) for at in dump["times_s"]]
    return [(s["name"], s["labels"], {step: value for step, value in zip(steps, s["values"]) if value is not None}) for s in dump["series"]]


def as_others_name_it(series):
    """The same figures as node_exporter and cAdvisor have them."""
    node = {"highwater_pressure_memory_some_seconds_total": "node_pressure_memory_waiting_seconds_total", "highwater_pressure_io_some_seconds_total": "node_pressure_io_waiting_seconds_total",
            "highwater_swap_total_bytes": "node_memory_SwapTotal_bytes"}
    group = {"highwater_cgroup_stat_anon_bytes": ("container_memory_rss", {}), "highwater_cgroup_memory_max_bytes": ("container_spec_memory_limit_bytes", {}),
             "highwater_cgroup_memory_events_oom_kill_total": ("container_oom_events_total", {}),
             "highwater_cgroup_pressure_memory_some_seconds_total": ("container_pressure_memory_waiting_seconds_total", {}),
             "highwater_cgroup_pressure_io_some_seconds_total": ("container_pressure_io_waiting_seconds_total", {}),
             "highwater_cgroup_memory_current_bytes": ("container_memory_usage_bytes", {}),
             "highwater_cgroup_stat_pgmajfault_total": ("container_memory_failures_total", {"failure_type": "pgmajfault", "scope": "container"})}
    total = next((values for name, _, values in series if name == "highwater_swap_total_bytes"), {})
    for name, labels, values in series:
        vmstat = re.fullmatch(r"highwater_vmstat_(.*?)(_pages)?_total", name)
        if name in node:
            yield node[name], labels, values
        elif name == "highwater_swap_used_bytes":
            yield "node_memory_SwapFree_bytes", labels, {step: total[step] - used for step, used in values.items()}
        elif vmstat:
            yield f"node_vmstat_{vmstat[1]}", labels, values
        elif name in group:
            yield group[name][0], {**CONTAINER, **group[name][1], "container": labels["cgroup"].strip("/")}, values


def fired(rules, known, folder):
    """{scenario: names of the alerts that ever fire}. All scenarios are instances in one test: promtool takes a while to begin."""
    text = (RULES / rules).read_text()
    used = set(re.findall(r"\w+", text))
    lines = []
    for scenario, series in known.items():
        for name, labels, values in series:
            if name in used and values:
                labels = {"job": "highwater", "instance": scenario, **labels}
                name += "{" + ",".join(f"{key}={json.dumps(value)}" for key, value in labels.items()) + "}"
                lines.append({"series": name, "values": " ".join(str(values.get(step, "_")) for step in range(max(values) + 1))})
    last = max(max(values) for series in known.values() for _, _, values in series if values) * EVERY
    expr = f'group by (instance, alertname) (max_over_time(ALERTS{{alertstate="firing"}}[{last + 60}s]))'
    # promtool says what it got where that is not what was expected.
    test = {"rule_files": [str(RULES / rules)], "evaluation_interval": "30s",
            "tests": [{"interval": f"{EVERY}s", "input_series": lines,
                       "promql_expr_test": [{"expr": expr, "eval_time": f"{last}s", "exp_samples": [{"labels": '{alertname="none"}', "value": 1}]}]}]}
    path = folder / "test.yml"
    path.write_text(json.dumps(test))  # JSON is YAML
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, timeout=120, check=False)
    said = done.stdout + done.stderr
    found = {scenario: set() for scenario in known}
    for sample in re.findall(r"\{alertname=[^}]*\}", said):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', sample))
        if "instance" in labels:
            found[labels["instance"]].add(labels["alertname"])
    if done.returncode != 1 or not any(found.values()):
        raise AssertionError(f"promtool: {said[-600:]}")
    return found


def check_rules(rules, column, known, folder):
    """Lines of TAP without their numbers."""
    try:
        got = fired(rules, known, folder)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        return [f"not ok - {rules}\n# {error}"]
    lines = []
    for case, alerts in CASES.items():
        if alerts[column] is None:
            continue
        for scenario, expected in ((case, alerts[column]), (f"{case}-healthy", set())):
            if got[scenario] == expected:
                lines.append(f"ok - {rules}: {scenario}: {', '.join(sorted(expected)) or 'silent'}")
            else:
                lines.append(f"not ok - {rules}: {scenario}\n# fired: {sorted(got[scenario])}, not {sorted(expected)}")
    declared = set(re.findall(r"- alert: (\w+)", (RULES / rules).read_text()))
    tested = set().union(*(alerts[column] or set() for alerts in CASES.values()))
    lines.append(f"ok - {rules}: each alert fires somewhere" if declared == tested else f"not ok - {rules}: each alert fires somewhere\n# not: {sorted(declared - tested)}")
    return lines


def check_names():
    """What our rules and the dashboard ask for is exported, or recorded by a rule."""
    known = {metric["name"] for metric in json.loads(run(HIGHWATER, "explain", "--all", "--format", "json"))["metrics"]}
    known |= set(re.findall(r"record: (\S+)", (RULES / "highwater.rules.yml").read_text()))
    lines = []
    for name in ("highwater.rules.yml", "highwater.dashboard.json"):
        text = (RULES / name).read_text()
        asked = "\n".join(json.dumps(t) for p in json.loads(text)["panels"] for t in p["targets"]) if name.endswith("json") else text
        unknown = set(re.findall(r"\bhighwater[_:][a-z0-9_:]+", asked)) - known
        lines.append(f"not ok - {name}: asks for what is exported\n# not: {sorted(unknown)}" if unknown else f"ok - {name}: asks for what is exported")
    return lines


def check_dashboard(folder):
    """Each expression is one that Prometheus parses. It is asked as a rule, with the dashboard's variables as Grafana would fill them in."""
    panels = json.loads((RULES / "highwater.dashboard.json").read_text())["panels"]
    lines, exprs = [], [(p["title"], t["expr"]) for p in panels for t in p.get("targets", [])]
    for number, (title, expr) in enumerate(exprs):
        for variable, value in (("$__rate_interval", "1m"), ("$__interval", "1m"), ("$__range", "1h")):
            expr = expr.replace(variable, value)
        expr = re.sub(r"\$\{?\w+(:\w+)?\}?", "x", expr)
        path = folder / f"panel{number}.yml"
        path.write_text(json.dumps({"groups": [{"name": "panel", "rules": [{"record": "panel:expr", "expr": expr}]}]}))
        done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            lines.append(f"not ok - dashboard: {title}: {expr}\n# {done.stderr[-300:]}")
    if not exprs:
        lines.append("not ok - dashboard: it asks for nothing")
    return lines or [f"ok - dashboard: {len(exprs)} expressions are parsed"]


def main():
    if not shutil.which("promtool"):
        print("skip: promtool is missing (Debian: prometheus)")
        sys.exit(77)
    known = {"stale": STALE, "stale-healthy": FRESH}
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            lines = check_names() + check_dashboard(folder)
            run("promtool", "check", "rules", *sorted(RULES.glob("*.rules.yml")))
            for scenario in [name for case in CASES for name in (case, f"{case}-healthy")]:
                if scenario not in known:
                    known[scenario] = series_of(scenario, folder)
            lines += check_rules("highwater.rules.yml", 0, known, folder)
            others = {scenario: list(as_others_name_it(series)) for scenario, series in known.items()}
            lines += check_rules("node-exporter.rules.yml", 1, others, folder)
        except (AssertionError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
            lines.append(f"not ok - scenarios and rules\n# {error}")
    print(f"1..{len(lines)}")
    for number, line in enumerate(lines, 1):
        print(re.sub(r"^((?:not )?ok) -", rf"\1 {number} -", line))
    return any(line.startswith("not") for line in lines)


if __name__ == "__main__":
    sys.exit(main())
