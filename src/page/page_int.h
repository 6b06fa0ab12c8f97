/* page_int.h - the page as tools/embed_page.py put it together of this room's files: pieces, and
 * what stands behind each. */
#ifndef PAGE_PAGE_INT_H
#define PAGE_PAGE_INT_H

#include "base/types.h"

enum page_blank { PAGE_NOTHING, PAGE_TITLE, PAGE_KIND, PAGE_VERSION, PAGE_DATA };

struct page_piece {
    const unsigned char *bytes;
    size_t len;
    enum page_blank then; /* what the program puts behind the piece */
};

extern const struct page_piece page_pieces[];
extern const unsigned nr_page_pieces;

#endif
