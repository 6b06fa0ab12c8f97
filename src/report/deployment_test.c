/* deployment_test.c - limits in the words of what runs a service. */
#include "base/test.h"

#include "report/deployment.h"

#include <string.h>

static void expect(const struct deployment *d, enum deployment_format format, const char *line,
                   bool wanted)
{
    struct strbuf text;

    strbuf_init(&text);
    deployment_render(d, format, &text);
    if ((strstr(text.text, line) != NULL) != wanted)
        fail_msg("'%s' is %s in:\n%s", line, wanted ? "not" : "wrongly", text.text);
    strbuf_done(&text);
}

static struct deployment sample(void)
{
    struct deployment d = {
        .need_bytes = 54 * MIB + 1,
        .high_bytes = 54 * MIB + 1,
        .max_bytes = 59 * MIB + 4096,
        .has_high = true,
    };

    strbuf_init(&d.why);
    strbuf_init(&d.notes);
    strbuf_append(&d.why, "app.hwt needs 54.1 MiB.");
    return d;
}

TEST(sizes_are_rounded_up_to_the_unit)
{
    struct deployment d = sample();

    expect(&d, DEPLOYMENT_KUBERNETES, "    memory: 55Mi\n", true);
    expect(&d, DEPLOYMENT_KUBERNETES, "    memory: 60Mi\n", true);
    expect(&d, DEPLOYMENT_SYSTEMD, "\nMemoryHigh=55M\n", true);
    expect(&d, DEPLOYMENT_SYSTEMD, "\nMemoryMax=60M\n", true);
    expect(&d, DEPLOYMENT_DOCKER, "\ndocker run -m 60m ", true);
    expect(&d, DEPLOYMENT_COMPOSE, "\n    mem_limit: 60m\n", true);
    expect(&d, DEPLOYMENT_SLURM, "\n#SBATCH --mem=60M\n", true);
    d.max_bytes = 60 * MIB; /* a whole number stays */
    expect(&d, DEPLOYMENT_SLURM, "\n#SBATCH --mem=60M\n", true);
    d.max_bytes++;
    expect(&d, DEPLOYMENT_SLURM, "\n#SBATCH --mem=61M\n", true);
    deployment_done(&d);
}

TEST(swap_goes_as_it_was_sized_with)
{
    struct deployment d = sample();

    expect(&d, DEPLOYMENT_SYSTEMD, "\nMemorySwapMax=0\n", true);
    expect(&d, DEPLOYMENT_DOCKER, "--memory-swap 60m ", true);
    d.has_swap = true;
    expect(&d, DEPLOYMENT_SYSTEMD, "MemorySwapMax", false);
    expect(&d, DEPLOYMENT_DOCKER, "--memory-swap -1 ", true);
    expect(&d, DEPLOYMENT_KUBERNETES, "--swap 0", true);
    d.has_swap_max = true;
    d.swap_max_bytes = 10 * MIB - 1;
    expect(&d, DEPLOYMENT_SYSTEMD, "\nMemorySwapMax=10M\n", true);
    expect(&d, DEPLOYMENT_COMPOSE, "\n    memswap_limit: 70m\n", true);
    deployment_done(&d);
}

TEST(what_takes_no_memory_high_is_given_none)
{
    struct deployment d = sample();

    d.has_high = false;
    expect(&d, DEPLOYMENT_SYSTEMD, "MemoryHigh", false);
    d.max_bytes = 2 * MIB; /* docker refuses that */
    expect(&d, DEPLOYMENT_DOCKER, "-m 6m --memory-swap 6m ", true);
    expect(&d, DEPLOYMENT_SLURM, "--mem=2M\n", true);
    deployment_done(&d);
}

/* Whatever a recording is called: no line of the sentences about it can become one that counts. */
TEST(each_line_of_a_note_is_a_comment)
{
    struct deployment d = sample();

    strbuf_append(&d.notes, "\nNote: the recording x\nMemoryMax=1M\n\nis incomplete.");
    for (unsigned f = 0; f < NR_DEPLOYMENT_FORMATS; f++) {
        expect(&d, (enum deployment_format)f, "\nMemoryMax=1M\n", false);
        expect(&d, (enum deployment_format)f, "\n# MemoryMax=1M\n", true);
        expect(&d, (enum deployment_format)f, "\n# is incomplete.\n", true);
    }
    deployment_done(&d);
}

TEST(formats_go_by_their_names)
{
    assert_int_equal(deployment_format("kubernetes"), DEPLOYMENT_KUBERNETES);
    assert_int_equal(deployment_format("slurm"), DEPLOYMENT_SLURM);
}

TEST(without_advice_there_is_a_reason_and_nothing_to_render)
{
    struct size_result result = {0};
    struct size_config config = {0};
    const struct size_report report = {.result = &result, .config = &config, .input = "a.hwt"};
    struct deployment d;
    struct strbuf why;

    strbuf_init(&why);
    snprintf(result.advice.reason, sizeof(result.advice.reason), "No limit that was tried");
    assert_false(deployment_init(&d, &report, 1, NULL, &why));
    assert_string_equal(why.text, "No limit that was tried");
    strbuf_reset(&why);
    result.advice.found = true; /* but measured against a run that was short of memory */
    result.unlimited.outcome = REPLAY_COMPLETED;
    result.unlimited.busy_ns = NS_PER_S;
    result.unlimited.stall_ns = NS_PER_S / 2;
    assert_false(deployment_init(&d, &report, 1, NULL, &why));
    assert_non_null(strstr(why.text, "--ram"));
    strbuf_done(&why);
}

TEST_MAIN()
