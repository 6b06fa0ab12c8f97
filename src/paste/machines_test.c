/* machines_test.c - which lines of a text are of which machine. */
#include "base/test.h"
#include "paste/hosts.h"
#include "paste/paste.h"

#include <stdio.h>

#define HEAD "              total        used        free      shared  buff/cache   available\n"
#define SHORT \
    HEAD "Mem:          16012       15790         101           3         120          61\n"
#define WELL \
    HEAD "Mem:          16012        3990       10101           3        1920       11610\n"
#define LARGE \
    HEAD "Mem:          64312       15990       40101           3        8220       47610\n"

static struct paste *read_text(const char *text)
{
    struct paste *p = paste_new();

    paste_begin(p, "text", 0);
    paste_text(p, span_of(text, strlen(text)));
    paste_file_end(p);
    assert_true(paste_end(p));
    return p;
}

/* "web1:61 web2:11610": machines with what they have available, in MiB. */
static void check(const char *text, const char *want)
{
    struct paste *p = read_text(text);
    char got[256] = "";
    size_t len = 0;

    vec_for_each (&p->machines, m)
        if (m->has_size)
            len +=
                (size_t)snprintf(got + len, sizeof(got) - len, "%s%s:%llu", len ? " " : "", m->name,
                                 (unsigned long long)(m->paste->s.meminfo[MI_MEM_AVAILABLE] / MIB));
    assert_string_equal(got, want);
    paste_free(p);
}

TEST(machines_are_told_by_prompts_headings_and_commands)
{
    check("root@web1:~# free -m\n" SHORT "root@web2:~# free -m\n" WELL, "web1:61 web2:11610");
    check("[root@n1 ~]# free -m\n" WELL "[root@n2 ~]# free -m\n" SHORT, "n1:11610 n2:61");
    check("$ ssh -p 22 a@db1 free -m\n" SHORT "$ ssh db2 free -m\n" WELL, "db1:61 db2:11610");
    check("$ for h in fir elm; do ssh $h free -m; done\n" SHORT WELL, "fir:61 elm:11610");
    check("$ for h in $(cat l); do ssh $h free -m; done\n" SHORT WELL, "host 1:61 host 2:11610");
    check("a1 | CHANGED | rc=0 >>\n" SHORT "a2 | CHANGED | rc=0 >>\n" WELL, "a1:61 a2:11610");
    check("== a1 ==\n" SHORT "== a2 ==\n" WELL, "a1:61 a2:11610");
    check("a1:\n" SHORT "a2:\n" WELL, "a1:61 a2:11610");
    check("[1] 10:01:02 [SUCCESS] a1\n" SHORT "[2] 10:01:03 [SUCCESS] a2\n" WELL, "a1:61 a2:11610");
    check("----------\nfir\n----------\n" SHORT "----------\nelm\n----------\n" WELL,
          "fir:61 elm:11610");
    check("$ hostname; free -m\nfir\n" SHORT "$ hostname; free -m\nelm\n" WELL, "fir:61 elm:11610");
}

TEST(names_before_each_line_may_be_mixed)
{
    check("a1: total used free shared buff/cache available\n"
          "a2: total used free shared buff/cache available\n"
          "a2: Mem: 16396288 1 9101000 0 1 11888640\n"
          "a1: Mem: 16396288 1 101000 0 1 62464\n",
          "a1:61 a2:11610");
}

TEST(totals_that_differ_are_of_two_machines)
{
    check("$ free -m\n" SHORT "$ free -m\n" LARGE,
          "the machine with 15.6 GiB:61 the machine with 62.8 GiB:47610");
    /* A label says that it is the same one. */
    check("Before:\n" SHORT "After:\n" LARGE, "");
}

TEST(one_machine_twice_keeps_its_worst_sample)
{
    struct paste *p = read_text("$ free -m\n" WELL "\n" SHORT "\n" WELL);

    assert_int_equal(p->machines.count, 0);
    assert_non_null(p->earlier);
    assert_int_equal(p->earlier->s.meminfo[MI_MEM_AVAILABLE] / MIB, 61);
    assert_int_equal(p->earlier_at.line, 5);
    paste_free(p);
}

TEST(a_host_and_its_log_are_one_machine)
{
    check("root@web1:~# dmesg\nOut of memory: Killed process 7 (a)\nroot@web1:~# free -m\n" SHORT,
          "");
    check("root@web1:~# free -m\n" SHORT "root@web2:~# uptime\n", "");
}

TEST(names_are_names)
{
    struct span ret;

    assert_int_equal(host_heading(span_of("== memory.max ==", 16), &ret), HOST_LABEL);
    assert_int_equal(host_heading(span_of("Mem:", 4), &ret), HOST_LABEL);
    assert_int_equal(host_heading(span_of("== 2026-11-25 ==", 16), &ret), HOST_NONE);
    assert_int_equal(host_heading(span_of("node-3:", 7), &ret), HOST_TOLD);
    assert_true(host_same("db1", "db1.example.org"));
    assert_false(host_same("db1.example.net", "db1.example.org"));
    assert_false(host_same("10.0.0.1", "10.0.0.2"));
}

/* Hostile: more headings than sections are kept. */
TEST(many_headings_are_bounded)
{
    struct strbuf text;
    struct paste *p;

    strbuf_init(&text);
    for (unsigned i = 0; i < 6000; i++)
        strbuf_printf(&text, "== h%u ==\nMemTotal: %u kB\nMemAvailable: 9 kB\n", i, 100000 + i);
    p = read_text(text.text);
    assert_true(p->machines.count > 100 && p->machines.count <= 512);
    assert_true(p->machines_cut);
    paste_free(p);
    strbuf_done(&text);
}

TEST_MAIN()
