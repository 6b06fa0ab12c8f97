"""workloads.py - programs of Debian 12 with something to do: servers with clients, interpreters, compilers, batch. Needs Python alone.

A workload makes its inputs in a folder and says what to run there. The client of a server is this process; it returns a digest of what was
answered, and how long it slept on purpose. Everything is bounded and the same each time. Used by programs_heavy.py (the same recorded as
natively), by advice.py (what `size` says and what kernels do) and, inside a virtual machine, by native.py.
"""
import collections
import functools
import glob
import hashlib
import http.client
import json
import os
import pwd
import random
import shutil
import socket
import struct
import subprocess
import time

MIB = 1 << 20
WAIT_S = 300  # for one answer, on a machine that does other things as well
BATCH = 500
NOBODY = pwd.getpwnam("nobody")


def path_in(root):
    """Where programs are in a file system of their own, which may hold others than the one that this runs in."""
    return ":".join(["/usr/bin", "/bin", "/usr/sbin", *sorted(name[len(root):] for name in glob.glob(root + "/usr/lib/postgresql/*/bin"))])


PATH = path_in("")
ENV = {"PATH": PATH, "LC_ALL": "C", "PYTHONHASHSEED": "0", "PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0", "GUILE_AUTO_COMPILE": "0"}

# make(folder, port): the command. client(port, alive): a digest of the answers; alive() raises when the server has ended.
# beside: files that the program asks for and that no recording names, in patterns. needs: other programs that make() runs.
Workload = collections.namedtuple("Workload", "kind binary make client beside needs", defaults=(None, (), ()))


class Failed(Exception):
    pass


def user():
    """Of subprocess: root runs programs as nobody, because three of the servers refuse to run as root."""
    return {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def own(path):
    """Whoever runs the programs may write there, and everybody may look."""
    if os.geteuid() == 0:
        for where, _, names in os.walk(path):
            for name in [where] + [os.path.join(where, name) for name in names]:
                os.chown(name, NOBODY.pw_uid, NOBODY.pw_gid)
    os.chmod(path, 0o755)


def write(path, text):
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def which(binary):
    return shutil.which(binary, path=PATH)


@functools.lru_cache(maxsize=None)
def words(seed, size):
    r = random.Random(seed)
    some = ["".join(r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(r.randrange(2, 12))) for _ in range(5000)]
    out = []
    while size > 0:
        out.append(" ".join(r.choice(some) for _ in range(12)))
        size -= len(out[-1]) + 1
    return "\n".join(out) + "\n"


def text(folder, size, seed=1):
    return write(os.path.join(folder, "text"), words(seed, size))


def tree(folder, files=40):
    source = os.path.join(folder, "tree")
    os.mkdir(source)
    for i in range(files):
        write(os.path.join(source, "file%d" % i), words(i, MIB))
    return source


def c_source(functions):
    return "".join("int f%d(int *a, int n) { int s = 0; for (int i = 0; i < n; i++) { s += a[i] * %d; if (s > %d) s ^= a[i %% 7]; "
                   "switch (s & 3) { case 0: s += i; break; case 1: s -= i; break; default: s *= 3; } } return s; }\n" % (i, i, i)
                   for i in range(functions))


# Clients ---------------------------------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connect(port, alive):
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        alive()
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        except OSError:
            time.sleep(0.05)
    raise Failed("the server does not answer")


def ask_lines(sock, requests, lines_of):
    """Send in batches; read as many lines as these will be answered with."""
    digest, stream = hashlib.sha256(), sock.makefile("rb")
    for at in range(0, len(requests), BATCH):
        batch = requests[at:at + BATCH]
        sock.sendall(b"".join(batch))
        for _ in range(sum(map(lines_of, batch))):
            line = stream.readline()
            if not line.endswith(b"\r\n"):
                raise Failed("a reply: %r" % line)
            digest.update(line)
    return digest.hexdigest()


def value(i):
    return (b"value %d " % i) * (1 + i % 20)


def redis_client(requests):
    def client(port, alive):
        with connect(port, alive) as sock:
            sets = [b"SET k%d %s\r\n" % (i * 7919 % 30011, value(i).replace(b" ", b"_")) for i in range(requests)]
            gets = [b"GET k%d\r\n" % (i % 30011) for i in range(requests)]
            known = {r.split()[1] for r in sets}
            return ask_lines(sock, sets + gets, lambda r: 2 if r[:1] == b"G" and r.split()[1] in known else 1)
    return client


def memcached_client(port, alive):
    with connect(port, alive) as sock:
        sets = [b"set k%d 0 0 %d\r\n%s\r\n" % (i * 7919 % 30011, len(value(i)), value(i)) for i in range(100000)]
        gets = [b"get k%d\r\n" % (i % 30011) for i in range(100000)]
        known = {r.split()[1] for r in sets}
        return ask_lines(sock, sets + gets, lambda r: 3 if r[:1] == b"g" and r.split()[1] in known else 1)


def http_client(paths, requests, gzipped=False):
    def client(port, alive):
        connect(port, alive).close()
        digest = hashlib.sha256()
        session = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        for i in range(requests):
            session.request("GET", paths % (i % 40), headers={"Accept-Encoding": "gzip"} if gzipped and i % 2 else {})
            reply = session.getresponse()
            digest.update(b"%d " % reply.status + reply.read())
        session.close()
        return digest.hexdigest()
    return client


def idle(client, seconds):
    """Loaded, idle, and asked the same once more."""
    def both(port, alive):
        first = client(port, alive)
        time.sleep(seconds)
        return first + client(port, alive)
    both.slept = seconds
    return both


SQL = """
CREATE TABLE t (id integer PRIMARY KEY, k integer, s text);
INSERT INTO t SELECT i, (i * 7919) % 1000003, md5(i::text) FROM generate_series(1, 100000) i;
CREATE INDEX tk ON t (k);
UPDATE t SET s = upper(s) WHERE k % 5 = 0;
SELECT count(*), sum(length(s)), min(s), max(s) FROM t WHERE k BETWEEN 1000 AND 500000;
SELECT k % 100 AS m, count(*), max(s) FROM t GROUP BY m ORDER BY m;
"""


def postgres_message(stream):
    kind, size = struct.unpack("!cI", stream.read(5))
    return kind, stream.read(size - 4)


def postgres_session(port, alive):
    """A connection that was let in: a server that starts up accepts and refuses."""
    asked = b"user\0tester\0database\0postgres\0\0"
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        sock = connect(port, alive)
        sock.sendall(struct.pack("!II", len(asked) + 8, 196608) + asked)
        stream = sock.makefile("rb")
        kind, body = postgres_message(stream)
        if kind != b"E":
            while kind != b"Z":
                kind, body = postgres_message(stream)
            return sock, stream
        if b"starting up" not in body:
            raise Failed("postgres: %r" % body)
        sock.close()
        time.sleep(0.1)
    raise Failed("the server does not start up")


def postgres_client(port, alive):
    sock, stream = postgres_session(port, alive)
    digest = hashlib.sha256()
    for query in filter(str.strip, SQL.split(";")):
        asked = query.encode() + b"\0"
        sock.sendall(b"Q" + struct.pack("!I", len(asked) + 4) + asked)
        kind = b""
        while kind != b"Z":
            kind, body = postgres_message(stream)
            if kind == b"E":
                raise Failed("postgres: %r" % body)
            if kind == b"D":
                digest.update(body)
    sock.sendall(b"X" + struct.pack("!I", 4))
    sock.close()
    return digest.hexdigest()


# Servers ----------------------------------------------------------------------------------------------------------------

NGINX = """
daemon off; worker_processes 1; pid %(dir)s/nginx.pid; error_log %(dir)s/error.log;
events { worker_connections 64; }
http { access_log %(dir)s/access.log; client_body_temp_path %(dir)s/b; proxy_temp_path %(dir)s/p; fastcgi_temp_path %(dir)s/f;
uwsgi_temp_path %(dir)s/u; scgi_temp_path %(dir)s/s; gzip on; gzip_types text/plain; keepalive_requests 100000;
server { listen 127.0.0.1:%(port)d; root %(dir)s/www; } }
"""

LIGHTTPD = """
server.document-root = "%(dir)s/www"
server.port = %(port)d
server.bind = "127.0.0.1"
server.errorlog = "%(dir)s/error.log"
server.max-keep-alive-requests = 100000
mimetype.assign = ( ".txt" => "text/plain" )
"""

APACHE = """
ServerRoot "%(dir)s"
ServerName localhost
PidFile %(dir)s/pid
ErrorLog %(dir)s/error.log
Listen 127.0.0.1:%(port)d
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
Mutex sem
StartServers 2
MinSpareServers 1
MaxSpareServers 2
MaxRequestWorkers 4
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DocumentRoot "%(dir)s/www"
"""

NODE_SERVER = """
const store = new Map();
for (let i = 0; i < 200000; i++) store.set('k' + i, { id: i, text: 'value ' + i });
require('http').createServer((request, reply) => {
    const at = parseInt(request.url.slice(1)) || 0, some = [];
    for (let i = 0; i < 400; i++) some.push(store.get('k' + (at * 7919 + i * 104729) %% 200000));
    reply.end(JSON.stringify(some));
}).listen(%d, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
"""

PYTHON_SERVER = """
import http.server, json, signal, sys
store = {i: ["value %%d" %% i, i * 7919] for i in range(100000)}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        at = int(self.path[1:])
        body = json.dumps([store[(at * 7919 + i * 104729) %% 100000] for i in range(200)]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("127.0.0.1", %d), Handler).serve_forever()
"""

PHP_SERVER = """<?php
$some = [];
for ($i = 0; $i < 20000; $i++) $some[] = "value " . ($i * 7919 %% 100003) . $_SERVER["REQUEST_URI"];
sort($some);
echo md5(implode(",", $some));
"""


def redis(folder, port):
    return ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--daemonize", "no"]


def memcached(_, port):
    return ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "64", "-t", "2"]


def www(folder):
    os.makedirs(folder + "/www", exist_ok=True)
    for i in range(40):
        write("%s/www/%d.txt" % (folder, i), "".join("line %d of %d\n" % (n * i, i) for n in range(i * 100)))
    return folder


def nginx(folder, port):
    return ["nginx", "-e", folder + "/error.log", "-c", write(folder + "/nginx.conf", NGINX % {"dir": www(folder), "port": port})]


def lighttpd(folder, port):
    return ["lighttpd", "-D", "-f", write(folder + "/lighttpd.conf", LIGHTTPD % {"dir": www(folder), "port": port})]


def apache(folder, port):
    return ["apache2", "-D", "FOREGROUND", "-f", write(folder + "/apache.conf", APACHE % {"dir": www(folder), "port": port})]


# It looks for the folder of its libraries, even if it needs none of them.
POSTGRES_BESIDE = ("/usr/lib/postgresql/*/lib/dict_snowball.so", "/usr/lib/postgresql/*/lib/plpgsql.so", "/usr/share/postgresql/*/timezonesets/*",
                   "/usr/share/zoneinfo/Etc/UTC")


def postgresql(folder, port):
    """A database that was made before is used: where only the server is nobody can make one."""
    data = os.path.join(folder, "data")
    if not os.path.isdir(data):
        own(folder)
        subprocess.run(["initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync"], env=ENV, cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=WAIT_S, **user())
    return ["postgres", "-D", data, "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1"]


def server_script(interpreter, script):
    return lambda folder, port: [*interpreter, write(os.path.join(folder, "server"), script % port)]


def php_server(folder, port):
    return ["php", "-S", "127.0.0.1:%d" % port, write(os.path.join(folder, "index.php"), PHP_SERVER.replace("%%", "%"))]


# Interpreters -------------------------------------------------------------------------------------------------------------

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

LUA = """
local t, n = {}, 0
for i = 1, 600000 do t[i * 7919 % 1000003] = "item " .. i end
for k, v in pairs(t) do n = n + #v end
print(n)
"""

RUBY = """
h = Hash.new { |hash, k| hash[k] = [] }
300000.times { |i| h[i * 7919 % 10007] << i.to_s }
text = h.keys.sort.map { |k| k.to_s + "=" + h[k].join(":") }.join(",")
puts text.length, text.scan(/12+3/).length
"""

PHP = """<?php
$h = [];
for ($i = 0; $i < 400000; $i++) $h[$i * 7919 % 10007][] = "item $i";
ksort($h);
$text = json_encode($h);
echo strlen($text), " ", preg_match_all("/12+3/", $text), "\\n";
"""

GUILE = """
(define t (make-hash-table))
(do ((i 0 (+ i 1))) ((= i 200000)) (hash-set! t (modulo (* i 7919) 100003) (number->string i)))
(display (hash-fold (lambda (k v n) (+ n (string-length v))) 0 t))
"""

JAVA = """
import java.util.*;
public class Main {
    public static void main(String[] a) {
        Map<Integer, List<String>> m = new TreeMap<>();
        for (int i = 0; i < 400000; i++) m.computeIfAbsent((int) (i * 7919L % 10007), k -> new ArrayList<>()).add("item " + i);
        long n = 0;
        for (List<String> l : m.values()) for (String s : l) n += s.hashCode();
        System.out.println(n);
    }
}
"""

BC = "scale = 4000\na = 4 * a(1)\nb = e(1)\na * b\n"

SHOP = ("create table t(k integer, s text); with recursive c(i) as (select 1 union all select i + 1 from c where i < 150000) "
        "insert into t select i * 7919 % 100003, hex(i * 104729) || printf('%040d', i) from c; create index tk on t(s); "
        "select count(*), max(length(s)) from t where s > '5';")


def script(interpreter, code):
    return lambda folder, _: [*interpreter, write(os.path.join(folder, "script"), code)]


def java(folder, _):
    return ["java", "-Xmx64m", write(os.path.join(folder, "Main.java"), JAVA)]


def jq(folder, _):
    r = random.Random(1)
    rows = [{"id": i, "name": "n%d" % (i % 977), "values": [r.randrange(1000) for _ in range(6)]} for i in range(60000)]
    return ["jq", "[.[] | .values | add] | add", write(os.path.join(folder, "big.json"), json.dumps(rows))]


def gawk(folder, _):
    return ["gawk", "{ for (i = 1; i <= NF; i++) { n[$i]++; line[$i] = line[$i] NR \" \" } } END { for (w in n) if (n[w] > m) m = n[w]; print m }",
            text(folder, 6 * MIB)]


# Compilers and what makes documents and pictures --------------------------------------------------------------------------


def gcc(functions, *options):
    return lambda folder, _: ["gcc", *options, "-c", "-o", os.path.join(folder, "object"), write(os.path.join(folder, "source.c"), c_source(functions))]


def bison(folder, _):
    rules = "".join("e%d: e%d '+' T%d | '(' e%d ')' T%d | T%d;\n" % (i, i + 1, i, (i * 7) % 120, i, i) for i in range(120))
    return ["bison", "-o", os.path.join(folder, "out.c"),
            write(os.path.join(folder, "grammar.y"), "".join("%%token T%d\n" % i for i in range(121)) + "%%\n" + rules + "e120: T120;\n%%\n")]


def m4(folder, _):
    return ["m4", write(os.path.join(folder, "in.m4"), "".join("define(`w%d', `x%d y%d')dnl\nw%d\n" % (i, i, i * 7, i) for i in range(60000)))]


def convert(folder, _):
    return ["convert-im6.q16", "-size", "900x600", "plasma:red-blue", "-resize", "50%", os.path.join(folder, "out.png")]


def ghostscript(folder, _):
    page = "".join("%d %d moveto %d %d lineto stroke\n" % (i * 7 % 600, i * 13 % 800, i * 31 % 600, i * 3 % 800) for i in range(3000)) + "showpage\n"
    return ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=png16m", "-r100", "-sOutputFile=" + os.path.join(folder, "page%d.png"),
            write(os.path.join(folder, "in.ps"), "%!PS\n" + page * 4)]


def gnuplot(folder, _):
    data = write(os.path.join(folder, "data"), "".join("%d %d\n" % (i, i * 7919 % 10007) for i in range(200000)))
    return ["gnuplot", "-e", "set terminal svg; set output '%s'; plot '%s' with dots, '%s' smooth bezier" % (os.path.join(folder, "out.svg"), data, data)]


def dot(folder, _):
    return ["dot", "-Tdot", "-o", os.path.join(folder, "out"), write(os.path.join(folder, "graph"), "digraph {\n" + "".join(
        "n%d -> n%d;\n" % (i, i // 2 + i % 3) for i in range(1, 500)) + "}\n")]


def pandoc(folder, _):
    body = "".join("# Part %d\n\n%s\n\n* one\n* *two*\n\n" % (i, words(i, 2000)) for i in range(60))
    return ["pandoc", "-f", "markdown", "-t", "html", "-o", os.path.join(folder, "out.html"), write(os.path.join(folder, "in.md"), body)]


# Batch --------------------------------------------------------------------------------------------------------------------


def pack(*command, size=16 * MIB):
    return lambda folder, _: [*command, text(folder, size)]


def tar_xz(folder, _):
    return ["tar", "-I", "xz -6 -T1", "-cf", os.path.join(folder, "out.tar.xz"), "-C", folder, os.path.basename(tree(folder, 4))]


def rsync(folder, _):
    return ["rsync", "-a", tree(folder) + "/", os.path.join(folder, "copy") + "/"]


def rg(folder, _):
    return ["rg", "-j1", "-c", "qu+e?z", tree(folder)]


def grep(folder, _):
    return ["grep", "-r", "-c", "-E", "(ab|ba)+c", tree(folder, 20)]


def sort(folder, _):
    return ["sort", "-S", "12M", "--parallel=1", "-T", folder, "-o", os.path.join(folder, "out"), text(folder, 16 * MIB)]


def diff(folder, _):
    lines = words(1, 4 * MIB).split("\n")
    other = [line if i % 11 else line[::-1] for i, line in enumerate(lines)]
    return ["diff", "--minimal", text(folder, 4 * MIB), write(os.path.join(folder, "other"), "\n".join(other))]


def openssl(folder, _):
    return ["openssl", "enc", "-aes-256-ctr", "-K", "00" * 32, "-iv", "00" * 16, "-in", text(folder, 16 * MIB), "-out", os.path.join(folder, "out")]


def pipeline(folder, _):
    where = text(folder, 5 * MIB)
    return ["dash", "-c", "cd '%s'; tr -s ' ' '\\n' <%s | sort -S 12M --parallel=1 -T . | uniq -c | sort -S 2M --parallel=1 -T . -rn >out" % (folder, where)]


def python_sleeps(folder, _):
    code = PYTHON.replace("text = ", "import time; time.sleep(3)\ntext = ") + "time.sleep(3)\n"
    return ["python3", "-I", "-S", write(os.path.join(folder, "script"), code)]


python_sleeps.slept = 6


S, I, C, B = "server", "interpreter", "compiler", "batch"
PROGRAMS = {
    "redis": Workload(S, "redis-server", redis, redis_client(100000)),
    "redis-idle": Workload(S, "redis-server", redis, idle(redis_client(25000), 10)),
    "memcached": Workload(S, "memcached", memcached, memcached_client),
    "memcached-idle": Workload(S, "memcached", memcached, idle(memcached_client, 6)),
    "nginx": Workload(S, "nginx", nginx, http_client("/%d.txt", 4000, True)),
    "nginx-idle": Workload(S, "nginx", nginx, idle(http_client("/%d.txt", 300, True), 6)),
    "lighttpd": Workload(S, "lighttpd", lighttpd, http_client("/%d.txt", 4000), ("/usr/lib/lighttpd/*.so",)),
    "apache2": Workload(S, "apache2", apache, http_client("/%d.txt", 4000)),
    "postgresql": Workload(S, "postgres", postgresql, postgres_client, POSTGRES_BESIDE, ("initdb",)),
    "node-server": Workload(S, "node", server_script(["node"], NODE_SERVER), http_client("/%d", 800)),
    "python-server": Workload(S, "python3", server_script(["python3", "-I", "-S"], PYTHON_SERVER), http_client("/%d", 800)),
    "php-server": Workload(S, "php", php_server, http_client("/%d", 100)),
    "python3": Workload(I, "python3", script(["python3", "-I", "-S"], PYTHON)),
    "python-sleeps": Workload(I, "python3", python_sleeps),
    "perl": Workload(I, "perl", script(["perl"], PERL)),
    "node": Workload(I, "node", script(["node"], NODE)),
    "lua5.4": Workload(I, "lua5.4", script(["lua5.4"], LUA)),
    "ruby": Workload(I, "ruby", script(["ruby"], RUBY)),
    "php": Workload(I, "php", script(["php", "-d", "memory_limit=-1"], PHP)),
    "guile": Workload(I, "guile", script(["guile"], GUILE)),
    "java": Workload(I, "java", java),
    "bc": Workload(I, "bc", lambda folder, _: ["bc", "-l", write(os.path.join(folder, "script"), BC + "quit\n")]),
    "gawk": Workload(I, "gawk", gawk),
    "sqlite3": Workload(I, "sqlite3", lambda folder, _: ["sqlite3", ":memory:", SHOP]),
    "sqlite-file": Workload(I, "sqlite3", lambda folder, _: ["sqlite3", os.path.join(folder, "shop.db"), "pragma synchronous=off;" + SHOP]),
    "jq": Workload(I, "jq", jq),
    "gcc": Workload(C, "gcc", gcc(150, "-O2")),
    "gcc-O0": Workload(C, "gcc", gcc(250, "-O0")),
    "bison": Workload(C, "bison", bison, None, ("/usr/share/bison/**",)),
    "m4": Workload(C, "m4", m4),
    "convert": Workload(C, "convert-im6.q16", convert),
    "gs": Workload(C, "gs", ghostscript),
    "gnuplot": Workload(C, "gnuplot", gnuplot),
    "dot": Workload(C, "dot", dot, None, ("/usr/lib/x86_64-linux-gnu/graphviz/*",)),
    "pandoc": Workload(C, "pandoc", pandoc),
    "gzip": Workload(B, "gzip", pack("gzip", "-k", "-9", size=8 * MIB)),
    "xz": Workload(B, "xz", pack("xz", "-k", "-4", "-T1", size=4 * MIB)),
    "zstd": Workload(B, "zstd", pack("zstd", "-q", "-k", "-9", "-T1", size=8 * MIB)),
    "bzip2": Workload(B, "bzip2", pack("bzip2", "-k", size=6 * MIB)),
    "tar": Workload(B, "tar", tar_xz),
    "rsync": Workload(B, "rsync", rsync),
    "rg": Workload(B, "rg", rg),
    "grep": Workload(B, "grep", grep),
    "sort": Workload(B, "sort", sort),
    "diff": Workload(B, "diff", diff),
    "openssl": Workload(B, "openssl", openssl),
    "pipeline": Workload(B, "dash", pipeline),
}


def slept(workload):
    """Seconds in which it does nothing by itself."""
    return getattr(workload.client, "slept", 0) + getattr(workload.make, "slept", 0)


def missing(name):
    """What this machine lacks for a program, or None."""
    workload = PROGRAMS[name]
    return next((binary for binary in (workload.binary, *workload.needs) if not which(binary)), None)
