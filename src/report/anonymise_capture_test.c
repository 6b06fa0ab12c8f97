/* anonymise_capture_test.c - groups, users and hosts have one stand-in in all files, what a runtime
 * says stays, and figures do. */
#include "base/test.h"

#include "report/anonymise_capture.h"

#include <string.h>

#define CGROUP "sys/fs/cgroup/"

static void expect_path(struct anonymiser *a, const char *path, const char *wanted)
{
    struct strbuf out;

    strbuf_init(&out);
    anonymise_capture_path(a, path, &out);
    assert_string_equal(out.text, wanted);
    strbuf_done(&out);
}

static void expect_text(struct anonymiser *a, const char *path, const char *text,
                        const char *wanted)
{
    struct strbuf out;

    strbuf_init(&out);
    anonymise_capture_learn(a, path, text, strlen(text));
    anonymise_capture_text(a, path, text, strlen(text), &out);
    assert_string_equal(out.text, wanted);
    strbuf_done(&out);
}

TEST(a_group_has_one_stand_in_in_all_files)
{
    struct anonymiser *a = anonymiser_new();

    expect_path(a, CGROUP "acme.slice/acme-billing.service/memory.stat",
                CGROUP "group1.slice/group2.service/memory.stat");
    expect_path(a, CGROUP "memory.stat", CGROUP "memory.stat");
    expect_path(a, "proc/acme.slice/stat", "proc/acme.slice/stat");
    expect_text(a, CGROUP "acme.slice/", "acme-billing.service/\nmemory.stat\nother/\n",
                "group2.service/\nmemory.stat\ngroup3/\n");
    expect_text(a, "proc/12/cgroup", "0::/acme.slice/acme-billing.service\n",
                "0::/group1.slice/group2.service\n");
    expect_text(a, "proc/self/cgroup", "9:name=systemd:/other\n1:cpu,cpuacct:/\n",
                "9:name=systemd:/group3\n1:cpu,cpuacct:/\n");
    expect_text(
        a, "dev/kmsg",
        "4,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        "oom_memcg=/acme.slice,task_memcg=/acme.slice/other,task=java,pid=12,uid=1042\n",
        "4,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        "oom_memcg=/group1.slice,task_memcg=/group1.slice/group3,task=java,pid=12,"
        "uid=1001\n");
    expect_text(a, "dev/kmsg", "6,1,2,-;systemd[1]: Stopped acme-billing.service.\n",
                "6,1,2,-;systemd[1]: Stopped group2.service.\n");
    anonymiser_free(a);
}

TEST(what_everybody_has_and_ids_keep_their_form)
{
    struct anonymiser *a = anonymiser_new();

    expect_path(a, CGROUP "system.slice/systemd-journald.service/memory.max",
                CGROUP "system.slice/systemd-journald.service/memory.max");
    expect_path(a, CGROUP "user.slice/user-1042.slice/user@1042.service/app.slice/",
                CGROUP "user.slice/user-1001.slice/user@1001.service/app.slice/");
    expect_path(a, CGROUP "docker/0a1b2c3d4e5f6a7b/", CGROUP "docker/a000000000010000/");
    expect_path(a, CGROUP "system.slice/docker-0a1b2c3d4e5f6a7b.scope/",
                CGROUP "system.slice/docker-a000000000010000.scope/");
    expect_path(a,
                CGROUP "kubepods.slice/kubepods-burstable-pod95387fa4_da9c_11e7_9d36_5254b24cbf5e"
                       ".slice/",
                CGROUP "kubepods.slice/kubepods-burstable-pod00000000_0000_0000_0000_000000000001"
                       ".slice/");
    /* Words of a runtime do not save a name. */
    expect_path(a, CGROUP "docker-registry.service/user-api.service/podcast/",
                CGROUP "group1.service/group2.service/group3/");
    anonymiser_free(a);
}

TEST(hosts_and_users_are_replaced_and_figures_stay)
{
    struct anonymiser *a = anonymiser_new();

    expect_text(a, "proc/sys/kernel/hostname", "db7.corp.example\n", "host1\n");
    expect_text(a, "proc/12/status", "Name:\tjava\nUid:\t1042\t1042\t0\t65534\nVmRSS:\t  1042 kB\n",
                "Name:\tjava\nUid:\t1001\t1001\t0\t1002\nVmRSS:\t  1042 kB\n");
    expect_text(a, "proc/meminfo", "MemTotal: 1042 kB\n", "MemTotal: 1042 kB\n");
    expect_text(a, CGROUP "other/memory.stat", "anon 1042\n", "anon 1042\n");
    expect_text(a, "proc/swaps", "Filename\tType\tSize\n/home/jane/swap\tfile\t1042\n",
                "Filename\tType\tSize\n/home/user3/swap\tfile\t1042\n");
    anonymiser_free(a);
}

TEST_MAIN()
