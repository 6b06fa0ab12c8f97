/* json.c - one object a line: journalctl -o json, Docker, Kubernetes, cloud loggers. Whatever its
 * keys are called, one of them has the message. */
#include "paste/state_int.h"

#include <json-c/json.h>
#include <stdlib.h>

#define LINE_MAX_JSON (1u << 20)
#define DEPTH         8

static json_object *find(json_object *o, const char *key)
{
    json_object *found = NULL;

    return json_object_object_get_ex(o, key, &found) ? found : NULL;
}

/* A text, or bytes as journalctl writes what is no UTF-8. */
static bool take_text(json_object *value, struct strbuf *out)
{
    if (!value)
        return false;
    if (json_object_is_type(value, json_type_string)) {
        strbuf_append_bytes(out, json_object_get_string(value),
                            (size_t)json_object_get_string_len(value));
        return true;
    }
    if (!json_object_is_type(value, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        int byte = json_object_get_int(json_object_array_get_idx(value, i));

        strbuf_appendc(out, byte > 0 && byte < 256 ? (char)byte : '?');
    }
    return true;
}

static const char *const message_keys[] = {"MESSAGE", "message",     "log",  "msg",
                                           "Message", "textPayload", "line", "note"};
static const char *const inner_keys[] = {"jsonPayload", "_source", "event", "fields"};

static bool take_message(json_object *o, struct strbuf *out)
{
    for (unsigned i = 0; i < ARRAY_SIZE(message_keys); i++)
        if (take_text(find(o, message_keys[i]), out))
            return true;
    return false;
}

static void copy_text(json_object *o, const char *key, char *buf, size_t size)
{
    json_object *value = find(o, key);

    if (value && json_object_is_type(value, json_type_string) && buf[0] == '\0')
        span_copy(span_of(json_object_get_string(value), (size_t)json_object_get_string_len(value)),
                  buf, size);
}

static u64 number_of_key(json_object *o, const char *key)
{
    json_object *value = find(o, key);
    const char *text = value ? json_object_get_string(value) : NULL;
    struct span s = text ? span_of(text, strlen(text)) : span_of("", 0);
    u64 number;

    return text && is_digit(*text) && span_take_u64(&s, &number) && span_empty(s) ? number
                                                                                  : UNKNOWN;
}

static void take_times(json_object *o, struct prefix *ret)
{
    static const char *const keys[] = {"time",          "timestamp", "@timestamp", "firstTimestamp",
                                       "lastTimestamp", "ts",        "eventTime"};
    u64 us = number_of_key(o, "__REALTIME_TIMESTAMP");

    if (known(us))
        ret->wall_us = us;
    us = number_of_key(o, "_SOURCE_MONOTONIC_TIMESTAMP");
    if (!known(us))
        us = number_of_key(o, "__MONOTONIC_TIMESTAMP");
    if (known(us))
        ret->at_us = us;
    for (unsigned i = 0; i < ARRAY_SIZE(keys) && !known(ret->wall_us); i++) {
        json_object *value = find(o, keys[i]);
        struct prefix_log log = {.latest_year = 1970};
        struct prefix inner;

        if (!value || !json_object_is_type(value, json_type_string))
            continue;

        const char *text = json_object_get_string(value);

        prefix_take(span_of(text, strlen(text)), &log, &inner);
        ret->wall_us = inner.wall_us;
    }
}

bool json_line_take(struct span line, struct strbuf *message, struct prefix *ret, char host[64],
                    char program[64])
{
    struct span text = span_trim(line);
    struct json_tokener *tokener;
    json_object *o, *source;
    bool found;

    if (span_len(text) < 8 || *text.at != '{' || text.end[-1] != '}' ||
        span_len(text) > LINE_MAX_JSON)
        return false;
    tokener = json_tokener_new_ex(DEPTH);
    if (!tokener)
        return false;
    o = json_tokener_parse_ex(tokener, text.at, (int)span_len(text));
    json_tokener_free(tokener);
    if (!o || !json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        return false;
    }
    strbuf_reset(message);
    found = take_message(o, message);
    for (unsigned i = 0; i < ARRAY_SIZE(inner_keys) && !found; i++) {
        json_object *inner = find(o, inner_keys[i]);

        if (inner && json_object_is_type(inner, json_type_object))
            found = take_message(inner, message);
    }
    host[0] = program[0] = '\0';
    *ret = (struct prefix){.at_us = UNKNOWN, .wall_us = UNKNOWN, .is_log = true};
    take_times(o, ret);
    copy_text(o, "_HOSTNAME", host, 64);
    copy_text(o, "host", host, 64);
    copy_text(o, "hostname", host, 64);
    copy_text(o, "SYSLOG_IDENTIFIER", program, 64);
    source = find(o, "source");
    if (source && json_object_is_type(source, json_type_object)) {
        copy_text(source, "host", host, 64);
        copy_text(source, "component", program, 64);
    }
    json_object_put(o);
    return found;
}
