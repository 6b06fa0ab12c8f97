/* parts_test.c - lines of vmalloc, of CMA areas and of Oracle's large pages: each form of each
 * release, and what only looks like one. */
#include "base/test.h"
#include "paste/paste.h"

#include <stdio.h>
#include <string.h>

static struct paste *read_text(const char *text)
{
    struct paste *p = paste_new();

    paste_begin(p, "text", 0);
    paste_text(p, span_of(text, strlen(text)));
    paste_file_end(p);
    paste_end(p);
    return p;
}

static const struct log_event *event_of(const struct paste *p, enum log_event_kind kind)
{
    vec_for_each (&p->s.log, e)
        if (e->kind == kind)
            return e;
    return NULL;
}

/* --- vmalloc ---------------------------------------------------------------------------------- */
static void check_vmalloc(const char *text, enum vmalloc_failure why, u64 bytes, u64 got,
                          const char *comm)
{
    struct paste *p = read_text(text);
    const struct log_event *e = event_of(p, LOG_ALLOC_FAILURE);

    assert_non_null(e);
    assert_int_equal(e->vmalloc, why);
    assert_int_equal(e->vmalloc_bytes, bytes);
    assert_int_equal(e->vmalloc_got, got);
    assert_string_equal(e->comm, comm);
    paste_free(p);
}

TEST(each_release_says_why_vmalloc_failed_in_its_words)
{
    static const char mode[] = ", mode:0x6000c0(GFP_KERNEL), nodemask=(null)\n";
    char text[400];

    snprintf(text, sizeof(text), "[ 9.1] insmod: vmalloc: allocation failure: 16384 bytes%s", mode);
    check_vmalloc(text, VMALLOC_RANGE_OR_TOTAL, 16384, 0, "insmod");
    snprintf(text, sizeof(text),
             "[ 9.0] vmap allocation for size 20480 failed: use vmalloc=<size> to increase size\n"
             "[ 9.1] insmod: vmalloc: allocation failure: 16384 bytes%s",
             mode);
    check_vmalloc(text, VMALLOC_RANGE, 16384, 0, "insmod");
    /* A range that was refused to somebody who asked for less is not this one's. */
    snprintf(text, sizeof(text),
             "[ 9.0] vmap allocation for size 8192 failed: use vmalloc=<size> to increase size\n"
             "[ 9.1] insmod: vmalloc: allocation failure: 16384 bytes%s",
             mode);
    check_vmalloc(text, VMALLOC_RANGE_OR_TOTAL, 16384, 0, "insmod");
    snprintf(text, sizeof(text),
             "[ 9.1] insmod: vmalloc: allocation failure, allocated 8192 of 16384 bytes%s", mode);
    check_vmalloc(text, VMALLOC_PAGES, 16384, 8192, "insmod");
    snprintf(text, sizeof(text),
             "[ 9.1] fio: vmalloc error: size 17179869184, exceeds total pages%s", mode);
    check_vmalloc(text, VMALLOC_TOTAL, 17179869184, 0, "fio");
    snprintf(text, sizeof(text),
             "[ 9.1] fio: vmalloc error: size 16384, vm_struct allocation failed%s", mode);
    check_vmalloc(text, VMALLOC_RANGE, 16384, 0, "fio");
    snprintf(text, sizeof(text),
             "[ 9.1] fio: vmalloc error: size 16384, page order 0, failed to allocate pages%s",
             mode);
    check_vmalloc(text, VMALLOC_PAGES, 16384, 0, "fio");
}

TEST(no_line_of_vmalloc_is_made_of_less)
{
    static const char *const bad[] = {
        "[ 9.1] fio: vmalloc error: size 16384, ",
        "[ 9.1] fio: vmalloc error: size 0, exceeds total pages, mode:0xcc0(GFP_KERNEL)",
        "[ 9.1] fio: vmalloc error: size , exceeds total pages, mode:0xcc0(GFP_KERNEL)",
        "[ 9.1] insmod: vmalloc: allocation failure: 16384",
        "[ 9.1] insmod: vmalloc: allocation failure, allocated 8192 of bytes, mode:0xcc0",
        "[ 9.1] insmod: vmalloc: allocation failure: 99999999999999999999999 bytes, mode:0xcc0"};

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        struct paste *p = read_text(bad[i]);
        const struct log_event *e = event_of(p, LOG_ALLOC_FAILURE);

        assert_true(!e || e->vmalloc == VMALLOC_NOT);
        paste_free(p);
    }
}

/* --- CMA -------------------------------------------------------------------------------------- */
TEST(a_cma_area_is_told_by_its_name_and_its_free_pieces)
{
    struct paste *p =
        read_text("[ 9.1] cma: cma_alloc: reserved: alloc failed, req-size: 1024 pages, ret: -12\n"
                  "[ 9.1] cma: number of available pages: 3@125+20@172+7@508=> 30 free of 16384 "
                  "total pages\n");
    const struct log_event *e = event_of(p, LOG_CMA_FAILED);

    assert_non_null(e);
    assert_int_equal(e->usage, 1024 * 4096);
    assert_int_equal(e->error, 12);
    assert_string_equal(e->killer, "reserved");
    assert_int_equal(e->cma_total, 16384 * 4096ull);
    assert_int_equal(e->cma_free, 30 * 4096);
    assert_int_equal(e->cma_run, 20 * 4096);
    paste_free(p);
    /* Pages that cannot be: more free than there are, a piece larger than all that is free. */
    p = read_text("[ 9.1] cma: cma_alloc: alloc failed, req-size: 4 pages, ret: -16\n"
                  "[ 9.1] cma: number of available pages: 40@1=> 30 free of 16384 total pages\n"
                  "[ 9.1] cma: number of available pages: 1@1=> 30 free of 3 total pages\n");
    e = event_of(p, LOG_CMA_FAILED);
    assert_non_null(e);
    assert_int_equal(e->error, 16);
    assert_false(known(e->cma_total));
    paste_free(p);
}

/* --- Oracle ----------------------------------------------------------------------------------- */
#define HEAD "  PAGESIZE  AVAILABLE_PAGES  EXPECTED_PAGES  ALLOCATED_PAGES  ERROR(s)\n"

/* The first refusal of Oracle's; NULL: none. Stays with the paste. */
static const struct refusal *oracle(const struct paste *p)
{
    vec_for_each (&p->s.refusals, r)
        if (r->kind == REFUSED_HUGE && strcmp(r->program, "oracle") == 0)
            return r;
    return NULL;
}

TEST(oracle_tells_what_it_expects_and_had)
{
    struct paste *p =
        read_text(HEAD "        4K       Configured               5         2097157   "
                       "     NONE\n"
                       "     2048K             2049            6145            2049   "
                       "     NONE\n");
    const struct refusal *r = oracle(p);

    assert_non_null(r);
    assert_int_equal(r->page, 2 * MIB);
    assert_int_equal(r->bytes, 6145 * 2 * MIB);
    assert_int_equal(r->had, 2049 * 2 * MIB);
    assert_int_equal(r->told_left, 2049);
    assert_null(r->limit);
    paste_free(p);
    p = read_text("****************** Large Pages Information *****************\n"
                  "Total Shared Global Region in Large Pages = 0 KB (0%)\n"
                  "Large Pages used by this instance: 0 (0 KB)\n"
                  "Large Pages unused system wide = 1024 (2048 MB) (alloc incr 32 MB)\n"
                  "Large Page size = 2048 KB\n"
                  "RECOMMENDATION:\n"
                  "  Total Shared Global Region size is 8194 MB. For optimal performance,\n"
                  "  prior to the next instance restart increase the number\n"
                  "  of unused Large Pages by at least 3073 2048 KB Large Pages (6146 MB)\n"
                  "  system wide to get 100% of the Shared\n");
    r = oracle(p);
    assert_non_null(r);
    assert_int_equal(r->page, 2 * MIB);
    assert_int_equal(r->bytes, 4097 * 2 * MIB);
    assert_int_equal(r->had, 0);
    assert_int_equal(r->told_left, 1024);
    paste_free(p);
}

TEST(an_instance_that_has_all_its_pages_was_refused_nothing)
{
    static const char *const well[] = {
        HEAD "     2048K             6145            6145            6145        NONE\n",
        HEAD "        4K             9000            8000            4000        NONE\n",
        HEAD "     2048K             2049  99999999999999999999        2049        NONE\n",
        HEAD "     2048K             2049  9223372036854775807           2049        NONE\n",
        "     2048K             2049            6145            2049        NONE\n"};

    for (unsigned i = 0; i < ARRAY_SIZE(well); i++) {
        struct paste *p = read_text(well[i]);

        assert_null(oracle(p));
        paste_free(p);
    }
}

TEST_MAIN()
