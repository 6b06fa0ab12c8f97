/* check_earlier.c - the need that an earlier result tells: of check, of size for one recording, of
 * size for several of one service.
 *
 * The document is a file that somebody kept, or something else altogether: each member is looked at
 * before it is believed.
 */
#include "report/check_report.h"

#include <errno.h>
#include <string.h>

static json_object *member(json_object *o, const char *name, json_type type)
{
    json_object *value = NULL;

    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &value) ||
        !json_object_is_type(value, type))
        return NULL;
    return value;
}

static bool bytes_of(json_object *o, const char *name, u64 *ret)
{
    json_object *value = member(o, name, json_type_int);
    s64 number = value ? json_object_get_int64(value) : -1;

    if (number < 0)
        return false;
    *ret = (u64)number;
    return true;
}

static bool ratio_of(json_object *o, const char *name, double *ret)
{
    json_object *value = NULL;

    if (!json_object_object_get_ex(o, name, &value) ||
        (!json_object_is_type(value, json_type_double) &&
         !json_object_is_type(value, json_type_int)))
        return false;
    *ret = json_object_get_double(value);
    return true;
}

static int no_need(struct err *e)
{
    return err_set(e, -EINVAL, "that result found no need to compare with");
}

static int same_slowdown(json_object *o, double wanted, struct err *e)
{
    double slowdown;

    if (!ratio_of(o, "usable_slowdown", &slowdown))
        return no_need(e);
    /* Documents have ratios with four places. */
    if (slowdown - wanted < 0.0001 && wanted - slowdown < 0.0001)
        return 0;
    return err_set(e, -EINVAL,
                   "that need is one at %g times the time without a limit, not %g: say --slowdown "
                   "%g, or make that result again",
                   slowdown, wanted, slowdown);
}

static bool is_incomplete(json_object *o)
{
    return json_object_object_get_ex(o, "incomplete", NULL);
}

static bool any_incomplete(json_object *list, const char *inner)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *one = json_object_array_get_idx(list, i);

        if (inner)
            one = member(one, inner, json_type_object);
        if (json_object_is_type(one, json_type_object) && is_incomplete(one))
            return true;
    }
    return false;
}

static int incomplete(struct err *e)
{
    return err_set(e, -EINVAL,
                   "that result is of an incomplete recording, which may have needed "
                   "more: record that version again");
}

static int of_size(json_object *o, double slowdown, struct check_earlier *ret, struct err *e)
{
    json_object *usable = member(o, "smallest_usable", json_type_object);
    struct check_earlier found = {.recordings = 1};

    if (is_incomplete(o))
        return incomplete(e);
    if (!bytes_of(usable, "bytes", &found.need_bytes))
        return no_need(e);
    *ret = found;
    return same_slowdown(o, slowdown, e);
}

/* Of check the need stands beside the recordings, of size in `envelope`. */
static int of_several(json_object *o, json_object *need, json_object *list, double slowdown,
                      struct check_earlier *ret, struct err *e)
{
    struct check_earlier found = {.recordings = (unsigned)json_object_array_length(list)};
    json_object *judged = o;

    if (any_incomplete(list, need == o ? NULL : "result"))
        return incomplete(e);
    if (!found.recordings || !bytes_of(need, "need_bytes", &found.need_bytes) ||
        !bytes_of(need, "spread_bytes", &found.spread_bytes))
        return no_need(e);
    if (need != o)
        judged = member(json_object_array_get_idx(list, 0), "result", json_type_object);
    if (!judged)
        return no_need(e);
    *ret = found;
    return same_slowdown(judged, slowdown, e);
}

int check_earlier_parse(json_object *o, double slowdown, struct check_earlier *ret, struct err *e)
{
    json_object *list = member(o, "recordings", json_type_array),
                *envelope = member(o, "envelope", json_type_object),
                *verb = member(o, "verb", json_type_string);

    if (member(o, "smallest_usable", json_type_object))
        return of_size(o, slowdown, ret, e);
    if (list && envelope)
        return of_several(o, envelope, list, slowdown, ret, e);
    if (list && verb && strcmp(json_object_get_string(verb), "check") == 0)
        return of_several(o, o, list, slowdown, ret, e);
    if (list)
        return err_set(e, -EINVAL,
                       "it is of recordings with different settings, each with a need "
                       "of its own; name a result of the settings that are checked");
    return err_set(e, -EINVAL,
                   "it tells no need; want what 'check' or 'size' print with --format "
                   "json");
}
