/* diff_json.c - all numbers of a JSON document as figures, by their paths.
 *
 * The first member of a path is the section, the rest the name. Elements of an array meet those of
 * the other side by the member that names them, wherever they stand; arrays whose elements have
 * none are left out. */
#include "report/diff.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* What lies over time or over limits, and what is no figure. */
static const char *const passed_over[] = {
    "schema_version", "limits",    "over_time", "findings_over_time", "heat", "working_set",
    "options",        "tunables",  "seed",      "exit_code",          "pid",  "verified_at",
    "time_us",        "uptime_us",
};

/* Members that name an element of an array, the first that there is. */
static const char *const naming[] = {"path",    "input", "rule",   "comm", "name",
                                     "program", "scope", "reason", "node", "cgroup"};

static bool is_passed_over(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(passed_over); i++)
        if (strcmp(passed_over[i], key) == 0)
            return true;
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);

    return len >= tail && strcmp(text + len - tail, end) == 0;
}

static enum diff_unit unit_of(const char *key, json_object *value)
{
    if (ends_with(key, "bytes") || strncmp(key, "memory.", strlen("memory.")) == 0)
        return DIFF_BYTES;
    if (ends_with(key, "_seconds"))
        return DIFF_SECONDS;
    return json_object_is_type(value, json_type_double) ? DIFF_RATIO : DIFF_COUNT;
}

static void cut(struct strbuf *path, size_t len)
{
    path->len = len;
    path->text[len] = '\0';
}

struct reading {
    struct diff *d;
    unsigned side;
    struct strbuf path; /* below the section */
    const char *section;
};

static void walk_value(struct reading *w, const char *key, json_object *value);

static void walk_members(struct reading *w, json_object *o)
{
    struct json_object_iterator it = json_object_iter_begin(o), end = json_object_iter_end(o);

    for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
        const char *key = json_object_iter_peek_name(&it);

        if (!is_passed_over(key))
            walk_value(w, key, json_object_iter_peek_value(&it));
    }
}

/* What the element is called; NULL: nothing. */
static const char *name_of(json_object *element)
{
    json_object *value;

    if (!json_object_is_type(element, json_type_object))
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(naming); i++)
        if (json_object_object_get_ex(element, naming[i], &value) &&
            json_object_is_type(value, json_type_string))
            return json_object_get_string(value);
    return NULL;
}

static void walk_elements(struct reading *w, json_object *array)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *element = json_object_array_get_idx(array, i);
        const char *name = name_of(element);
        size_t before = w->path.len;

        if (!name)
            continue;
        strbuf_printf(&w->path, "%s%s", before ? " " : "", name);
        walk_members(w, element);
        cut(&w->path, before);
    }
}

static void put_number(struct reading *w, const char *key, json_object *value)
{
    bool ns = ends_with(key, "_ns") || (w->section && ends_with(w->section, "_ns"));
    double number = json_object_get_double(value);

    diff_put(w->d, w->side, w->section ? w->section : "result", w->path.text,
             ns ? DIFF_SECONDS : unit_of(key, value), ns ? number / 1e9 : number);
}

static void walk_value(struct reading *w, const char *key, json_object *value)
{
    bool outermost = !w->section;
    size_t before = w->path.len;

    if (outermost && (json_object_is_type(value, json_type_object) ||
                      json_object_is_type(value, json_type_array)))
        w->section = key;
    else
        strbuf_printf(&w->path, "%s%s", before ? " " : "", key);
    if (json_object_is_type(value, json_type_object))
        walk_members(w, value);
    else if (json_object_is_type(value, json_type_array))
        walk_elements(w, value);
    else if (json_object_is_type(value, json_type_int) ||
             json_object_is_type(value, json_type_double))
        put_number(w, key, value);
    cut(&w->path, before);
    if (outermost)
        w->section = NULL;
}

void diff_put_document(struct diff *d, unsigned side, json_object *document)
{
    struct reading w = {.d = d, .side = side};

    strbuf_init(&w.path);
    walk_members(&w, document);
    strbuf_done(&w.path);
}
