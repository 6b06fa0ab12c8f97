/* document.c - which of our JSON documents a text is, by the members that only one kind has. */
#include "page/page.h"

#include "base/alloc.h"

#include <json-c/json.h>

#define DEPTH 64

static const struct {
    enum page_kind kind;
    const char *members[3];
} signs[] = {
    {PAGE_OF_LIVE, {"live", "curve", "smallest_usable"}},
    {PAGE_OF_SIZE, {"limits", "advice", "smallest_usable"}},
    {PAGE_OF_RUN, {"outcome", "virtual_ns", "fullest"}},
    {PAGE_OF_DIAGNOSE, {"verdict", "findings", "accounting"}},
    {PAGE_OF_COMPARE, {"verb", "compare", "results"}},
    {PAGE_OF_RECORDINGS, {"verb", "recordings", "smallest"}},
    {PAGE_OF_FLEET, {"services", "namespaces", "risks"}},
    {PAGE_OF_CHECK, {"verb", "recordings", "outcome"}},
};

static int find_kind(json_object *o, enum page_kind *ret, struct err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
        bool all = true;

        for (size_t m = 0; m < ARRAY_SIZE(signs[i].members); m++)
            all = all && json_object_object_get_ex(o, signs[i].members[m], NULL);
        if (all) {
            *ret = signs[i].kind;
            return 0;
        }
    }
    return err_set(e, -EINVAL,
                   "it is JSON, but no result of highwater; want what 'size', 'run', 'diagnose' or "
                   "'fleet' print with --format json");
}

int page_parse(const char *json, size_t len, json_object **ret, struct err *e)
{
    struct json_tokener *tokener = alloc_checked(json_tokener_new_ex(DEPTH), "JSON");
    json_object *o;
    enum json_tokener_error error;
    size_t end;
    int rc = 0;

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    o = len <= PAGE_JSON_MAX ? json_tokener_parse_ex(tokener, json, (int)len) : NULL;
    error = json_tokener_get_error(tokener);
    end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (len > PAGE_JSON_MAX)
        rc = err_set(e, -EFBIG, "longer than %u MiB", PAGE_JSON_MAX >> 20);
    else if (!o)
        rc = err_set(e, -EINVAL, "not JSON from byte %zu on: %s", end,
                     error == json_tokener_continue ? "it ends too early"
                                                    : json_tokener_error_desc(error));
    else if (!json_object_is_type(o, json_type_object))
        rc = err_set(e, -EINVAL, "it is JSON, but no object");
    if (rc)
        json_object_put(o);
    else
        *ret = o;
    return rc;
}

int page_find_kind(const char *json, size_t len, enum page_kind *ret, struct err *e)
{
    json_object *o;
    int rc = page_parse(json, len, &o, e);

    if (rc)
        return rc;
    rc = find_kind(o, ret, e);
    json_object_put(o);
    return rc;
}
