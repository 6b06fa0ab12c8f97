/* page.h - a result as one page of HTML that needs nothing else: no network, no other file.
 *
 * The page is what --format json prints, in the page's own template: style, scripts (page.html
 * names the files) and uPlot, which draws curves. So every figure of it is in that document, and
 * whoever has the document can have the page.
 * Safety:  names in the document are of strangers. None can end the element that holds them
 *          (page_render() escapes), the scripts make text nodes of them alone, and the page's
 *          policy allows no script but its own and no network.
 * Never:   reads a file, knows what a result is made of: it meets results at their JSON alone.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/err.h"
#include "base/strbuf.h"

#include <json-c/json.h>

/* What a document is: which pictures it has. */
enum page_kind {
    PAGE_OF_SIZE,
    PAGE_OF_RUN,
    PAGE_OF_DIAGNOSE,
    PAGE_OF_COMPARE,
    PAGE_OF_RECORDINGS,
    PAGE_OF_CHECK,
    PAGE_OF_FLEET,
    PAGE_OF_LIVE
};

/* Documents are at most this long. */
#define PAGE_JSON_MAX (64u << 20)

/* The object that this text is, to be freed with json_object_put(); -EINVAL or -EFBIG with the
 * reason when it is none. */
int page_parse(const char *json, size_t len, json_object **ret, struct err *e);

/* Which of our documents this text is; -EINVAL with the reason when it is none. */
int page_find_kind(const char *json, size_t len, enum page_kind *ret, struct err *e);

/* Append the page of a document. name: of what it is about, for the title of the window.   pre:
 * json is valid JSON in UTF-8 */
void page_render(enum page_kind kind, const char *name, const struct strbuf *json,
                 struct strbuf *out);

/* Why this program makes no pages; "" for one that does. */
extern const char page_absent[];

/* "x.html" or "x.htm": a name of a page. */
bool page_is_name(const char *path);

#endif
