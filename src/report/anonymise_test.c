/* anonymise_test.c - names of each kind, the same wherever they stand, and nothing else. */
#include "base/test.h"

#include "report/anonymise.h"

#include <string.h>

static void expect(const char *text, const char *wanted)
{
    struct anonymiser *a = anonymiser_new();
    struct strbuf out;

    strbuf_init(&out);
    anonymise_input(a, text, strlen(text), &out);
    assert_string_equal(out.text, wanted);
    strbuf_done(&out);
    anonymiser_free(a);
}

TEST(names_have_one_stand_in_wherever_they_stand)
{
    expect("Nov 25 03:10:00 web1.corp kernel: x\nNov 25 03:10:01 web1.corp app: on web1.corp\n",
           "Nov 25 03:10:00 host1 kernel: x\nNov 25 03:10:01 host1 app: on host1\n");
    expect("/kubepods/pod95387fa4-da9c-11e7-9d36-5254b24cbf5e and "
           "pod95387fa4_da9c_11e7_9d36_5254b24cbf5e.slice",
           "/kubepods/pod00000000-0000-0000-0000-000000000001 and "
           "pod00000000_0000_0000_0000_000000000001.slice");
    expect("docker-0a1b2c3d4e5f6a7b.scope container 0a1b2c3d4e5f", "docker-a000000000010000.scope "
                                                                   "container a00000000001");
    expect("from 10.1.2.3 and 10.1.2.3 by a.b@corp.example", "from 198.18.0.1 and 198.18.0.1 by "
                                                             "user1@example.com");
    expect("/home/jane/x /user.slice/user-1001.slice/user@1001.service",
           "/home/user1/x /user.slice/user-1002.slice/user@1002.service");
    expect("evict pod=\"shop/cart-7d9f\"", "evict pod=\"namespace1/pod1\"");
}

TEST(names_are_learned_where_lines_say_them)
{
    expect("[jane@db7 ~]$ hostname -f\ndb7.acme.example\njane on db7\n",
           "[user1@host1 ~]$ hostname -f\nhost2\nuser1 on host1\n");
    expect(
        "USER       PID COMMAND\njane      2187 /opt/x --password=tiger "
        "--url=https://v.acme.example:82/\n",
        "USER       PID COMMAND\nuser1      2187 /opt/x --password=*** --url=https://host1:82/\n");
    expect("Name:   a-1\nNamespace:  shop\nContainers:\n  cart:\n    Image: r.io/a/b:2\n  in "
           "shop/a-1/cart\n",
           "Name:   pod1\nNamespace:  namespace1\nContainers:\n  container1:\n    Image: image1\n"
           "  in namespace1/pod1/container1\n");
    expect("CONTAINER ID   NAME      CPU %\n77aabbccdd11   etl-prod  1.00%\n",
           "CONTAINER ID   NAME      CPU %\na00000000001   container1  1.00%\n");
    expect("MAC=52:54:00:12:34:56:52:54:00:aa:bb:cc:08:00 SRC=x",
           "MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 SRC=x");
    expect("cart-6f9c7d5b8-xk2lp fe80::5054:ff:fe12:3456", "pod1 2001:db8::1");
    expect("uid=1042 [  21877]  1042 21877 9 1", "uid=1001 [  21877]  1001 21877 9 1");
}

TEST(a_key_says_what_its_value_is_in_any_spelling)
{
    expect("{\"host\":{\"name\":\"db7\"},\"k8s.pod.name\":\"a-1\",\"process\":{\"name\":\"java\"}}",
           "{\"host\":{\"name\":\"host1\"},\"k8s.pod.name\":\"pod1\",\"process\":{\"name\":"
           "\"java\"}}");
    expect("{\"log\":\"{\\\"hostname\\\":\\\"db7\\\"}\"}",
           "{\"log\":\"{\\\"hostname\\\":\\\"host1\\\"}\"}");
    expect(
        "metadata:\n  name: a-1\nspec:\n  containers:\n  - env:\n    - name: HEAP\n    name: cart\n"
        "  nodeName: db7\n",
        "metadata:\n  name: pod1\nspec:\n  containers:\n  - env:\n    - name: HEAP\n    name: "
        "container1\n  nodeName: host1\n");
    expect("ts=1 containerName=cart node_name=\"db7\" node=0 user=12%\n",
           "ts=1 containerName=container1 node_name=\"host1\" node=0 user=12%\n");
    expect("bash: node: command not found\n", "bash: node: command not found\n");
}

TEST(a_table_ends_where_other_text_begins)
{
    expect(
        "NAME    READY   AGE\na-1     0/1     3h\n          total     used\nMem:       7700     "
        "7200\n",
        "NAME    READY   AGE\npod1     0/1     3h\n          total     used\nMem:       7700     "
        "7200\n");
    expect("NAME       TYPE  SIZE USED PRIO\n/dev/zram0 part  7.7G 1.1G  100\n",
           "NAME       TYPE  SIZE USED PRIO\n/dev/zram0 part  7.7G 1.1G  100\n");
}

TEST(people_and_quoted_hosts_are_names)
{
    expect("From: Jane Doe <jane@corp.example>\n> > Nov 25 03:10:00 db7 kernel: x of Jane\n",
           "From: user2 user1 <user3@example.com>\n> > Nov 25 03:10:00 host2 kernel: x of user2\n");
    expect("helpers.go:826] eviction manager: x\n21:40:10: mem avail: 811\n",
           "helpers.go:826] eviction manager: x\n21:40:10: mem avail: 811\n");
}

TEST(what_has_a_name_within_a_sentence_loses_it)
{
    expect("user=jane.doe@corp-bank.de ok\n", "user=user2@example.com ok\n");
    expect("post to https://hooks.chat.example/services/T0/B0/x1 now, https://a.example/b?c=1\n",
           "post to https://host1/*** now, https://host2/b?c=1\n");
    expect("https://chat.example:8443/api/webhooks/12/abc\n", "https://host1:8443/***\n");
    expect("db7: Out of memory: Killed process 8 (java)\n[1.0] db7 kernel: Out of memory: Kill\n",
           "host1: Out of memory: Killed process 8 (java)\n[1.0] host1 kernel: Out of memory: "
           "Kill\n");
    expect("kernel: Out of memory: Killed process 8 (java)\n",
           "kernel: Out of memory: Killed process 8 (java)\n");
    expect("msg=\"evicted pod shop/cart-1\" of the pod and/or of others\n",
           "msg=\"evicted pod namespace1/pod1\" of the pod and/or of others\n");
    expect("arn:aws:ecs:us-east-1:987654321098:task/shop/cart 987654321098 kB of shop\n",
           "arn:aws:ecs:us-east-1:000000000001:task/namespace1/namespace2 987654321098 kB of "
           "namespace1\n");
    expect("java -Dacme.license=ABC-123 -jar x\n", "java -Dacme.license=*** -jar x\n");
}

/* What a program is called stays, also where a container has its name. */
TEST(a_program_is_no_name)
{
    expect("Killed process 8 (redis)\ncontainer=redis pod=web-7\nredis of web-7\n",
           "Killed process 8 (redis)\ncontainer=container1 pod=pod1\nredis of pod1\n");
}

TEST(figures_and_kernel_words_stay)
{
    static const char *const texts[] = {
        "[ 1201.100040]  [<ffffffff81381e7c>] dump_stack+0x19/0x1b",
        "Out of memory: Killed process 857 (pattern) total-vm:525356kB, anon-rss:187472kB",
        "gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0",
        "CPU: 0 PID: 857 Comm: x Not tainted 6.1.0-56-cloud-amd64 #1  Debian 6.1.192-2",
        "Node 0 DMA: 1*4kB (U) 1*8kB (M) = 1420kB",
        "getty@tty1.service",
        "9007199254740988kB",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
        expect(texts[i], texts[i]);
}

TEST_MAIN()
