# Trees that lie: links that contain themselves are not followed, what is too much or has no name that can be shown is counted and said.
@ make.py
| import os, sys
| def put(path, text):
|     os.makedirs(os.path.dirname(path), exist_ok=True)
|     open(path, 'w').write(text)
| def group(path):
|     for name, text in (('current', '99000000'), ('max', '100000000'), ('swap.max', '0'), ('stat', 'anon 98000000\ninactive_file 500000\nactive_file 500000')):
|         put(f'{path}/memory.{name}', text + '\n')
| tree, kind = sys.argv[1:3]
| put(tree + '/proc/meminfo', 'MemTotal: 16000000 kB\nMemFree: 8000000 kB\nMemAvailable: 9000000 kB\nSwapTotal: 0 kB\n')
| cgroup = tree + '/sys/fs/cgroup'
| group(cgroup + '/a')
| if kind == 'links':
|     for i in range(8):
|         os.symlink('.', f'{cgroup}/a/l{i}')
|     put(tree + '/proc/7/stat', '7 (x) S 1 7 7 0 -1 0 1 0 1 0 0 0 0 0 20 0 1 0 1 1000000000 100000\n')
|     for i in range(10, 200):
|         os.symlink('7', f'{tree}/proc/{i}')
| elif kind == 'many':
|     for i in range(199):
|         group(f'{cgroup}/g{i}')
| elif kind == 'names':
|     group(cgroup + '/a\u202e')
|     group(cgroup + '/a\u200b')
| elif kind == 'deep':
|     group(cgroup + '/' + '/'.join(['d' * 50] * 30))
$ for kind in links many names deep; do python3 make.py $kind $kind; done
cpu: 5 s
memory: 64 MiB
$ highwater diagnose links -f json | python3 -c 'import json, sys; d = json.load(sys.stdin); print([f["scope"] for f in d["findings"]], d["findings_left_out"])'
> ['/a', 'host'] []
$ highwater diagnose many -f json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(len(d["findings"]), d["findings_left_out"], d["headline"])'
> 50 [{'rule': 'cgroup-near-max', 'count': 150}] /a is full: 93.5 MiB of its 95.4 MiB is anonymous memory: heaps (and 199 more)
$ highwater diagnose many | grep 'more of'
>   150 more of cgroup-near-max are not shown; see one with --cgroup PATH
$ highwater diagnose names | grep -A 1 all.control
>   whether all control groups are well (/sys/fs/cgroup: 2 have no name that can
>     be shown)
$ highwater diagnose deep | grep -A 1 all.control
>   whether all control groups are well (/sys/fs/cgroup: 1 too many or too deep)
>...
