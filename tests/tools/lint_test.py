#!/usr/bin/env python3
"""lint_test.py - the checks of layers, style and dead code find what they are for, and only that.

Each case is a small tree with one file, run through a copy of the tools. Prints TAP.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

KERNEL = '/* kernel_7_2.c - x */\nconst struct kernel_release kernel_7_2 = {\n    .name = "7.2",\n};\n'

# (name of the case, tool, files, what a finding must say, or None when there must be none)
CASES = [
    ("a_room_may_include_a_lower_room", "check_layers.py",
     {"src/frames/a.c": '/* a.c - x */\n#include "base/types.h"\n', "src/base/types.h": "/* types.h - x */\n"}, None),
    ("a_room_may_not_include_a_higher_room", "check_layers.py",
     {"src/base/a.c": '/* a.c - x */\n#include "frames/b.h"\n', "src/frames/b.h": "/* b.h - x */\n"},
     "src/base/a.c:2: base/ may not include frames/b.h"),
    ("the_observer_may_not_include_the_machine", "check_layers.py",
     {"src/observe/a.c": '/* a.c - x */\n#include "frames/b.h"\n', "src/frames/b.h": "/* b.h - x */\n"},
     "observe/ may not include frames/b.h"),
    ("internal_headers_stay_in_their_room", "check_layers.py",
     {"src/space/a.c": '/* a.c - x */\n#include "frames/b_int.h"\n', "src/frames/b_int.h": "/* b_int.h - x */\n"},
     "b_int.h belongs to frames/ alone"),
    ("includes_name_their_room", "check_layers.py",
     {"src/base/a.c": '/* a.c - x */\n#include "b.h"\n', "src/base/b.h": "/* b.h - x */\n"}, 'write "base/b.h"'),
    ("only_cli_prints", "check_layers.py",
     {"src/size/a.c": '/* a.c - x */\nvoid f(void)\n{\n    printf("x");\n}\n'}, "src/size/a.c:4: printf(: only cli/"),
    ("one_file_of_cli_prints", "check_layers.py",
     {"src/cli/cli_output.c": '/* cli_output.c - x */\nvoid f(void)\n{\n    printf("x");\n}\n'}, None),
    ("the_rest_of_cli_lets_it_print", "check_layers.py",
     {"src/cli/a.c": '/* a.c - x */\nvoid f(void)\n{\n    fprintf(stderr, "x");\n}\n'}, "clean what they show"),
    ("cli_exits", "check_layers.py", {"src/cli/a.c": '/* a.c - x */\nvoid f(void)\n{\n    exit(1);\n}\n'}, None),
    ("json_c_is_called_in_one_file", "check_layers.py",
     {"src/report/a.c": '/* a.c - x */\nvoid f(void)\n{\n    json_object_new_string(x);\n}\n'}, "json_put.h"),
    ("writing_to_a_file_is_not_printing", "check_layers.py",
     {"src/size/a.c": '/* a.c - x */\nvoid f(FILE *o)\n{\n    fprintf(o, "x");\n}\n'}, None),
    ("printing_to_stderr_is_printing", "check_layers.py",
     {"src/size/a.c": '/* a.c - x */\nvoid f(void)\n{\n    fprintf(stderr, "x");\n}\n'}, "only cli/"),
    ("the_machine_reads_no_clock", "check_layers.py",
     {"src/frames/a.c": "/* a.c - x */\nvoid f(void)\n{\n    clock_gettime(0, 0);\n}\n"}, "its own clock"),
    ("the_recorder_may_read_a_clock", "check_layers.py",
     {"src/record/a.c": "/* a.c - x */\nvoid f(void)\n{\n    clock_gettime(0, 0);\n}\n"}, None),
    ("a_call_in_a_comment_or_string_is_no_call", "check_layers.py",
     {"src/frames/a.c": '/* a.c - x */\n/* time(NULL) */\nchar s[] = "printf(x)"; // rand()\n'}, None),
    ("a_reason_waives_a_call", "check_layers.py",
     {"src/frames/a.c": "/* a.c - x */\n/* lint: measured on purpose */\nint t = clock();\n"}, None),
    ("a_waiver_without_a_reason_is_none", "check_layers.py",
     {"src/frames/a.c": "/* a.c - x */\n/* lint: */\nint t = clock();\n"}, "its own clock"),
    ("a_room_must_be_listed", "check_layers.py", {"src/attic/a.c": "/* a.c - x */\n"}, "src/attic/ is not listed"),
    ("a_long_file_is_an_error", "tidy.py", {"src/base/a.c": "/* a.c - x */\n" + "int x;\n" * 1200}, "over 1200"),
    ("a_file_says_what_it_is", "tidy.py", {"src/base/a.c": "int x;\n"}, 'open with "/* a.c - what it is"'),
    ("a_long_function_is_an_error", "tidy.py",
     {"src/base/a.c": "/* a.c - x */\n\nint f(void)\n{\n" + "    x();\n" * 71 + "}\n"}, "f: 71 lines"),
    ("a_long_function_may_have_a_reason", "tidy.py",
     {"src/base/a.c": "/* a.c - x */\n\n/* long: one table */\nint f(void)\n{\n" + "    x();\n" * 71 + "}\n"}, None),
    ("strcpy_is_banned", "tidy.py", {"src/base/a.c": "/* a.c - x */\nint f = strcpy(a, b);\n"}, "strcpy is banned"),
    ("snprintf_is_not_sprintf", "tidy.py", {"src/base/a.c": "/* a.c - x */\nint f = snprintf(a, b);\n"}, None),
    ("files_are_made_in_one_place", "tidy.py",
     {"src/size/a.c": "/* a.c - x */\nint f = open(a, O_WRONLY | O_CREAT, 0666);\n"}, "a.c:2: O_CREAT: base/outfile.h"),
    ("a_stream_for_writing_is_a_file_made", "tidy.py",
     {"src/size/a.c": '/* a.c - x */\nFILE *f = fopen(a, "w");\n'}, "a.c:2: fopen: base/outfile.h"),
    ("a_rename_is_a_file_made", "tidy.py", {"src/cli/a.c": "/* a.c - x */\nint f = rename(a, b);\n"}, "rename: base/outfile.h"),
    ("reading_makes_no_file", "tidy.py",
     {"src/size/a.c": '/* a.c - x */\nFILE *f = fopen(a, "re");\nint g = open(a, O_RDONLY), h = arena_link(x);\n'}, None),
    ("the_recorder_makes_no_file_either", "tidy.py",
     {"src/record/valgrind/a.c": "/* a.c - x */\nint f = VG_(open)(a, VKI_O_CREAT, 0666);\n"}, "VKI_O_CREAT: base/outfile.h"),
    ("a_dead_header_is_an_error", "tidy.py", {"src/base/a.h": "/* a.h - x */\n"}, "nobody includes"),
    ("an_empty_doc_tag_is_an_error", "tidy.py", {"src/base/a.c": "/* a.c - x\n * @param count\n */\n"}, "empty doc tag"),
    ("a_kernel_version_in_a_string_is_an_error", "tidy.py",
     {"src/stats/kernel_7_2.c": KERNEL, "src/cli/a.c": '/* a.c - x */\nchar k[] = "Linux 7.2";\n'},
     "src/cli/a.c:2: kernel version 7.2"),
    ("a_kernel_version_in_a_name_is_an_error", "tidy.py",
     {"src/stats/kernel_7_2.c": KERNEL, "src/cli/a.c": "/* a.c - x */\nint x = kernel_7_2;\n"}, "kernel version 7_2"),
    ("a_kernel_version_in_a_comment_is_none", "tidy.py",
     {"src/stats/kernel_7_2.c": KERNEL, "src/cli/a.c": '/* a.c - x */\n/* as 7.2 has it */\nchar p[] = "7.25 %, 17.2, 7.2%";\n'},
     None),
    ("a_test_may_name_a_kernel_version", "tidy.py",
     {"src/stats/kernel_7_2.c": KERNEL, "src/cli/a_test.c": '/* a_test.c - x */\nchar k[] = "7.2";\n'}, None),
    ("a_function_that_nobody_uses_is_dead", "dead.py",
     {"src/base/a.c": "/* a.c - x */\nint f(void)\n{\n    return 1;\n}\n", "src/base/a.h": "/* a.h - x */\nint f(void);\n"},
     "src/base/a.c:2: function f: nobody uses it"),
    ("a_function_that_only_a_test_uses_is_dead", "dead.py",
     {"src/base/a.c": "/* a.c - x */\nint f(void)\n{\n    return 1;\n}\n",
      "src/base/a_test.c": "/* a_test.c - x */\nint main(void)\n{\n    return f();\n}\n"}, "function f: only tests use it"),
    ("a_check_of_invariants_may_be_for_tests", "dead.py",
     {"src/base/a.c": "/* a.c - x */\nvoid a_check(void)\n{\n}\n",
      "src/base/a_test.c": "/* a_test.c - x */\nint main(void)\n{\n    a_check();\n}\n"}, None),
    ("a_check_that_nobody_calls_is_dead", "dead.py",
     {"src/base/a.c": "/* a.c - x */\nvoid a_check(void)\n{\n}\n"}, "function a_check: nobody uses it"),
    ("a_reason_keeps_a_function_for_tests", "dead.py",
     {"src/base/a.c": "/* a.c - x */\n/* lint: tests write bytes */\nvoid a_write(void)\n{\n}\n"}, None),
    ("a_macro_that_nobody_uses_is_dead", "dead.py",
     {"src/base/a.h": "/* a.h - x */\n#define A_B 1\n"}, "src/base/a.h:2: macro A_B: nobody uses it"),
    ("a_field_that_nobody_uses_is_dead", "dead.py",
     {"src/base/a.h": "/* a.h - x */\nstruct a {\n    unsigned b, c;\n};\n", "src/base/a.c": "/* a.c - x */\nint d = x.b;\n"},
     "src/base/a.h:3: field c: nobody uses it"),
    ("a_name_that_a_macro_pastes_is_used", "dead.py",
     {"src/base/a.h": "/* a.h - x */\n#define KIND_OF_BIG 1\n", "src/base/a.c": "/* a.c - x */\nint k = KIND(BIG);\n",
      "src/base/b.c": "/* b.c - x */\n#define KIND(id) KIND_OF_##id\n"}, None),
    ("a_corpse_is_an_error", "tidy.py", {"src/base/list_old.c": "/* list_old.c - x */\n"}, "should be gone"),
]


def run_case(tool, files):
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        shutil.copytree(TOP / "tools", top / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TOP / "dev", top / "dev")
        (top / "src").mkdir()
        shutil.copy(TOP / "src/ROOMS", top / "src/ROOMS")
        for name, text in files.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(text)
        done = subprocess.run([top / "tools" / tool], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, (name, tool, files, finding) in enumerate(CASES, 1):
        code, output = run_case(tool, files)
        good = (code == 0 and not output) if finding is None else (code == 1 and finding in output)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# wanted {finding!r}, got exit code {code} and:\n# " + output.replace("\n", "\n# "))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
