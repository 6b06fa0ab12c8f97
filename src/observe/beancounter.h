/* beancounter.h - resources of OpenVZ's user beancounters, which limit a container beside its
 * memory cgroup or instead of it.
 *
 * Mirrors:  /proc/user_beancounters, version 2.5, as the kernels of OpenVZ 6 and 7 print it. A
 *           limit of LONG_MAX is none.
 */
#ifndef OBSERVE_BEANCOUNTER_H
#define OBSERVE_BEANCOUNTER_H

#include "base/types.h"

enum beancounter_unit { BEANS_BYTES, BEANS_PAGES, BEANS_COUNT };

struct beancounter {
    const char *name;
    const char *means; /* "private memory (privvmpages)" without the name */
    enum beancounter_unit unit;
    /* programs are refused at the barrier; the limit is for the kernel's own needs */
    bool at_barrier;
};

#define NR_BEANCOUNTERS 19
extern const struct beancounter beancounters[NR_BEANCOUNTERS];

struct beancounter_view {
    const struct beancounter *counter;
    u64 container; /* UNKNOWN: the text does not say */
    /* in its unit; failed: refusals since the container started */
    u64 held, most, barrier, limit, failed;
};

#endif
