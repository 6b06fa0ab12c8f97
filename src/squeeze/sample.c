/* sample.c - see sample.h. */
#include "squeeze/sample.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A number at the beginning of `text`, up to a blank or the end. */
static u64 number_at(const char *text)
{
    char digits[24];
    size_t len = strspn(text, "0123456789");
    u64 value;

    if (len == 0 || len >= sizeof(digits) || !(text[len] == '\0' || strchr(" \n\t", text[len])))
        return SQUEEZE_NONE;
    memcpy(digits, text, len);
    digits[len] = '\0';
    return parse_u64(digits, &value, NULL) ? SQUEEZE_NONE : value;
}

u64 squeeze_find_value(const char *text, const char *key)
{
    size_t len = strlen(key);

    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');

        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return number_at(line + len + 1);
        if (!end)
            break;
        line = end + 1;
    }
    return SQUEEZE_NONE;
}

int squeeze_read_number(const struct squeeze_host *host, const char *name, u64 *ret)
{
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    rc = host->read(host->ctx, name, &text);
    if (rc == 0 && strncmp(text.text, "max", 3) == 0) {
        *ret = SQUEEZE_NONE;
    } else if (rc == 0) {
        u64 value = number_at(text.text);

        if (value == SQUEEZE_NONE)
            rc = -EINVAL;
        else
            *ret = value;
    }
    strbuf_done(&text);
    return rc;
}

static u64 or_zero(u64 value)
{
    return value == SQUEEZE_NONE ? 0 : value;
}

/* total= of the line "some", in ns: the file counts us. */
static u64 pressure_total(const char *text)
{
    const char *some = strstr(text, "some "), *total = some ? strstr(some, "total=") : NULL;
    u64 us = total ? number_at(total + strlen("total=")) : SQUEEZE_NONE;

    return us == SQUEEZE_NONE || us > SQUEEZE_NONE / 2000 ? SQUEEZE_NONE : us * NS_PER_US;
}

static int look_at_stat(const struct squeeze_host *host, struct squeeze_sample *s,
                        struct strbuf *text)
{
    int rc = host->read(host->ctx, "memory.stat", text);

    if (rc)
        return rc;
#define VALUE(key) or_zero(squeeze_find_value(text->text, key))
    s->anon_bytes = VALUE("anon");
    s->file_bytes = VALUE("file");
    s->shmem_bytes = VALUE("shmem");
    s->mapped_bytes = VALUE("file_mapped");
    s->unevictable_bytes = VALUE("unevictable");
    s->refault_anon = VALUE("workingset_refault_anon");
    s->refault_file = VALUE("workingset_refault_file");
    s->majflt = VALUE("pgmajfault");
#undef VALUE
    s->swap_in = squeeze_find_value(text->text, "pswpin");
    if (s->swap_in == SQUEEZE_NONE)
        s->swap_in = s->refault_anon;
    return 0;
}

static int look(const struct squeeze_host *host, struct squeeze_sample *s, struct strbuf *text,
                const char **ret_file)
{
    int rc;

    s->at = host->now(host->ctx);
    if ((rc = squeeze_read_number(host, *ret_file = "memory.current", &s->size_bytes)) ||
        (rc = squeeze_read_number(host, *ret_file = "memory.high", &s->high_bytes)))
        return rc;
    if (squeeze_read_number(host, "memory.swap.current", &s->swap_bytes))
        s->swap_bytes = 0;
    *ret_file = "memory.stat";
    rc = look_at_stat(host, s, text);
    if (rc)
        return rc;
    strbuf_reset(text);
    *ret_file = "memory.events";
    rc = host->read(host->ctx, "memory.events", text);
    if (rc)
        return rc;
    s->events_low = or_zero(squeeze_find_value(text->text, "low"));
    s->events_max = or_zero(squeeze_find_value(text->text, "max"));
    s->oom = or_zero(squeeze_find_value(text->text, "oom"));
    s->oom_kill = or_zero(squeeze_find_value(text->text, "oom_kill"));
    strbuf_reset(text);
    s->stall_ns = SQUEEZE_NONE;
    if (host->read(host->ctx, "memory.pressure", text) == 0)
        s->stall_ns = pressure_total(text->text);
    strbuf_reset(text);
    if (host->read(host->ctx, "memory.swap.events", text) == 0)
        s->swap_fail = or_zero(squeeze_find_value(text->text, "max")) +
                       or_zero(squeeze_find_value(text->text, "fail"));
    strbuf_reset(text);
    s->empty = host->read(host->ctx, "cgroup.events", text) == 0 &&
               squeeze_find_value(text->text, "populated") == 0;
    return 0;
}

int squeeze_look(const struct squeeze_host *host, struct squeeze_sample *ret, struct err *e)
{
    struct squeeze_sample s = {0};
    const char *file = "";
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    rc = look(host, &s, &text, &file);
    strbuf_done(&text);
    if (rc)
        return err_set(e, rc, "%s cannot be read: %s", file,
                       rc == -EINVAL ? "want a number or max" : strerror(-rc));
    *ret = s;
    return 0;
}

char *squeeze_limit_text(char buf[32], u64 bytes)
{
    if (bytes == SQUEEZE_NONE)
        snprintf(buf, 32, "max");
    else
        snprintf(buf, 32, "%" PRIu64, bytes);
    return buf;
}
