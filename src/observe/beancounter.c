/* beancounter.c - see beancounter.h. Those that are of memory come first: of several that refused,
 * the first is told. */
#include "observe/beancounter.h"

const struct beancounter beancounters[NR_BEANCOUNTERS] = {
    {"oomguarpages", "memory beyond what the node guarantees", BEANS_PAGES, true},
    {"privvmpages", "private memory", BEANS_PAGES, true},
    {"physpages", "RAM", BEANS_PAGES, false},
    {"swappages", "swap", BEANS_PAGES, false},
    {"vmguarpages", "guaranteed private memory", BEANS_PAGES, true},
    {"kmemsize", "kernel memory", BEANS_BYTES, true},
    {"shmpages", "shared memory", BEANS_PAGES, true},
    {"lockedpages", "locked memory", BEANS_PAGES, true},
    {"dcachesize", "cached names of files", BEANS_BYTES, true},
    {"tcpsndbuf", "buffers of sent TCP data", BEANS_BYTES, true},
    {"tcprcvbuf", "buffers of received TCP data", BEANS_BYTES, true},
    {"othersockbuf", "buffers of other sockets", BEANS_BYTES, true},
    {"dgramrcvbuf", "buffers of received datagrams", BEANS_BYTES, true},
    {"numproc", "processes and threads", BEANS_COUNT, true},
    {"numfile", "open files", BEANS_COUNT, true},
    {"numtcpsock", "TCP sockets", BEANS_COUNT, true},
    {"numothersock", "other sockets", BEANS_COUNT, true},
    {"numflock", "file locks", BEANS_COUNT, true},
    {"numpty", "terminals", BEANS_COUNT, true},
};
