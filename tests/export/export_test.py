#!/usr/bin/env python3
"""export_test.py - `highwater export` over HTTP, to friends and to others. Prints TAP.

The machines are trees of files that this test writes, so that it knows what each metric has to say.
"""

import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HIGHWATER = os.environ.get("HIGHWATER", str(TOP / "build/highwater"))
CLIENTS, TIMEOUT = 32, 10
# What a group may be called on Linux: anything but '/' and NUL. The observer shows none of those that cannot be shown on a terminal.
HOSTILE = ['quo"te', "back\\slash", "new\nline", "sp ace}{=", "\u202eabc", "b\x01", "b\x02"]
VALUE = re.compile(r'(highwater_[a-z0-9_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*\})? (-?[0-9.e+-]+)')


def write(root, path, text):
    path = pathlib.Path(root) / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_group(root, name, current, limit="max"):
    group = f"sys/fs/cgroup/{name}"
    write(root, f"{group}/memory.current", f"{current}\n")
    write(root, f"{group}/memory.max", f"{limit}\n")
    write(root, f"{group}/memory.stat", "anon 4096\nfile 8192\nactive_file 4096\ninactive_file 4096\npgmajfault 5\nworkingset_refault_file 9\n")
    write(root, f"{group}/memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n")
    write(root, f"{group}/memory.pressure", "some avg10=1.00 avg60=1.00 avg300=1.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n")
    write(root, f"{group}/cgroup.procs", "")


def make_machine(root):
    write(root, "proc/meminfo", "MemTotal: 16000000 kB\nMemFree: 8000000 kB\nMemAvailable: 9000000 kB\nCached: 100000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    write(root, "proc/vmstat", "pgfault 1000\noom_kill 4\n")
    write(root, "sys/fs/cgroup/cgroup.controllers", "memory\n")


class Exporter:
    """A running export of a tree, on a free port."""

    def __init__(self, root, *arguments):
        self.process = subprocess.Popen([HIGHWATER, "export", "--root", str(root), "--listen", "127.0.0.1:0", *arguments], stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        found = re.search(r":(\d+)/metrics", line)
        if not found:
            raise RuntimeError(f"export says {line!r}")
        self.port = int(found[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(10)
        self.process.stderr.close()

    def ask(self, path="/metrics", method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return client


def same(what, is_, expected):
    if is_ != expected:
        raise AssertionError(f"{what}: {is_!r}, not {expected!r}")


def check(what, fine):
    if not fine:
        raise AssertionError(what)


def values(text):
    """{name and labels: number}; each may come once, and nothing else between comments."""
    found = {}
    for line in text.splitlines():
        if line.startswith("# "):
            continue
        match = VALUE.fullmatch(line)
        check(f"not a sample: {line!r}", match)
        name = match[1] + (match[2] or "")
        check(f"twice: {name}", name not in found)
        found[name] = float(match[3])
    return found


def a_scrape_is_openmetrics(root):
    with Exporter(root) as exporter:
        answer, text = exporter.ask()
    same("status", answer.status, 200)
    same("type", answer.getheader("Content-Type"), "application/openmetrics-text; version=1.0.0; charset=utf-8")
    check("no end mark", text.endswith("\n# EOF\n") and text.count("# EOF") == 1)
    families = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)
    same("families in one piece", len(families), len(set(families)))
    for name, unit in re.findall(r"^# UNIT (\S+) (\S+)$", text, re.M):
        check(f"{name} does not end in its unit {unit}", name.endswith("_" + unit))
    kinds = dict(families)
    for sample in values(text):
        name = sample.split("{")[0]
        fine = kinds.get(name) == "gauge" or kinds.get(name.removesuffix("_total")) == "counter" or kinds.get(name.removesuffix("_info")) == "info"
        check(f"{name} is not declared", fine)
    same("exit code", exporter.code, 0)


def figures_are_those_of_the_files(root):
    with Exporter(root) as exporter:
        found = values(exporter.ask()[1])
    same("MemTotal", found["highwater_memory_total_bytes"], 16000000 * 1024)
    same("limit", found['highwater_cgroup_memory_max_bytes{cgroup="/web"}'], 1 << 20)
    same("current", found['highwater_cgroup_memory_current_bytes{cgroup="/web"}'], 65536)
    same("kills", found['highwater_cgroup_memory_events_oom_kill_total{cgroup="/web"}'], 4)
    same("pressure", found['highwater_cgroup_pressure_memory_some_seconds_total{cgroup="/web"}'], 2.5)
    same("refaults", found['highwater_cgroup_stat_workingset_refault_file_pages_total{cgroup="/web"}'], 9)
    check("a limit where there is none", 'highwater_cgroup_memory_max_bytes{cgroup="/job"}' not in found)
    same("held", found['highwater_cgroup_memory_held_bytes{cgroup="/web"}'], 65536 - 8192)
    check("swap that nothing tells", 'highwater_cgroup_swap_current_bytes{cgroup="/web"}' not in found)


def hostile_names_are_labels_and_nothing_else(root):
    for name in HOSTILE:
        make_group(root, name, 4096)
    with Exporter(root) as exporter:
        found = values(exporter.ask()[1])
    for label in (r"/quo\"te", r"/back\\slash", "/sp ace}{="):
        check(f"no group {label}", f'highwater_cgroup_memory_current_bytes{{cgroup="{label}"}}' in found)
    same("lines of groups", len([name for name in found if name.startswith("highwater_cgroup_memory_current_bytes")]), 5)


def what_has_one_name_twice_is_told_once(root):
    write(root, "proc/swaps", "Filename Type Size Used Priority\n/swap file 1000 10 -2\n/swap file 2000 20 -3\n")
    with Exporter(root) as exporter:
        found = values(exporter.ask()[1])
    same("size", found['highwater_swap_area_size_bytes{device="/swap"}'], 1000 * 1024)


def groups_are_bounded_and_the_largest_stay(root):
    for i in range(20):
        make_group(root, f"g{i}", 1000 * i)
    with Exporter(root, "--groups", "3") as exporter:
        found = values(exporter.ask()[1])
    told = sorted(name for name in found if name.startswith("highwater_cgroup_memory_current_bytes"))
    same("groups", told, [f'highwater_cgroup_memory_current_bytes{{cgroup="/{name}"}}' for name in ("g18", "g19", "web")])
    same("left out", found["highwater_cgroups_left_out"], found["highwater_cgroups"] - 3)


def who_asks_for_text_gets_the_older_format(root):
    with Exporter(root) as exporter:
        answer, text = exporter.ask(Accept="text/plain;version=0.0.4")
        both, _ = exporter.ask(Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    same("type", answer.getheader("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
    check("an end mark", "# EOF" not in text and "# UNIT" not in text)
    check("a counter by its family", "# TYPE highwater_vmstat_pgfault_total counter\n" in text)
    check("OpenMetrics where it is taken", both.getheader("Content-Type").startswith("application/openmetrics-text"))
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False)
        # The kernel's own name has "sec" in it, which is no unit there.
        said = [line for line in done.stderr.splitlines() if "nr_sec_page_table_pages" not in line]
        same("promtool check metrics", said, [])


def only_two_pages_are_served(root):
    with Exporter(root) as exporter:
        answer, text = exporter.ask("/")
        check("the index", answer.status == 200 and 'href="/metrics"' in text)
        for path in ("/metrics/", "/../../../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "//metrics", "/proc/meminfo", "/" + "a" * 3000):
            same(path[:40], exporter.ask(path)[0].status, 404)
        answer, text = exporter.ask(method="HEAD")
        check("HEAD", answer.status == 200 and text == "" and int(answer.getheader("Content-Length")) > 1000)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "X"):
            answer, _ = exporter.ask(method=method)
            same(method, (answer.status, answer.getheader("Allow")), (405, "GET, HEAD"))


def other_hosts_are_refused(root):
    with Exporter(root, "--host-header", "Web.example.org") as exporter:
        for host in ("localhost", "LOCALHOST:80", "127.0.0.1", f"127.0.0.1:{exporter.port}", "[::1]", "[::1]:9", "web.example.org:1"):
            same(host, exporter.ask(Host=host)[0].status, 200)
        for host in ("evil.example.org", "localhost.evil.org", "127.0.0.1.evil.org", "127.0.0.2", "localhost:", "localhost:x", "localhost:80:80", "[::1", "::1]", "",
                     "web.example.org.", "a" * 2000, "localhost, evil.org", "\"localhost\""):
            answer, text = exporter.ask(Host=host)
            same(host[:40], answer.status, 421)
            check("a hint", "--host-header" in text and "highwater_" not in text)
        for hosts in ((b"localhost", b"evil.org"), (b"evil.org", b"localhost")):
            client = exporter.connect()
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: %s\r\nHost: %s\r\n\r\n" % hosts)
            first = client.recv(64)
            check(f"two hosts: {first!r}", first and b" 200 " not in first)
            client.close()


def a_busy_port_is_told(root):
    with Exporter(root) as exporter:
        done = subprocess.run([HIGHWATER, "export", "--root", str(root), "--listen", f"127.0.0.1:{exporter.port}"], capture_output=True, text=True, timeout=10, check=False)
    same("exit code", done.returncode, 1)
    same("words", done.stderr, f"highwater export: cannot listen on 127.0.0.1:{exporter.port}: Address already in use: another program listens there; "
                               "--listen ADDR:PORT takes another port\n")


def slow_clients_end_in_time_and_others_are_answered(root):
    """One never sends, one never ends its headers, one never reads; they are gone after 10 s, and 32 of them keep others waiting no longer."""
    with Exporter(root) as exporter:
        silent = exporter.connect()
        drip = exporter.connect()
        drip.sendall(b"GET /metrics HTTP/1.1\r\n")
        deaf = exporter.connect()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        same("beside them", exporter.ask()[0].status, 200)
        more = [exporter.connect() for _ in range(CLIENTS - 3)]
        begin = time.monotonic()
        late = exporter.connect()
        late.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        ended = None
        while ended is None and time.monotonic() - begin < 2 * TIMEOUT:
            try:
                drip.sendall(b"X: y\r\n")
                time.sleep(0.5)
                drip.settimeout(0.01)
                if drip.recv(1000) == b"":
                    ended = time.monotonic() - begin
            except TimeoutError:
                pass
            except OSError:
                ended = time.monotonic() - begin
        check(f"a client that goes on with its headers stays for {ended} s", ended is not None and ended < TIMEOUT + 3)
        late.settimeout(TIMEOUT)
        check("one beyond 32 gets its turn", late.recv(100).startswith(b"HTTP/1.1 200"))
        check(f"it was answered after {time.monotonic() - begin} s, and no turn was awaited", time.monotonic() - begin > TIMEOUT / 2)
        silent.settimeout(TIMEOUT)
        same("who says nothing", silent.recv(100), b"")
        same("afterwards", exporter.ask()[0].status, 200)
        for client in (silent, drip, deaf, late, *more):
            client.close()


def long_headers_are_refused(root):
    with Exporter(root) as exporter:
        client = exporter.connect()
        try:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100000 + b"\r\n\r\n")
            answer = client.recv(100)
        except OSError:
            answer = b""
        check(f"{answer!r}", b" 200 " not in answer)
        client.close()
        for junk in (b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"\xff" * 500 + b"\r\n\r\n", b"GET /metrics HTTP/9.9\r\nHost: localhost\r\n\r\n"):
            client = exporter.connect()
            client.sendall(junk)
            client.shutdown(socket.SHUT_WR)
            client.settimeout(2 * TIMEOUT)
            try:
                answer = client.recv(100)
            except ConnectionResetError:
                answer = b""
            check(f"{junk[:20]!r}: {answer!r}", b" 200 " not in answer)
            client.close()
        same("afterwards", exporter.ask()[0].status, 200)


def many_scrapes_take_few_samples(_):
    """Of the machine itself, which lives: a sample a second at most, however often it is asked."""
    with Exporter("/", "--groups", "5") as exporter:
        exporter.ask()
        first = values(exporter.ask()[1])
        begin = time.monotonic()
        for _ in range(100):
            last = values(exporter.ask()[1])
        seconds = time.monotonic() - begin
    name = "highwater_exporter_samples_total"
    check(f"{last[name] - first[name]} samples in {seconds} s", last[name] - first[name] <= seconds + 1)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    check(f"{usage.ru_maxrss} KiB", usage.ru_maxrss < 200 << 10)


def signals_end_it(root):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Exporter(root) as exporter:
            exporter.ask()
            exporter.process.send_signal(number)
            same(f"signal {number}", exporter.process.wait(5), 0)


def a_textfile_is_never_seen_half(root):
    target = pathlib.Path(root) / "out.prom"
    with Exporter("/", "--textfile", str(target), "1") as exporter:
        until = time.monotonic() + 30
        while not target.exists() and time.monotonic() < until:
            time.sleep(0.01)
        looks, until = 0, time.monotonic() + 2.5
        while time.monotonic() < until:
            if target.exists():
                text = target.read_text()
                check("a part of it", values(text) and text.endswith("\n") and "highwater_finding" in text or "highwater_part_readable" in text)
                looks += 1
        same("served as well", exporter.ask()[0].status, 200)
    check("it was never there", looks > 10)
    same("beside it", sorted(p.name for p in pathlib.Path(root).iterdir()), ["out.prom", "proc", "sys"])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def a_real_prometheus_scrapes_it(root):
    """Debian's prometheus takes every sample, with the rules of contrib/prometheus loaded."""
    if not shutil.which("prometheus"):
        print("# skipped: prometheus is missing")
        return
    port = free_port()
    with Exporter(root) as exporter, tempfile.TemporaryDirectory() as data:
        write(data, "prometheus.yml", f"""global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{TOP}/contrib/prometheus/highwater.rules.yml]
scrape_configs: [{{job_name: highwater, static_configs: [{{targets: ['127.0.0.1:{exporter.port}']}}]}}]
""")
        server = subprocess.Popen(["prometheus", f"--config.file={data}/prometheus.yml", f"--storage.tsdb.path={data}/data", f"--web.listen-address=127.0.0.1:{port}"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            found, until = {}, time.monotonic() + 40
            while time.monotonic() < until and "highwater:cgroup_needed:ratio" not in found:
                time.sleep(0.5)
                found = ask_prometheus(port)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        ours = values(exporter.ask()[1])
    same("up", found.get("up"), 1)
    same("a figure", found.get("highwater_memory_total_bytes"), 16000000 * 1024)
    same("samples", found.get("scrape_samples_scraped"), len(ours))
    check("no rule ran", "highwater:cgroup_needed:ratio" in found)


def ask_prometheus(port):
    """{name: value} of what it has now; of names with labels any one."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/api/v1/query?query=%7Bjob%3D%22highwater%22%7D")
        answer = json.loads(connection.getresponse().read())
        connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    return {one["metric"]["__name__"]: float(one["value"][1]) for one in answer["data"]["result"]}


TESTS = (a_scrape_is_openmetrics, figures_are_those_of_the_files, hostile_names_are_labels_and_nothing_else, what_has_one_name_twice_is_told_once,
         groups_are_bounded_and_the_largest_stay,
         who_asks_for_text_gets_the_older_format, only_two_pages_are_served, other_hosts_are_refused, a_busy_port_is_told,
         slow_clients_end_in_time_and_others_are_answered, long_headers_are_refused, many_scrapes_take_few_samples, signals_end_it, a_textfile_is_never_seen_half,
         a_real_prometheus_scrapes_it)


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory() as root:
            make_machine(root)
            make_group(root, "web", 65536, 1 << 20)
            make_group(root, "job", 4096)
            try:
                test(root)
                print(f"ok {number} - {test.__name__}")
            except (AssertionError, OSError, RuntimeError, KeyError, http.client.HTTPException, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"not ok {number} - {test.__name__}\n# {type(error).__name__}: {error}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
