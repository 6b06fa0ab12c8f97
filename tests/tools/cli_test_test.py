#!/usr/bin/env python3
"""cli_test_test.py - the runner of command-line tests passes what is right and fails what is wrong. Prints TAP."""

import pathlib
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tools"))
import cli_test  # noqa: E402

# (name of the case, text of the .t file, outcome, part of the message)
CASES = [
    ("exact_lines_match", "$ printf 'a\\nb\\n'\n> a\n> b\n", "pass", ""),
    ("a_wrong_line_fails", "$ printf 'a\\nc\\n'\n> a\n> b\n", "fail", "wanted ' b'"),
    ("an_unexpected_line_fails", "$ printf 'a\\nb\\n'\n> a\n", "fail", "unexpected line 2"),
    ("a_missing_line_fails", "$ echo a\n> a\n> b\n", "fail", "got the end"),
    ("output_nobody_asked_for_fails", "$ echo a\n", "fail", "unexpected line 1"),
    ("stderr_nobody_asked_for_fails", "$ echo a >&2\n", "fail", "stderr: unexpected line 1"),
    ("regex_must_match_the_whole_line", "$ echo abc\n>~ a.\n", "fail", "wanted '~a.'"),
    ("regex_matches", "$ echo a12\n>~ a\\d+\n", "pass", ""),
    ("any_stands_for_no_line_or_many", "$ seq 9\n>...\n> 4\n>...\n> 9\n>...\n", "pass", ""),
    ("any_finds_a_later_match", "$ printf 'x\\na\\nx\\nb\\n'\n>...\n> x\n> b\n", "pass", ""),
    ("any_is_not_everything", "$ seq 3\n>...\n> 4\n", "fail", "wanted ' 4'"),
    ("an_empty_line_is_a_line", "$ printf 'a\\n\\nb\\n'\n> a\n>\n> b\n", "pass", ""),
    ("exit_codes_count", "$ exit 3\n= 3\n", "pass", ""),
    ("a_wrong_exit_code_fails", "$ exit 3\n", "fail", "exit code 3, wanted 0"),
    ("stdin_is_given", "$ cat\n< one\n< two\n> one\n> two\n", "pass", ""),
    ("stdin_is_empty_otherwise", "$ cat\n", "pass", ""),
    ("files_are_written", "@ d/x.txt\n| one\n|\n|  two\n$ cat d/x.txt\n> one\n>\n>  two\n", "pass", ""),
    ("commands_share_a_folder", "$ echo hi >f\n$ cat f\n> hi\n", "pass", ""),
    ("time_is_limited", "time: 0.2 s\n$ sleep 5\n", "fail", "still running"),
    ("cpu_is_limited", "cpu: 0.1 s\n$ i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done\n", "fail", "of CPU"),
    ("memory_is_limited", "memory: 30 MiB\n$ python3 -c 'x = bytearray(100 << 20)'\n", "fail", "peak memory"),
    ("a_missing_program_is_a_skip", "needs: no-such-program\n$ false\n", "skip", "no-such-program"),
    ("a_test_without_a_command_fails", "# nothing\n", "fail", "no command"),
    ("an_odd_line_fails", "$ true\nwhat\n", "fail", "not a line of a test"),
    ("an_odd_limit_fails", "time: soon\n$ true\n", "fail", "want 'time: 5 s'"),
]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, (name, text, outcome, message) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "case.t"
            path.write_text(text)
            got, said = cli_test.run_file(path, pathlib.Path(folder))
        good = got == outcome and message in said
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# wanted {outcome} {message!r}, got {got}:\n# " + said.replace("\n", "\n# "))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
