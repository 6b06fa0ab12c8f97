/* import.c - which of the kinds of text it is; units of systemd; quantities of Kubernetes. */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "fleet/import_int.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define BYTES_MAX 9e18 /* more memory than any machine has */
#define VALUE_MAX 1000u

int import_quantity(const char *text, u64 *ret)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {
        {"", 1},
        {"m", 1e-3},
        {"k", 1e3},
        {"K", 1e3},
        {"M", 1e6},
        {"G", 1e9},
        {"T", 1e12},
        {"P", 1e15},
        {"E", 1e18},
        {"Ki", KIB},
        {"Mi", MIB},
        {"Gi", GIB},
        {"Ti", 1024.0 * GIB},
        {"Pi", 1048576.0 * GIB},
    };
    char number[64];
    size_t len = strspn(text, "0123456789.");
    double value;

    /* 1e9 and 1E9 are numbers, 1E is a unit. */
    if (len && (text[len] == 'e' || text[len] == 'E') &&
        isdigit((unsigned char)text[len + 1 + (text[len + 1] == '+')]))
        len += 1 + (text[len + 1] == '+') +
               strspn(text + len + 1 + (text[len + 1] == '+'), "0123456789");
    if (len == 0 || len >= sizeof(number))
        return -EINVAL;
    memcpy(number, text, len);
    number[len] = '\0';
    if (parse_f64(number, &value, NULL))
        return -EINVAL;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(text + len, units[i].unit) != 0)
            continue;
        value = ceil(value * units[i].factor);
        if (!(value >= 0 && value < BYTES_MAX))
            return -ERANGE;
        *ret = (u64)value;
        return 0;
    }
    return -EINVAL;
}

/* One unit as `systemctl show` tells it: what matters of its lines. */
struct unit {
    char id[VALUE_MAX], slice[VALUE_MAX], active[32];
    u64 max, high, min, low;
};

static u64 unit_bytes(const char *value)
{
    u64 bytes;

    /* "infinity", "[not set]" and the largest number are none. */
    return parse_u64(value, &bytes, NULL) == 0 ? bytes : STORE_NONE;
}

static void unit_reset(struct unit *u)
{
    *u = (struct unit){.max = STORE_NONE, .high = STORE_NONE, .min = STORE_NONE, .low = STORE_NONE};
}

static void unit_line(struct unit *u, const char *line, size_t len)
{
    char key[64], value[VALUE_MAX];
    const char *equals = memchr(line, '=', len);
    size_t key_len = equals ? (size_t)(equals - line) : 0,
           value_len = equals ? len - key_len - 1 : 0;

    if (!equals || key_len >= sizeof(key) || value_len >= sizeof(value))
        return;
    memcpy(key, line, key_len);
    key[key_len] = '\0';
    memcpy(value, equals + 1, value_len);
    value[value_len] = '\0';
    if (strcmp(key, "Id") == 0)
        memcpy(u->id, value, value_len + 1);
    else if (strcmp(key, "Slice") == 0)
        memcpy(u->slice, value, value_len + 1);
    else if (strcmp(key, "ActiveState") == 0 && value_len < sizeof(u->active))
        memcpy(u->active, value, value_len + 1);
    else if (strcmp(key, "MemoryMax") == 0)
        u->max = unit_bytes(value);
    else if (strcmp(key, "MemoryHigh") == 0)
        u->high = unit_bytes(value);
    else if (strcmp(key, "MemoryMin") == 0)
        u->min = unit_bytes(value);
    else if (strcmp(key, "MemoryLow") == 0)
        u->low = unit_bytes(value);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* What runs, or may: units that are known not to are promised nothing. */
static void unit_end(struct unit *u, const char *node, struct promises *ret)
{
    bool runs = !*u->active || strcmp(u->active, "active") == 0 ||
                strcmp(u->active, "activating") == 0 || strcmp(u->active, "reloading") == 0;
    u64 min = u->min == STORE_NONE ? 0 : u->min, low = u->low == STORE_NONE ? 0 : u->low;
    const struct promise p = {
        .source = (char *)"systemd",
        .namespace = u->slice,
        .workload = u->id,
        .container = (char *)"",
        .image = (char *)"",
        .node = (char *)node,
        .replicas = 1,
        .request_bytes = MAX(min, low) ? MAX(min, low) : STORE_NONE,
        .limit_bytes = u->max,
        .high_bytes = u->high,
    };

    if (runs && (ends_with(u->id, ".service") || ends_with(u->id, ".scope")))
        promises_add(ret, &p);
    unit_reset(u);
}

static int import_units(const char *text, size_t len, const char *node, struct promises *ret,
                        struct err *e)
{
    struct unit u;
    size_t before = ret->items.count;
    bool seen = false;

    unit_reset(&u);
    for (const char *at = text, *end = text + len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t line = newline ? (size_t)(newline - at) : (size_t)(end - at);

        if (line && at[line - 1] == '\r')
            line--;
        if (line == 0)
            unit_end(&u, node, ret);
        else
            unit_line(&u, at, line);
        seen = seen || u.id[0];
        at = newline ? newline + 1 : end;
    }
    unit_end(&u, node, ret);
    if (!seen)
        return err_set(e, -EINVAL,
                       "want what 'kubectl get pods,deployments -A -o json', 'docker inspect' or "
                       "'systemctl show' prints; nothing of these is in it");
    if (ret->items.count == before)
        return err_set(e, -EINVAL, "no unit in it is a service that is active");
    return 0;
}

int import_text(const char *text, size_t len, const char *node, struct promises *ret, struct err *e)
{
    size_t blank = 0;

    while (blank < len && isspace((unsigned char)text[blank]))
        blank++;
    if (blank < len && (text[blank] == '{' || text[blank] == '['))
        return import_json(text + blank, len - blank, node, ret, e);
    return import_units(text, len, node, ret, e);
}
