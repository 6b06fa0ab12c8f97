/* shape.c - see shape.h. */
#include "size/shape.h"

void shape_band(const struct size_result *r, bool (*passes)(const struct size_row *row),
                struct size_boundary *b)
{
    u64 error = b->limit_bytes * SHAPE_ERROR_PERCENT / 100;

    if (!b->found)
        return;
    b->low_bytes = ROUND_DOWN(b->limit_bytes - error, (u64)PAGE_SIZE);
    b->high_bytes = ROUND_UP(b->limit_bytes + error, (u64)PAGE_SIZE);
    vec_for_each (&r->rows, row) {
        if (passes(row))
            b->low_bytes = MIN(b->low_bytes, row->limit_bytes);
        else
            b->high_bytes = MAX(b->high_bytes, row->limit_bytes);
    }
    b->low_bytes = MIN(b->low_bytes, b->fails_bytes); /* nobody looked in between */
}

struct shape_cost shape_cost(const struct size_result *r, u64 low_bytes, u64 high_bytes)
{
    struct shape_cost cost = {.least = 1, .most = 1};
    const struct size_row *above = NULL, *below = NULL;
    double least = 0; /* none yet */

    vec_for_each (&r->rows, row) {
        if (row->limit_bytes <= low_bytes)
            below = row;
        if (row->limit_bytes >= high_bytes && !above)
            above = row;
    }
    vec_for_each (&r->rows, row) {
        if (row->limit_bytes < (below ? below->limit_bytes : 0) ||
            row->limit_bytes > (above ? above->limit_bytes : UINT64_MAX))
            continue;
        if (!row->survives) {
            cost.may_fail = true;
            continue;
        }
        cost.most = MAX(cost.most, row->slowdown);
        if (least == 0 || row->slowdown < least)
            least = row->slowdown;
    }
    if (above && least != 0)
        cost.least = least;
    cost.may_fail |= !below; /* nobody looked */
    return cost;
}

u64 shape_clear(u64 fails_bytes)
{
    return fails_bytes * 100 / (100 - SHAPE_CLEAR_PERCENT) + 1;
}

void shape_mark_near_edge(struct size_result *r, u64 clear_bytes)
{
    vec_for_each (&r->rows, row) {
        if (row->limit_bytes >= clear_bytes || !row->usable)
            continue;
        row->usable = false;
        row->near_edge = true;
    }
}

static bool same_cost(const struct size_row *a, const struct size_row *b)
{
    double apart = a->slowdown - b->slowdown;

    return b->survives && apart < SHAPE_PLATEAU_SAME && apart > -SHAPE_PLATEAU_SAME;
}

void shape_plateaus(struct size_result *r)
{
    const struct size_row *rows = r->rows.items;

    for (size_t i = 0, end; i < r->rows.count; i = end) {
        end = i + 1;
        if (!rows[i].survives || rows[i].usable || rows[i].near_edge)
            continue;
        while (end < r->rows.count && same_cost(&rows[i], &rows[end]) && !rows[end].usable &&
               !rows[end].near_edge)
            end++;
        if ((double)rows[end - 1].limit_bytes < (double)rows[i].limit_bytes * SHAPE_PLATEAU_SPAN)
            continue;
        vec_push(&r->plateaus,
                 ((struct size_plateau){.low_bytes = rows[i].limit_bytes,
                                        .high_bytes = rows[end - 1].limit_bytes,
                                        .slowdown = rows[end - 1].slowdown,
                                        .why = shape_why(&r->unlimited, &rows[end - 1])}));
    }
}

const char *shape_why(const struct size_row *base, const struct size_row *row)
{
    static const struct {
        enum wait_cause cause[2];
        bool cpu; /* the CPU time of reclaim as well */
        const char *text;
    } losses[] = {
        {{WAIT_REFAULT, WAIT_READ}, false, "files that were evicted are read again"},
        {{WAIT_SWAPIN, WAIT_SWAPIN}, false, "pages come back from swap"},
        {{WAIT_RECLAIM, WAIT_REQUEST}, true, "tasks reclaim memory themselves, and wait for it"},
        {{WAIT_DIRTY, WAIT_DIRTY},
         false,
         "writers are paused, because only a part of a group's limit may be dirty "
         "(vm.dirty_ratio)"},
        {{WAIT_WRITE, WAIT_WRITE}, false, "writes wait for the device"},
        {{WAIT_HIGH, WAIT_HIGH}, false, "memory.high slows the tasks down"},
        {{WAIT_COMPACTION, WAIT_COMPACTION}, false, "memory is moved to make large blocks"},
    };
    const char *why = "";
    ns_t most = 0;

    for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
        ns_t now = losses[i].cpu ? row->reclaim_ns : 0,
             before = losses[i].cpu ? base->reclaim_ns : 0;

        for (unsigned k = 0; k < 2; k++) {
            if (k && losses[i].cause[1] == losses[i].cause[0])
                break;
            now += row->wait_ns[losses[i].cause[k]];
            before += base->wait_ns[losses[i].cause[k]];
        }
        if (now > before && now - before > most) {
            most = now - before;
            why = losses[i].text;
        }
    }
    return why;
}

u64 shape_first_kill(const struct size_result *r)
{
    u64 first = 0;

    vec_for_each (&r->rows, row)
        if (row->oom_kills || row->outcome == REPLAY_PANIC)
            first = MAX(first, row->limit_bytes);
    return first;
}
