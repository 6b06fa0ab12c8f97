/* json_put.c - see json_put.h. */
#include "report/json_put.h"

#include "base/strbuf.h"
#include "base/utf8.h"

void json_put_u64(json_object *o, const char *key, u64 value)
{
    json_object_object_add(o, key, json_object_new_uint64(value));
}

void json_put_text(json_object *o, const char *key, const char *text)
{
    struct strbuf clean;

    strbuf_init(&clean);
    utf8_append_clean(&clean, text);
    json_object_object_add(o, key, json_object_new_string(clean.text));
    strbuf_done(&clean);
}
