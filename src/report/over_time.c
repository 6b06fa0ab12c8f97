/* over_time.c - moments in order, thinned out by half when there are too many. */
#include "report/over_time.h"

#include "report/json_put.h"

#include <string.h>

void over_time_init(struct over_time *o, unsigned nr_columns, ns_t every)
{
    *o = (struct over_time){.nr_columns = nr_columns, .every = every};
}

void over_time_done(struct over_time *o)
{
    vec_done(&o->times);
    vec_done(&o->weights);
    vec_done(&o->values);
}

static void move_moment(struct over_time *o, size_t to, size_t from)
{
    o->times.items[to] = o->times.items[from];
    o->weights.items[to] = o->weights.items[from];
    memmove(&o->values.items[to * o->nr_columns], &o->values.items[from * o->nr_columns],
            o->nr_columns * sizeof(s64));
}

/* The first moment stays: everything is counted from there. */
static void thin_out(struct over_time *o)
{
    size_t kept = 1, count = o->times.count;

    for (size_t i = 1; i < count; i += 2) {
        bool second = i + 1 < count && o->weights.items[i + 1] > o->weights.items[i];

        move_moment(o, kept++, i + second);
    }
    o->times.count = o->weights.count = kept;
    o->values.count = kept * o->nr_columns;
    o->every *= 2;
}

void over_time_add(struct over_time *o, ns_t at, u64 weight, const s64 *values)
{
    if (o->times.count == OVER_TIME_MAX)
        thin_out(o);
    vec_push(&o->times, at);
    vec_push(&o->weights, weight);
    for (unsigned i = 0; i < o->nr_columns; i++)
        vec_push(&o->values, values[i]);
}

json_object *over_time_column(const struct over_time *o, unsigned column)
{
    json_object *row = json_new_row();

    for (size_t i = 0; i < o->times.count; i++) {
        s64 value = o->values.items[i * o->nr_columns + column];

        json_append(row, value == OVER_TIME_UNKNOWN ? NULL : json_new_s64(value));
    }
    return row;
}

json_object *over_time_times(const struct over_time *o)
{
    json_object *row = json_new_row();

    vec_for_each (&o->times, at)
        json_append(row, json_new_u64(*at));
    return row;
}
