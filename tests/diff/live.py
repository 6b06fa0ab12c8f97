#!/usr/bin/env python3
"""live.py - does `highwater live` say of a real kernel's groups what fixed limits say, and does it do no harm?

  live.py guest --kernel DIR [--lru mglru] [-o FILE]   four services in an emulated machine: sized, then under fixed limits around the answer
  live.py show [FILE]                                  results as a table

FILE (live-guest.json) keeps a result for each kernel and policy; a new one takes the place of the old. guest-live.sh is what runs, service.c the services.
"""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import guest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
HIGHWATER = pathlib.Path(os.environ.get("BUILD", TOP / "build")) / "highwater"
RESULTS = HERE / "live-guest.json"
SETTINGS = {"pages": 8192, "per_s": 2000, "budget_per_s": 60, "seconds": 180}
RAM_DISK_KIB = 192 * 1024


def program():
    """{path: bytes} of highwater and its libraries."""
    files = {"highwater": HIGHWATER.read_bytes()}
    for line in subprocess.run(["ldd", HIGHWATER], check=True, capture_output=True, text=True).stdout.splitlines():
        path = next((word for word in line.split() if word.startswith("/")), None)
        if path:
            files[path.lstrip("/") if "ld-linux" in path else "lib/" + os.path.basename(path)] = pathlib.Path(path).read_bytes()
    return files


def measure(kernel, lru):
    text = "PAGES=%d\nRATE=%d\nBUDGET=%d\nLASTS=%ds\nLRU=%s\n" % (
        SETTINGS["pages"], SETTINGS["per_s"], SETTINGS["budget_per_s"], SETTINGS["seconds"], "y" if lru == "mglru" else "n")
    text += (HERE / "guest-live.sh").read_text()
    with tempfile.TemporaryDirectory() as work:
        service = os.path.join(work, "service")
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-static", "-o", service, HERE / "service.c", "-lm"], check=True)
        files, _ = guest.boot(work, kernel, text, "1024", RAM_DISK_KIB, append_extra="psi=1", timeout=2400,
                              extra={"service": pathlib.Path(service).read_bytes(), **program()}, fs_kib=64 * 1024)
    return {name: data.decode(errors="replace") for name, data in files.items()}


def result(files, kernel, lru):
    fixed = {}
    for line in files.get("fixed", "").splitlines():
        kind, percent, rate = line.split()
        fixed.setdefault(kind, {})[percent] = int(rate)
    cases = {}
    for kind in ("zipf", "file", "loop", "phase"):
        if not files.get(kind + ".json"):
            cases[kind] = {"error": files.get(kind + ".err", "").strip()}
            continue
        said = json.loads(files[kind + ".json"])
        cases[kind] = {"smallest_usable": said["smallest_usable"], "settled_bytes": said.get("settled_bytes"), "ended": said["ended"],
                       "before_bytes": said["before"]["memory.current"], "seconds": said["seconds"], "price": said["price"],
                       "restored": said["restored"], "limits": said["limits"]}
        if kind in fixed:
            cases[kind]["fixed_refaults_per_s"] = fixed[kind]
    phase = files.get("phase", "").split()
    return {"kernel": files["version"].split()[2], "lru": lru, "date": datetime.date.today().isoformat(),
            "command": f"tests/diff/live.py guest --kernel {kernel}" + (" --lru mglru" if lru == "mglru" else ""), "settings": SETTINGS,
            "cases": cases, "phase_change_given_back_s": round(float(phase[1]) - float(phase[0]), 2) if len(phase) == 2 else None}


def show(results):
    for one in results:
        print(f"{one['kernel']} {one['lru']}: {one['settings']['pages'] * 4 // 1024} MiB, {one['settings']['per_s']} touches/s, "
              f"budget {one['settings']['budget_per_s']}/s")
        for kind, case in one["cases"].items():
            if "error" in case:
                print(f"  {kind:6} {case['error']}")
                continue
            usable, price = case["smallest_usable"], case["price"]
            size = f"{usable['bytes'] / 2**20:.1f} MiB" if usable["found"] else "none"
            fixed = ", ".join(f"{rate}/s at {percent} %" for percent, rate in case.get("fixed_refaults_per_s", {}).items())
            print(f"  {kind:6} {size:9} of {case['before_bytes'] / 2**20:.1f} ({case['ended']}, {case['seconds']:.0f} s); fixed limits: {fixed or '-'}; "
                  f"came back {price['refaults']}, major {price['pgmajfault']}, budget x time {price['budget_x_time']}; "
                  f"let go {price['release_ns_max'] / 1e9:.2f} s; {price['cpu_percent']} % CPU")
        print(f"  a change of phase in a hold: memory.high back after {one['phase_change_given_back_s']} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("guest")
    one.add_argument("--kernel", required=True)
    one.add_argument("--lru", choices=("classic", "mglru"), default="classic")
    one.add_argument("-o", "--output", default=RESULTS, type=pathlib.Path)
    verbs.add_parser("show").add_argument("file", nargs="?", default=RESULTS, type=pathlib.Path)
    args = parser.parse_args()
    if args.verb == "show":
        show(json.loads(args.file.read_text())["results"])
        return 0
    files = measure(args.kernel, args.lru)
    if "version" not in files:
        sys.exit("live: the guest ended early:\n" + files.get("log", ""))
    fresh = result(files, "DIR", args.lru)
    old = json.loads(args.output.read_text())["results"] if args.output.exists() else []
    kept = [r for r in old if (r["kernel"], r["lru"]) != (fresh["kernel"], fresh["lru"])]
    args.output.write_text(json.dumps({"results": sorted(kept + [fresh], key=lambda r: (r["kernel"], r["lru"]))}, indent=1) + "\n")
    show([fresh])
    if files.get("log"):
        print(files["log"][-3000:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
