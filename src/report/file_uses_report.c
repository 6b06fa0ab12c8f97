/* file_uses_report.c - rows of files; pages become bytes here. */
#include "report/file_uses_report.h"

#include "base/units.h"
#include "base/utf8.h"
#include "report/json_put.h"

#include <inttypes.h>
#include <string.h>

#define LOST_LINES     3u
#define NAME_MAX_SHOWN 60u

void file_uses_name(const struct file_use_row *row, struct strbuf *out)
{
    if (row->path)
        utf8_append_clean(out, row->path);
    else if (row->device)
        strbuf_append(out, "blocks of the file system itself");
    else
        strbuf_printf(out, "file %" PRIu64 " of device %" PRIu64, row->ino, row->dev);
}

static void put_bytes(json_object *o, const char *key, u64 pages)
{
    json_put_u64(o, key, pages * PAGE_SIZE);
}

static void put_use(json_object *o, const struct file_use_row *row)
{
    put_bytes(o, "brought_bytes", row->use.came);
    put_bytes(o, "used_again_bytes", row->use.again);
    put_bytes(o, "evicted_bytes", row->use.evicted);
    put_bytes(o, "lost_bytes", row->use.lost);
}

static json_object *row_json(const struct file_use_row *row)
{
    json_object *o = json_new_object();
    struct strbuf name;

    strbuf_init(&name);
    file_uses_name(row, &name);
    json_put_text(o, "path", name.text);
    strbuf_done(&name);
    json_put_u64(o, "size_bytes", row->size);
    json_put(o, "deleted", json_new_bool(row->deleted));
    put_bytes(o, "cached_bytes", row->cached);
    put_bytes(o, "peak_bytes", row->use.peak);
    put_use(o, row);
    return o;
}

json_object *file_uses_json(const struct file_uses *u)
{
    json_object *o = json_new_object(), *files = json_new_array(), *others = json_new_object();

    for (unsigned i = 0; i < u->nr; i++)
        json_append(files, row_json(&u->rows[i]));
    json_put(o, "files", files);
    json_put_u64(others, "files", u->nr_others);
    put_bytes(others, "cached_bytes", u->others.cached);
    put_use(others, &u->others);
    json_put(o, "others", others);
    return o;
}

/* The end of a long path tells more than its beginning. */
static void append_short(struct strbuf *out, const char *name, size_t len)
{
    const char *from = name;

    if (len > NAME_MAX_SHOWN) {
        from = name + len - NAME_MAX_SHOWN;
        while (((u8)*from & 0xc0) == 0x80) /* inside a character */
            from++;
        strbuf_append(out, "...");
    }
    strbuf_append(out, from);
}

void file_uses_render_lost(const struct file_uses *u, u64 lost, struct strbuf *out)
{
    u64 below = UINT64_MAX; /* rows with as many as the last one told, or more, are told */

    for (unsigned line = 0; line < LOST_LINES; line++) {
        const struct file_use_row *most = NULL;
        char number[UNITS_TEXT_MAX];
        struct strbuf name;

        for (unsigned i = 0; i < u->nr; i++)
            if (u->rows[i].use.lost < below && (!most || u->rows[i].use.lost > most->use.lost))
                most = &u->rows[i];
        if (!most || !most->use.lost || most->use.lost < lost / 10)
            return;
        below = most->use.lost;
        strbuf_init(&name);
        file_uses_name(most, &name);
        strbuf_printf(out, "    %-22s %10s  of ", "of them", format_count(number, most->use.lost));
        append_short(out, name.text, name.len);
        strbuf_appendc(out, '\n');
        strbuf_done(&name);
    }
}
