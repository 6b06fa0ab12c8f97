/* slabs.c - see slabs.h. */
#include "diagnose/slabs.h"

#define TOLD 3
/* Percent of the kernel memory of a kind that makes one cache its cause. */
#define MOST 50.0

static const struct slab_view *next_largest(const struct snapshot *s, bool reclaimable,
                                            const struct slab_view *after)
{
    const struct slab_view *best = NULL;

    vec_for_each (&s->slabs, v) {
        bool kind = !v->reclaimable_known || v->reclaimable == reclaimable;
        bool later = !after || v->bytes < after->bytes || (v->bytes == after->bytes && v > after);

        if (known(v->bytes) && kind && later && (!best || v->bytes > best->bytes))
            best = v;
    }
    return best;
}

void slabs_tell(struct rule_context *c, bool reclaimable)
{
    const struct slab_view *at = NULL;
    struct strbuf text;

    if (c->s->slabs.count == 0) {
        gap_part(c, "which object caches are large", PART_SLABINFO);
        return;
    }
    strbuf_init(&text);
    for (unsigned i = 0; i < TOLD && (at = next_largest(c->s, reclaimable, at)); i++) {
        strbuf_printf(&text, "%s%s %s", i ? ", " : "", at->name, SIZE(at->bytes));
        evidence(c, at->name, number_of(at->bytes), IN_BYTES, "/proc/slabinfo", "%s", "");
    }
    if (text.len)
        finding_detail(c, "The largest caches: %s.", text.text);
    strbuf_done(&text);
}

void slabs_name_largest(struct rule_context *c, bool reclaimable, u64 all)
{
    const struct slab_view *largest = next_largest(c->s, reclaimable, NULL);
    char *title;

    if (!largest || !(share_of(largest->bytes, all) >= MOST))
        return;
    title = xstrdup(vec_last(&c->out->items).title);
    finding_title(c, "%s, most of it in %s (%s)", title, largest->name, SIZE(largest->bytes));
    free(title);
}
