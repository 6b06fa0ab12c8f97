/* trace_text.c - "key=value" lines, as meta, end, host and mark chunks hold them, and what the keys
 * of a host mean. */
#include "trace/trace.h"

#include <string.h>

char *trace_text_value(const char *text, const char *key, char *buf, size_t size)
{
    size_t key_len = strlen(key);

    while (*text) {
        const char *end = strchrnul(text, '\n');

        if ((size_t)(end - text) > key_len && text[key_len] == '=' && !memcmp(text, key, key_len)) {
            size_t len = MIN((size_t)(end - text) - key_len - 1, size - 1);

            memcpy(buf, text + key_len + 1, len);
            buf[len] = '\0';
            return buf;
        }
        text = *end ? end + 1 : end;
    }
    return NULL;
}

bool trace_text_next(const char **text, char *key, size_t size, struct strbuf *value)
{
    const char *line = *text;

    while (*line) {
        const char *end = strchrnul(line, '\n');
        const char *equals = memchr(line, '=', (size_t)(end - line));
        const char *next = *end ? end + 1 : end;

        if (equals) {
            size_t len = MIN((size_t)(equals - line), size - 1);

            memcpy(key, line, len);
            key[len] = '\0';
            strbuf_reset(value);
            strbuf_append_bytes(value, equals + 1, (size_t)(end - equals) - 1);
            *text = next;
            return true;
        }
        line = next;
    }
    *text = line;
    return false;
}

bool trace_host_key(const char *key, enum hwt_host_kind *ret_kind, const char **ret_text)
{
    static const struct {
        const char *name;
        enum hwt_host_kind kind;
        const char *text;
    } keys[] = {
#define KEY(name, kind, text) {name, HWT_HOST_##kind, text},
        HWT_HOST_KEYS(KEY)
#undef KEY
    };

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *dev = strstr(keys[i].name, ".DEV");
        size_t head = dev ? (size_t)(dev - keys[i].name) + 1 : 0;

        if (dev ? strncmp(key, keys[i].name, head) == 0 && key[head] != '\0' &&
                      strspn(key + head, "0123456789") == strlen(key + head)
                : strcmp(key, keys[i].name) == 0) {
            *ret_kind = keys[i].kind;
            *ret_text = keys[i].text;
            return true;
        }
    }
    return false;
}
