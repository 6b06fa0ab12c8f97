/* page.c - the pieces of the page with a document, its kind and its name between them. */
#include "page/page.h"
#include "page/page_int.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

static const char *const kind_names[] = {
    [PAGE_OF_SIZE] = "size",
    [PAGE_OF_RUN] = "run",
    [PAGE_OF_DIAGNOSE] = "diagnose",
    [PAGE_OF_COMPARE] = "compare",
    [PAGE_OF_RECORDINGS] = "recordings",
    [PAGE_OF_FLEET] = "fleet",
    [PAGE_OF_LIVE] = "live",
};

const char page_absent[] = "";

/* Outside of its strings JSON has none of these, so that \u is right wherever they are. A line
 * separator ends a line of a script in older browsers. */
static void append_data(struct strbuf *out, const char *json, size_t len)
{
    static const char separators[] = "\xe2\x80";
    size_t from = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned code = 0, wide = 1;

        if (json[i] == '<' || json[i] == '>' || json[i] == '&') {
            code = (unsigned char)json[i];
        } else if (i + 2 < len && memcmp(json + i, separators, 2) == 0 &&
                   (json[i + 2] == '\xa8' || json[i + 2] == '\xa9')) {
            code = json[i + 2] == '\xa8' ? 0x2028 : 0x2029;
            wide = 3;
        }
        if (!code)
            continue;
        strbuf_append_bytes(out, json + from, i - from);
        strbuf_printf(out, "\\u%04x", code);
        from = i + wide;
        i = from - 1;
    }
    strbuf_append_bytes(out, json + from, len - from);
}

static void append_text(struct strbuf *out, const char *text)
{
    struct strbuf clean;

    strbuf_init(&clean);
    utf8_append_clean(&clean, text);
    for (const char *at = clean.text; *at; at++) {
        if (strchr("<>&\"'", *at))
            strbuf_printf(out, "&#%d;", *at);
        else
            strbuf_appendc(out, *at);
    }
    strbuf_done(&clean);
}

void page_render(enum page_kind kind, const char *name, const struct strbuf *json,
                 struct strbuf *out)
{
    for (unsigned i = 0; i < nr_page_pieces; i++) {
        const struct page_piece *piece = &page_pieces[i];

        strbuf_append_bytes(out, piece->bytes, piece->len);
        switch (piece->then) {
        case PAGE_NOTHING:
            break;
        case PAGE_TITLE:
            append_text(out, name);
            break;
        case PAGE_KIND:
            strbuf_append(out, kind_names[kind]);
            break;
        case PAGE_VERSION:
            strbuf_append(out, HW_VERSION);
            break;
        case PAGE_DATA:
            append_data(out, json->text, json->len);
            break;
        }
    }
}
