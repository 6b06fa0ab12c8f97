#!/bin/sh
# make.sh - record the examples again: examples/make.sh [HIGHWATER [NAME...]]
#
# The programs are those of Debian 12; inputs are generated and the same each time. The work happens in a
# directory of its own, /tmp/highwater-examples, output included, so that no path of this machine gets into a
# recording.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
highwater=${1:-$here/../build/highwater}
highwater=$(cd "$(dirname "$highwater")" && pwd)/$(basename "$highwater")
[ $# -gt 0 ] && shift
names=${*:-demo python pipeline}
work=/tmp/highwater-examples
PATH=/usr/bin:/bin
LC_ALL=C
export PATH LC_ALL
unset LANG LANGUAGE PYTHONPATH PYTHONHOME 2>/dev/null || true
rm -rf "$work"
mkdir "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"

# A table with an index, then customers who come back: nine of ten questions are about a tenth of the rows,
# and a full scan in between.
demo() {
    cat >shop.sql <<'SQL'
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO orders SELECT i, (i / 40 * 7919) % 5001 * 10 + i / 4 % 10, printf('%.*c', 330, 'x') FROM n;
CREATE INDEX orders_customer ON orders (customer);
CREATE TEMP TABLE ask AS
WITH RECURSIVE n(i, x) AS (
    SELECT 1, 12345
    UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM n WHERE i < 9000)
SELECT CASE WHEN x / 65536 % 10 < 9 THEN x / 655360 % 5000 ELSE x / 65536 % 50010 END AS customer FROM n;
SELECT count(*), sum(length(note)) FROM ask CROSS JOIN orders USING (customer);
SELECT count(*) FROM orders WHERE note LIKE '%y%';
SELECT count(*), sum(length(note)) FROM ask CROSS JOIN orders USING (customer);
SQL
    "$highwater" record -o "$here/demo.hwt" -- sqlite3 shop.db <shop.sql >out
}

# A dictionary of counters whose keys follow a power law: a hot part and a long cold tail.
python() {
    cat >words.py <<'PY'
import random
rng = random.Random(7)
table = {}
for i in range(180000):
    table["key-%06d" % i] = [i, bytes(150)]
hits = 0
for i in range(60000):
    entry = table["key-%06d" % int(180000 * rng.random() ** 9)]
    entry[0] += 1
    hits += entry[0] & 1
print(len(table), hits)
PY
    "$highwater" record -o "$here/python.hwt" -- python3 -I words.py >out
}

# Several programs at once: a text is generated, compressed, and its words are counted through pipes.
pipeline() {
    awk 'BEGIN { srand(3); for (i = 0; i < 400000; i++) {
        n = int(30000 * rand() ^ 3); printf "%s%d%s", "word", n, i % 12 == 11 ? "\n" : " " } }' >text
    "$highwater" record -o "$here/pipeline.hwt" -- sh -c \
        'gzip -1 -k text; zcat text.gz | tr " " "\n" | sort -S 24M | uniq -c | sort -rn | head -n 3' >out
}

for name in $names; do
    "$name"
    cat out
    ls -l "$here/$name.hwt"
done
