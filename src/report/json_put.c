/* json_put.c - building with json-c, checked; printing by a walk of our own, because json-c's
 * ignores a buffer that cannot grow. */
#include "report/json_put.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <inttypes.h>

json_object *json_new_object(void)
{
    return alloc_checked(json_object_new_object(), "JSON");
}

json_object *json_new_array(void)
{
    return alloc_checked(json_object_new_array(), "JSON");
}

/* Marks rows, by its address. */
static char row_mark;

json_object *json_new_row(void)
{
    json_object *row = json_new_array();

    json_object_set_userdata(row, &row_mark, NULL);
    return row;
}

json_object *json_new_u64(u64 value)
{
    return alloc_checked(json_object_new_uint64(value), "JSON");
}

json_object *json_new_s64(s64 value)
{
    return alloc_checked(json_object_new_int64(value), "JSON");
}

json_object *json_new_bool(bool value)
{
    return alloc_checked(json_object_new_boolean(value), "JSON");
}

json_object *json_new_number(double number, const char *text)
{
    return alloc_checked(json_object_new_double_s(number, text), "JSON");
}

static char *clean_text(const char *text)
{
    struct strbuf clean;

    strbuf_init(&clean);
    utf8_append_clean(&clean, text);
    return strbuf_steal(&clean);
}

json_object *json_new_text(const char *text)
{
    char *clean = clean_text(text);
    json_object *o = alloc_checked(json_object_new_string(clean), "JSON");

    free(clean);
    return o;
}

void json_put(json_object *o, const char *key, json_object *value)
{
    char *clean = clean_text(key);

    if (json_object_object_add(o, clean, value) != 0)
        alloc_checked(NULL, "JSON");
    free(clean);
}

void json_put_u64(json_object *o, const char *key, u64 value)
{
    json_put(o, key, json_new_u64(value));
}

void json_put_text(json_object *o, const char *key, const char *text)
{
    json_put(o, key, json_new_text(text));
}

void json_append(json_object *array, json_object *value)
{
    if (json_object_array_add(array, value) != 0)
        alloc_checked(NULL, "JSON");
}

/* --- printing --------------------------------------------------------------------------------- */

static void render(json_object *o, enum json_style style, unsigned depth, struct strbuf *out);

/* Clean text has no control characters left to escape. */
static void render_text(const char *text, struct strbuf *out)
{
    strbuf_appendc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_appendc(out, '\\');
        strbuf_appendc(out, *text);
    }
    strbuf_appendc(out, '"');
}

static void new_line(enum json_style style, unsigned depth, struct strbuf *out)
{
    if (style == JSON_LINE)
        return;
    strbuf_appendc(out, '\n');
    strbuf_fill(out, ' ', (size_t)2 * depth);
}

static void render_object(json_object *o, enum json_style style, unsigned depth, struct strbuf *out)
{
    struct json_object_iterator at = json_object_iter_begin(o), end = json_object_iter_end(o);

    strbuf_appendc(out, '{');
    for (bool any = false; !json_object_iter_equal(&at, &end); any = true) {
        if (any)
            strbuf_appendc(out, ',');
        new_line(style, depth + 1, out);
        render_text(json_object_iter_peek_name(&at), out);
        strbuf_append(out, style == JSON_SPACED ? ": " : ":");
        render(json_object_iter_peek_value(&at), style, depth + 1, out);
        json_object_iter_next(&at);
    }
    new_line(style, depth, out);
    strbuf_appendc(out, '}');
}

static void render_array(json_object *o, enum json_style style, unsigned depth, struct strbuf *out)
{
    size_t count = json_object_array_length(o);
    bool row = json_object_get_userdata(o) == &row_mark;

    strbuf_appendc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            strbuf_append(out, row && style == JSON_SPACED ? ", " : ",");
        if (!row)
            new_line(style, depth + 1, out);
        render(json_object_array_get_idx(o, i), style, depth + 1, out);
    }
    if (!row)
        new_line(style, depth, out);
    strbuf_appendc(out, ']');
}

static void render_integer(json_object *o, struct strbuf *out)
{
    if (json_object_get_int64(o) < 0)
        strbuf_printf(out, "%" PRId64, json_object_get_int64(o));
    else
        strbuf_printf(out, "%" PRIu64, json_object_get_uint64(o));
}

static void render(json_object *o, enum json_style style, unsigned depth, struct strbuf *out)
{
    switch (json_object_get_type(o)) {
    case json_type_null:
        strbuf_append(out, "null");
        return;
    case json_type_object:
        render_object(o, style, depth, out);
        return;
    case json_type_array:
        render_array(o, style, depth, out);
        return;
    case json_type_string:
        render_text(json_object_get_string(o), out);
        return;
    case json_type_boolean:
        strbuf_append(out, json_object_get_boolean(o) ? "true" : "false");
        return;
    case json_type_int:
        render_integer(o, out);
        return;
    case json_type_double: /* json_new_number() left its text there */
        strbuf_append(out, json_object_get_userdata(o));
        return;
    }
}

void json_render(json_object *o, enum json_style style, struct strbuf *out)
{
    render(o, style, 0, out);
    json_object_put(o);
}

void json_document(json_object *o, struct strbuf *out)
{
    json_render(o, JSON_SPACED, out);
    strbuf_appendc(out, '\n');
}

void json_drop(json_object *o)
{
    json_object_put(o);
}
