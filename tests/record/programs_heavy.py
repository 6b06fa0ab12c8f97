#!/usr/bin/env python3
"""programs_heavy.py - eight servers, interpreters and compilers of Debian do the same recorded as natively. Prints TAP.

    programs_heavy.py [NAME...]

A server gets a bounded load from this process over loopback, then SIGTERM; the others run one file. Compared are the exit
code and a digest of all replies, of the output or of the object file. The recording is whole, and its replay without
a limit completes. What it cost is printed: CPU time of all processes of the program, recorded (the recorder's own
too) and native. Run by root, the programs run as nobody, because three of the servers refuse to run as root.
"""
import collections
import glob
import hashlib
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import Failure, expect, highwater, why_not_here  # noqa: E402

WAIT_S = 300  # for one program, recorded, on a machine that does other things as well
PATH = ":".join(["/usr/bin", "/bin", "/usr/sbin", *sorted(glob.glob("/usr/lib/postgresql/*/bin"))])
ENV = {"PATH": PATH, "LC_ALL": "C"}
USER = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
BATCH = 500

Outcome = collections.namedtuple("Outcome", "code digest")

PYTHON = """
import json, re, zlib
words = {}
for i in range(1000000):
    words.setdefault(i * 7919 % 10007, []).append(str(i))
text = json.dumps(words)
print(len(re.findall("12+3", text)), zlib.crc32(zlib.compress(text.encode(), 1)))
"""

PERL = """
my %h;
push @{$h{$_ * 7919 % 10007}}, "$_" for 1 .. 400000;
my $text = join ",", map { "$_=" . join ":", @{$h{$_}} } sort keys %h;
my $n = () = $text =~ /12+3/g;
print length($text), " $n\\n";
"""

NODE = """
const m = new Map();
for (let i = 0; i < 1500000; i++) { const k = i * 7919 % 10007; if (!m.has(k)) m.set(k, []); m.get(k).push(String(i)); }
const text = JSON.stringify([...m]);
console.log(text.length, (text.match(/12+3/g) || []).length);
"""

C = "".join("int f%d(int *a, int n) { int s = 0; for (int i = 0; i < n; i++) { s += a[i] * %d; if (s > %d) s ^= a[i %% 7]; } return s; }\n"
            % (i, i, i) for i in range(150))

SQL = """
CREATE TABLE t (id integer PRIMARY KEY, k integer, s text);
INSERT INTO t SELECT i, (i * 7919) % 1000003, md5(i::text) FROM generate_series(1, 100000) i;
CREATE INDEX tk ON t (k);
UPDATE t SET s = upper(s) WHERE k % 5 = 0;
SELECT count(*), sum(length(s)), min(s), max(s) FROM t WHERE k BETWEEN 1000 AND 500000;
SELECT k % 100 AS m, count(*), max(s) FROM t GROUP BY m ORDER BY m;
"""

NGINX = """
daemon off; worker_processes 1; pid %(dir)s/nginx.pid; error_log %(dir)s/error.log;
events { worker_connections 64; }
http { access_log %(dir)s/access.log; client_body_temp_path %(dir)s/b; proxy_temp_path %(dir)s/p; fastcgi_temp_path %(dir)s/f;
uwsgi_temp_path %(dir)s/u; scgi_temp_path %(dir)s/s; gzip on; gzip_types text/plain; keepalive_requests 100000;
server { listen 127.0.0.1:%(port)d; root %(dir)s/www; } }
"""


def cpu_of(process):
    """Exit code and CPU seconds of a process and all it waited for."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_utime + usage.ru_stime
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise Failure("did not end within %d s" % WAIT_S)


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connect(port, process):
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        except OSError:
            time.sleep(0.05)
    raise Failure("the server does not answer")


# ---- clients: each returns a digest of what was answered ----

def ask_lines(sock, requests, lines_of):
    """Send in batches; read as many lines as these will be answered with."""
    digest, stream = hashlib.sha256(), sock.makefile("rb")
    for at in range(0, len(requests), BATCH):
        batch = requests[at:at + BATCH]
        sock.sendall(b"".join(batch))
        for _ in range(sum(map(lines_of, batch))):
            line = stream.readline()
            expect(line.endswith(b"\r\n"), "a reply", line)
            digest.update(line)
    return digest.hexdigest()


def value(i):
    return (b"value %d " % i) * (1 + i % 20)


def redis_client(port, process, _):
    with connect(port, process) as sock:
        sets = [b"SET k%d %s\r\n" % (i * 7919 % 30011, value(i).replace(b" ", b"_")) for i in range(100000)]
        gets = [b"GET k%d\r\n" % (i % 30011) for i in range(100000)]
        known = {r.split()[1] for r in sets}
        return ask_lines(sock, sets + gets, lambda r: 2 if r[:1] == b"G" and r.split()[1] in known else 1)


def memcached_client(port, process, _):
    with connect(port, process) as sock:
        sets = [b"set k%d 0 0 %d\r\n%s\r\n" % (i * 7919 % 30011, len(value(i)), value(i)) for i in range(100000)]
        gets = [b"get k%d\r\n" % (i % 30011) for i in range(100000)]
        known = {r.split()[1] for r in sets}
        return ask_lines(sock, sets + gets, lambda r: 3 if r[:1] == b"g" and r.split()[1] in known else 1)


def nginx_client(port, process, _):
    connect(port, process).close()
    digest = hashlib.sha256()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    for i in range(4000):
        client.request("GET", "/%d.txt" % (i % 40), headers={"Accept-Encoding": "gzip"} if i % 2 else {})
        reply = client.getresponse()
        digest.update(b"%d " % reply.status + reply.read())
    client.close()
    return digest.hexdigest()


def postgres_client(port, process, folder):
    connect(port, process).close()
    command = ["psql", "-X", "-q", "-A", "-h", "127.0.0.1", "-p", str(port), "-U", "tester", "-v", "ON_ERROR_STOP=1", "-d", "postgres",
               "-f", write(os.path.join(folder, "load.sql"), SQL)]
    for _ in range(100):  # a server that starts up accepts and refuses
        done = subprocess.run(command, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT_S)
        if b"starting up" not in done.stderr:
            break
        time.sleep(0.1)
    expect(done.returncode == 0, "psql", done.stderr)
    return hashlib.sha256(done.stdout).hexdigest()


# ---- programs ----

def redis(folder, port):
    return ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--daemonize", "no"]


def memcached(_, port):
    return ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "64", "-t", "2"]


def nginx(folder, port):
    os.makedirs(folder + "/www")
    for i in range(40):
        write("%s/www/%d.txt" % (folder, i), "".join("line %d of %d\n" % (n * i, i) for n in range(i * 100)))
    return ["nginx", "-e", folder + "/error.log", "-c", write(folder + "/nginx.conf", NGINX % {"dir": folder, "port": port})]


def postgresql(folder, port):
    data = os.path.join(folder, "data")
    subprocess.run(["initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync"], env=ENV, cwd=folder, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=WAIT_S, **USER)
    return ["postgres", "-D", data, "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1"]


def script(interpreter, text):
    return lambda folder, _: [*interpreter, write(os.path.join(folder, "script"), text)]


def gcc(folder, _):
    return ["gcc", "-x", "c", "-O2", "-c", "-o", os.path.join(folder, "object"), write(os.path.join(folder, "source"), C)]


# name -> (how to make the command, the client of a server)
PROGRAMS = {
    "redis": (redis, redis_client),
    "memcached": (memcached, memcached_client),
    "nginx": (nginx, nginx_client),
    "postgresql": (postgresql, postgres_client),
    "python3": (script(["/usr/bin/python3", "-I"], PYTHON), None),
    "perl": (script(["perl"], PERL), None),
    "node": (script(["node"], NODE), None),
    "gcc": (gcc, None),
}
NEEDS = {"redis": "redis-server", "postgresql": "initdb", "python3": "/usr/bin/python3"}


def make_folder(parent):
    folder = tempfile.mkdtemp(dir=parent)
    if USER:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, USER["group"])
        os.chmod(folder, 0o755)
    return folder


def run_once(name, parent, prefix):
    """Outcome and CPU seconds."""
    make, client = PROGRAMS[name]
    folder, port = make_folder(parent), free_port()
    with open(os.path.join(parent, "output"), "wb") as output:
        process = subprocess.Popen(prefix + make(folder, port), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
                                   cwd=folder, env=dict(ENV, HOME=folder), **USER)
    digest = None
    try:
        if client:
            digest = client(port, process, parent)
            process.send_signal(signal.SIGTERM)
        code, seconds = cpu_of(process)
    finally:
        if process.returncode is None:
            process.terminate()
            process.wait(timeout=WAIT_S)
    if not client:
        made = os.path.join(folder, "object")
        with open(made if os.path.exists(made) else os.path.join(parent, "output"), "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
    return Outcome(code, digest), seconds


def test(name, program, parent):
    """The line of the table of costs."""
    folder = make_folder(parent)
    trace = os.path.join(folder, "x.hwt")
    native, native_s = run_once(name, parent, [])
    expect(native.code == 0, "natively", native)
    recorded, recorded_s = run_once(name, parent, [program, "record", "-q", "-o", trace, "--"])
    expect(recorded == native, "recorded and native differ", recorded, native)
    done = subprocess.run([program, "trace", "verify", trace], stdout=subprocess.PIPE, timeout=WAIT_S)
    expect(done.returncode == 0, "trace verify", done.stdout)
    done = subprocess.run([program, "run", "-q", "--format", "json", trace], stdout=subprocess.PIPE, check=True, timeout=WAIT_S)
    result = json.loads(done.stdout)
    expect(result["outcome"] == "completed", "the replay", result["outcome"])
    expect(result["replay"]["unexplained"] == 0, "operations on files that nobody named", result["replay"])
    size = os.path.getsize(trace)
    os.unlink(trace)
    return "%.1f x (native %.2f s, recorded %.2f s, %.1f MiB)" % (recorded_s / native_s, native_s, recorded_s, size / 2**20)


def program_for_all(parent):
    """A copy that nobody may run, wherever it was built."""
    beside = os.path.join(os.path.dirname(highwater()), "src/record/valgrind")
    if not os.path.isdir(beside):
        return highwater()
    os.makedirs(os.path.join(parent, "src/record/valgrind"))
    for tool in glob.glob(beside + "/hwrecord-*-linux"):
        shutil.copy(tool, os.path.join(parent, "src/record/valgrind"))
    return shutil.copy(highwater(), os.path.join(parent, "highwater"))


def main():
    names = [n for n in PROGRAMS if not sys.argv[1:] or n in sys.argv[1:]]
    reason = why_not_here()
    if reason:
        print("SKIP: " + reason)
        sys.exit(77)
    failed = 0
    print("1..%d" % len(names))
    for number, name in enumerate(names, 1):
        needed = NEEDS.get(name, name)
        if shutil.which(needed, path=PATH) is None:
            print("ok %d - %s # SKIP %s is not installed" % (number, name, needed), flush=True)
            continue
        with tempfile.TemporaryDirectory(dir="/var/tmp") as parent:
            os.chmod(parent, 0o755)
            try:
                cost = test(name, program_for_all(parent), parent)
                print("# result CPU time, %s = %s\nok %d - %s" % (name, cost, number, name), flush=True)
            except Failure as f:
                failed += 1
                print("not ok %d - %s\n# %s" % (number, name, f), flush=True)
            except Exception:  # a broken test is a failed test, and the next one runs
                failed += 1
                print("not ok %d - %s\n# %s" % (number, name, traceback.format_exc().replace("\n", "\n# ")), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
