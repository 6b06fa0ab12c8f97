/* hw_layout.c - large mappings start at a multiple of 2 MiB, as Linux places them since 6.7.
 *
 * Valgrind places mappings wherever they fit. Where a mapping lies within its page tables decides where swap readahead by address is cut,
 * so a recording with arbitrary alignment replays a layout that no native run has.
 * Mirrors: thp_get_unmapped_area(). SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw_tool.h"

#define LARGE (2ul << 20)

/* As coregrind's pub_core_aspacemgr.h declares it; not among the tool headers. */
typedef struct {
    enum { MFixed, MHint, MAny, MAlign } rkind;
    Addr start, len;
} MapRequest;

Addr __real_vgPlain_am_get_advisory(const MapRequest *request, Bool for_client, Bool *ok);
Addr __wrap_vgPlain_am_get_advisory(const MapRequest *request, Bool for_client, Bool *ok);
Addr __wrap_vgPlain_am_get_advisory(const MapRequest *request, Bool for_client, Bool *ok)
{
    MapRequest larger = *request;
    Addr at;

    if (for_client && request->rkind == MAny && request->len >= LARGE) {
        larger.len += LARGE;
        at = __real_vgPlain_am_get_advisory(&larger, for_client, ok);
        if (*ok)
            return (at + LARGE - 1) & ~(LARGE - 1);
    }
    return __real_vgPlain_am_get_advisory(request, for_client, ok);
}
