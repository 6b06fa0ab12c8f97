# Recordings of one service are one answer, and an answer can be pasted.
time: 120 s
$ python3 -c 'import struct; [open(f"{n}.bin", "wb").write(b"".join(struct.pack("<IQIq", 0, i % n, 4096, -1) for i in range(20000))) for n in (400, 1000, 2000)]'
$ for n in 400 1000 2000; do highwater trace import --quiet --from oracle --as anon $n.bin -o $n.hwt; done
$ highwater size --swap 0 --thp never 1000.hwt 2000.hwt 400.hwt -o text
$ sed -n '1p;5,12p' text
>~ 3 recordings as one service: the largest need counts \([0-9]+ replays\)
>~   1000.hwt  +[0-9.]+ ms .* 1.00x
>~ > 2000.hwt  +[0-9.]+ ms .* 1.00x
>~   400.hwt   +[0-9.]+ ms .* 1.00x
> 
>~ 3 recordings need from 1.[0-9]+ MiB \(400.hwt\) to [78].[0-9]+ MiB \(2000.hwt\): a spread of 6.[0-9]+ MiB, [0-9]+ % of
> the largest.
> 
>~ Set memory.max to 8.* MiB.*
$ highwater size --swap 0 --thp never 1000.hwt 2000.hwt 400.hwt --format json --jobs 1 -o all.json
$ highwater size --swap 0 --thp never 1000.hwt 2000.hwt 400.hwt --format json --jobs 3 | cmp - all.json
$ python3 $TOP/tools/check_json.py $TOP/docs/schema/recordings.schema.json all.json
$ for n in 400 1000 2000; do highwater size --swap 0 --thp never $n.hwt --format json -o $n.json; done
$ python3 -c 'import json; d = json.load(open("all.json")); print([r["result"] == json.load(open(r["input"][:-3] + "json")) for r in d["recordings"]], [r["verified"]["usable"] for r in d["recordings"]], d["smallest"])'
> [True, True, True] [True, True, True] None
$ python3 -c 'import json; e = json.load(open("all.json"))["envelope"]; own = [json.load(open(f"{n}.json")) for n in (400, 1000, 2000)]; needs = [o["smallest_usable"]["bytes"] for o in own]; print(e["decided_by"], e["smallest_need_of"], e["need_bytes"] == max(needs), e["spread_bytes"] == max(needs) - min(needs), e["memory.max"] == max(o["advice"]["memory.max"] for o in own))'
> 2000.hwt 400.hwt True True True
$ highwater report all.json -o all.html && grep -c 'as one service\|envelopeTitle' all.html
>~ [1-9][0-9]*

# One for which no limit was found leaves all without one.
$ highwater size --swap 0 --thp never 400.hwt 2000.hwt --limits 2M,4M -o text; sed -n '/^There/,$p' text
> There is no limit for all of them, because there is none for 2000.hwt. No limit that was tried
> keeps the run within 1.10 times its time without a limit. Without a limit it takes 8.0 MiB at
> its fullest; try limits nearer to that.
$ highwater size --swap 0 --thp never 400.hwt 2000.hwt --limits 2M,4M --format kubernetes -o none.yaml; test -e none.yaml
!~ highwater size: nothing to paste: There is no limit for all of them, because there is none for 2000.hwt. .*
= 1
$ highwater size --swap 0 --thp never 2000.hwt --limits 4M --format slurm
!~ highwater size: nothing to paste: No limit that was tried keeps the run within 1.10 times its time .*
= 1

# What to paste is what JSON has, rounded up.
$ highwater size --swap 0 --thp never 2000.hwt 400.hwt --format systemd -o unit; highwater size --swap 0 --thp never 2000.hwt 400.hwt --format docker -o run; highwater size --swap 0 --thp never 2000.hwt 400.hwt --format slurm -o job
$ python3 -c 'import json, re; m = -(-json.load(open("all.json"))["envelope"]["memory.max"] // 2**20); print(f"MemoryMax={m}M" in open("unit").read().split("\n"), f"docker run -m {m}m --memory-swap {m}m IMAGE" in open("run").read().split("\n"), f"#SBATCH --mem={m}M" in open("job").read().split("\n"))'
> True True True
$ grep -v '^#' unit | cut -d= -f1
>...
> MemoryMax
> MemorySwapMax
$ highwater size --swap 0 --thp never 2000.hwt --format kubernetes | grep -v '# '
> resources:
>   requests:
>~     memory: [78]Mi
>   limits:
>~     memory: [89]Mi
$ highwater size --swap 0 --thp never 2000.hwt --format compose | grep -v '# '
> services:
>   NAME:
>~     mem_limit: [89]m
>~     memswap_limit: [89]m

# A recording that is cut: said with its name, and the exit code of one.
$ head -c -20 2000.hwt > cut.hwt; highwater size --swap 0 --thp never 400.hwt cut.hwt -o text; echo $?; grep -c 'Note: the recording cut.hwt is incomplete' text
! highwater size: cut.hwt is incomplete: exit code 1 (--allow-incomplete: 0)
> 1
> 1
$ highwater size --swap 0 --thp never 400.hwt cut.hwt --format slurm --allow-incomplete | grep -c '^# Note: the recording cut.hwt is incomplete'
> 1
$ ln -s 400.hwt again.hwt; highwater size 400.hwt again.hwt
! highwater size: again.hwt is given twice; record the program again for another run of it
! Try 'highwater size --help'.
= 2
$ highwater size 400.hwt --format helm
! highwater size: unknown format 'helm', want text, json, html or one of kubernetes|systemd|docker|compose|slurm
! Try 'highwater size --help'.
= 2
$ highwater size 400.hwt --format 'docker|compose' -q
!~ highwater size: unknown format 'docker\|compose', .*
! Try 'highwater size --help'.
= 2
$ highwater size 400.hwt --format docker --compare disk=nvme,hdd
! highwater size: --format docker is of one machine, not of several (--compare)
! Try 'highwater size --help'.
= 2
