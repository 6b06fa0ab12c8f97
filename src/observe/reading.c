/* reading.c - files into text, and errors into what people can use. */
#include "observe/reading_int.h"

#include <stdio.h>
#include <unistd.h>

int reading_file(struct reading *r, const char *path, size_t max, struct span *ret)
{
    strbuf_reset(&r->text);

    int rc = source_read(r->src, path, max, &r->text);

    if (rc == 0 || rc == -EFBIG)
        *ret = span_of_buf(&r->text);
    return rc;
}

int reading_u64(struct reading *r, const char *path, u64 *ret)
{
    struct span text;
    int rc = reading_file(r, path, FILE_MAX_SMALL, &text);

    if (rc == 0 || rc == -EFBIG) {
        *ret = UNKNOWN;
        if (span_take(&text, "max"))
            *ret = NO_LIMIT;
        else
            span_take_u64(&text, ret);
    }
    return rc;
}

enum source_kind reading_kind(const struct reading *r)
{
    return r->src->kind == SOURCE_CAPTURE ? r->src->origin : r->src->kind;
}

/* Why a file is not there depends on whose tree it is. */
static const char *why_missing(const struct reading *r)
{
    switch (reading_kind(r)) {
    case SOURCE_LIVE:
        return "this kernel has no such file";
    case SOURCE_CONTAINER:
        return "not visible in this container";
    case SOURCE_ARCHIVE:
        return "not in this archive";
    case SOURCE_SIMULATED:
        return "not among the files of a simulated machine";
    case SOURCE_CAPTURE:
        break;
    }
    return "not in this capture";
}

static bool is_pressure(enum part part)
{
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++) {
        if (psi_parts[i] == part)
            return true;
    }
    return false;
}

void reading_mark_why(struct reading *r, enum part part, enum part_state state, const char *why)
{
    struct part_status *status = &r->s->parts[part];

    status->state = state;
    snprintf(status->why, sizeof(status->why), "%s", why);
}

void reading_mark(struct reading *r, enum part part, int rc)
{
    switch (-rc) {
    case 0:
        reading_mark_why(r, part, PART_OK, "");
        return;
    case EFBIG:
        reading_mark_why(r, part, PART_CUT, "longer than is read");
        return;
    case ENOENT:
    case ENOTDIR:
        reading_mark_why(r, part, PART_MISSING,
                         is_pressure(part) && r->src->live
                             ? "this kernel has no pressure figures (CONFIG_PSI, since 4.20)"
                             : why_missing(r));
        return;
    case EACCES:
    case EPERM:
        reading_mark_why(r, part, PART_DENIED,
                         r->src->live && geteuid() == 0 ? "not permitted here, even for root"
                                                        : "needs root");
        return;
    case EOPNOTSUPP:
        reading_mark_why(r, part, PART_UNSUPPORTED,
                         is_pressure(part) ? "PSI is switched off: boot with psi=1"
                                           : "switched off in this kernel");
        return;
    case EINVAL:
        reading_mark_why(r, part, PART_BAD, "not a regular file");
        return;
    case ELOOP:
        reading_mark_why(r, part, PART_BAD, "a link that leads nowhere");
        return;
    default:
        reading_mark_why(r, part, PART_BAD, strerror(-rc));
    }
}

ns_t reading_now(const struct reading *r)
{
    return r->src->live ? source_time(r->src, NULL) : r->s->taken_at;
}

u64 kib_to_bytes(u64 kib)
{
    return known(kib) && kib < (u64)1 << 52 ? kib * KIB : UNKNOWN;
}

void reading_part(struct reading *r, enum part part, const char *path, size_t max, parse_fn *parse)
{
    struct span text;
    int rc = reading_file(r, path, max, &text);

    reading_mark(r, part, rc);
    if ((rc == 0 || rc == -EFBIG) && parse(text, r->s) == 0)
        reading_mark_why(r, part, PART_BAD,
                         span_empty(text) ? "empty" : "not in the form this file has");
}
