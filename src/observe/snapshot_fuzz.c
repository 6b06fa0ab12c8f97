/* snapshot_fuzz.c - whole snapshots from a source that lies, fails, and changes between two looks.
 *
 * The source has the files of a fixture and some groups and processes more; any file may be
 * mutated, cut (-EFBIG), missing, denied, switched off or unreadable, and so may directories, whose
 * names are partly invented. Snapshots are taken one after another with random parts, each from the
 * one before it and carried over, as the sampler does.
 *
 * Checked: snapshot_check; that a part says why it is not there; that what was not asked for is
 * what it was before.
 */
#include "base/test.h"

#include "observe/text_testing.h"

#define F "tests/observe/fixtures/6.18"
#define G "tests/diff/fixtures-6.1/384M"

struct liar {
    struct source source;
    struct source *from; /* a fixture */
    struct prng *p;
    struct corpus own; /* the last text, to mutate */
    unsigned trouble;  /* of 100 reads, how many go wrong */
};

static int random_error(struct prng *p)
{
    static const int errors[] = {-ENOENT, -EACCES, -EPERM, -EOPNOTSUPP,
                                 -EIO,    -EINVAL, -ELOOP, -ENOMEM};

    return errors[prng_below(p, ARRAY_SIZE(errors))];
}

static int liar_read(struct source *src, const char *path, size_t max, struct strbuf *out)
{
    struct liar *l = container_of(src, struct liar, source);
    size_t before = out->len, len;
    int rc = source_read(l->from, path, max, out);

    if (prng_below(l->p, 100) >= l->trouble)
        return rc;
    if (prng_below(l->p, 2)) {
        out->len = before;
        return random_error(l->p);
    }

    struct strbuf *text = &l->own.texts.items[0];

    strbuf_reset(text);
    strbuf_append_bytes(text, out->text + before, out->len - before);
    out->len = before;

    char *mutated = fuzz_text(l->p, &l->own, &len);
    bool cut = len > max || prng_below(l->p, 8) == 0;

    strbuf_append_bytes(out, mutated, MIN(len, max));
    free(mutated);
    return cut ? -EFBIG : 0;
}

static int liar_list(struct source *src, const char *path, source_each_fn *each, void *ctx)
{
    static const char *const names[] = {"0",
                                        "1",
                                        "4242",
                                        "99999999999",
                                        "node1",
                                        "node7x",
                                        "zram1",
                                        "hugepages-64kB",
                                        "hugepages-xkB",
                                        "web",
                                        "\xff\xfe",
                                        "a b",
                                        "..",
                                        "zram",
                                        "4294967296",
                                        "01"};
    struct liar *l = container_of(src, struct liar, source);

    if (prng_below(l->p, 100) < l->trouble / 4)
        return random_error(l->p);

    int rc = source_list(l->from, path, each, ctx);

    /* Groups below groups below groups, until the walk's bounds end it. */
    for (u64 n = prng_below(l->p, 100) < l->trouble ? prng_below(l->p, 3) : 0; n > 0; n--)
        if (!each(ctx, names[prng_below(l->p, ARRAY_SIZE(names))], prng_below(l->p, 4) != 0))
            break;
    return rc;
}

static void liar_free(struct source *src)
{
    (void)src;
}

static const struct source_ops liar_ops = {liar_read, liar_list, liar_free};

static void check_parts(const struct snapshot *s, const struct snapshot *before, u64 parts)
{
    for (unsigned part = 0; part < NR_PARTS; part++) {
        if (parts >> part & 1) {
            assert(s->parts[part].state != PART_NOT_READ);
            assert(s->parts[part].state == PART_OK || s->parts[part].why[0]);
        } else {
            assert(s->parts[part].state == before->parts[part].state);
        }
    }
    if (!(parts >> PART_MEMINFO & 1) && !(parts >> PART_ZONEINFO & 1))
        assert(memcmp(s->meminfo, before->meminfo, sizeof(s->meminfo)) == 0 ||
               !known(before->meminfo[MI_MEM_AVAILABLE]));
    if (!(parts >> PART_VMSTAT & 1))
        assert(memcmp(s->vmstat, before->vmstat, sizeof(s->vmstat)) == 0);
    if (!(parts >> PART_SLABINFO & 1))
        assert(s->slabs.count == before->slabs.count);
    if (!(parts >> PART_PROCESSES & 1))
        assert(s->processes.count == before->processes.count);
}

static void take_series(struct liar *l)
{
    struct snapshot before, s;

    snapshot_init(&before);
    for (u64 n = 1 + prng_below(l->p, 4); n > 0; n--) {
        u64 parts =
            prng_below(l->p, 3) ? parts_with_needed(prng_next(l->p) & SNAPSHOT_ALL) : SNAPSHOT_ALL;
        struct err e = {0};

        l->trouble = (unsigned)prng_below(l->p, 3) * 15;
        snapshot_init(&s);
        if (snapshot_read_after(&s, &before, &l->source, parts, &e) < 0) {
            assert(e.text[0]);
            snapshot_done(&s);
            continue;
        }
        snapshot_carry(&s, &before);
        snapshot_check(&s);
        check_parts(&s, &before, parts);
        snapshot_done(&before);
        before = s;
    }
    snapshot_done(&before);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 150);
    static const char *const roots[] = {F, G, "tests/observe/fixtures/3.10"};
    struct source *from[ARRAY_SIZE(roots)];
    struct prng p;
    struct liar l = {.source = {.ops = &liar_ops, .name = "a liar"}, .p = &p};

    prng_seed(&p, args.seed);
    fuzz_watch(args.seed);
    fuzz_now.what = "snapshots";
    corpus_add_text(&l.own, "");
    for (unsigned i = 0; i < ARRAY_SIZE(roots); i++)
        assert(source_dir_open(roots[i], &from[i], NULL) == 0);
    for (u64 op = 0; op < args.operations; op++) {
        fuzz_now.operation = op;
        l.from = from[prng_below(&p, ARRAY_SIZE(roots))];
        l.source.kind = (enum source_kind)prng_below(&p, SOURCE_CAPTURE + 1);
        l.source.origin = (enum source_kind)prng_below(&p, SOURCE_CAPTURE + 1);
        l.source.live = l.source.kind <= SOURCE_CONTAINER;
        take_series(&l);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(roots); i++)
        source_free(from[i]);
    corpus_done(&l.own);
    return 0;
}
