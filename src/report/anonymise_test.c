/* anonymise_test.c - names of each kind, the same wherever they stand, and nothing else. */
#include "base/test.h"

#include "report/anonymise.h"

#include <string.h>

static void expect(const char *text, const char *wanted)
{
    struct anonymiser *a = anonymiser_new();
    struct strbuf out;

    strbuf_init(&out);
    anonymise(a, text, strlen(text), &out);
    assert_string_equal(out.text, wanted);
    strbuf_done(&out);
    anonymiser_free(a);
}

static void names_have_one_stand_in_wherever_they_stand(void **state)
{
    (void)state;
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

static void figures_and_kernel_words_stay(void **state)
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

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
        expect(texts[i], texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_one_stand_in_wherever_they_stand),
        cmocka_unit_test(figures_and_kernel_words_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
