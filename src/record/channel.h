/* channel.h - the memory that a recorder's processes share while a recording runs.
 *
 * The parent (`highwater record`) creates one memfd. Every recorded process opens it by the path
 * /proc/PARENT/fd/N, so that nothing is inherited that the program could close, and nothing is left
 * on disk. The recorded threads fill slots with raw payload of the trace format; the parent
 * compresses full slots and appends them to the file.
 *
 *     header | slot descriptor * nr_slots | slot bytes * nr_slots
 *
 *     slot:  FREE --claim (a thread)--> FILLING --publish--> FULL --written (the parent)--> FREE
 *                                        |  ^ |
 *              the thread waits or sleeps v  | +-- its process is dead: the parent takes what is there
 *                                      PARKED <--> TAKING (the parent writes what is there)
 *
 * A thread that runs publishes at each new flush number, one that waits leaves its slot parked: so
 * what happened is in the file about a second later, whatever happens to the parent.
 *
 * Invariants: bytes [0, len) of a slot are always whole records: len is stored after the record it
 *             covers. Chunks of one stream are published in order, so their tickets are in order.
 * Never:      a lock. A process may be killed at any instruction.
 *
 * Shared with the Valgrind tool, so it includes nothing of the project. SPDX-License-Identifier:
 * MIT */
#ifndef RECORD_CHANNEL_H
#define RECORD_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#define CHANNEL_MAGIC      0x4e414843u /* "CHAN" */
#define CHANNEL_VERSION    4u
#define CHANNEL_SLOTS      512u
#define CHANNEL_SLOT_BYTES (512u << 10) /* raw payload of one chunk at most */
#define CHANNEL_LOG_BYTES  1024u
#define CHANNEL_NAME_BYTES 256u
#define CHANNEL_NAMES      8u
#define CHANNEL_REASONS    8u

/* Where the tool is linked, and room for it: a program that is linked there cannot be recorded
 * (another Valgrind). */
#define CHANNEL_TOOL_BASE  0x58000000u
#define CHANNEL_TOOL_BYTES 0x04000000u

enum channel_slot_state {
    CHANNEL_FREE = 0,
    CHANNEL_FILLING = 1,
    CHANNEL_FULL = 2,
    CHANNEL_PARKED = 3,
    CHANNEL_TAKING = 4,
};

struct channel_slot {
    uint32_t state;  /* enum channel_slot_state */
    uint32_t pid;    /* who claimed it */
    uint32_t stream; /* these five as in the chunk header */
    uint32_t seq;
    uint64_t order;
    uint32_t nr_accesses;
    uint32_t nr_ops;
    uint32_t len;    /* bytes of whole records so far */
    uint32_t leader; /* 1 in the first thread of a process */
    uint64_t ticket; /* order of publication */
    uint64_t pad[2];
};

struct channel {
    uint32_t magic;
    uint32_t version;
    uint32_t nr_slots;
    uint32_t slot_bytes; /* of each so many are used */
    uint32_t parent_pid;
    uint32_t window_instructions; /* the filter forgets after so many, */
    uint32_t window_misses;       /* or after so many misses */
    uint32_t closed;              /* 1: the recording is over, stop */
    uint64_t order;               /* the order stamp; last value given out */
    uint64_t next_handle;         /* last handle given out */
    uint64_t publications;        /* last ticket given out */
    uint32_t next_stream;         /* last stream given out */
    uint32_t wake;                /* futex word of the parent: a slot became FULL */
    uint32_t freed;               /* futex word of the tools: a slot became FREE */
    uint32_t processes;           /* forked, and the first */
    uint32_t flush;               /* streams publish when they see a new number */
    uint32_t unrecorded;          /* programs that ran unrecorded */
    uint32_t no_settings;         /* 1: arguments and variables are not told */
    uint32_t pad;
    uint64_t lacks[CHANNEL_REASONS]; /* what could not be followed, by enum hwt_incomplete */
    uint64_t instructions; /* executed: of a thread that runs, those before its last chunk */
    char names[CHANNEL_NAMES][CHANNEL_NAME_BYTES]; /* of the first programs that ran unrecorded */
    char log[CHANNEL_LOG_BYTES]; /* first complaint of a tool, for the person who must mend it */
    struct channel_slot slots[];
};

#define CHANNEL_DATA_OFFSET                                                           \
    ((sizeof(struct channel) + CHANNEL_SLOTS * sizeof(struct channel_slot) + 4095u) & \
     ~(size_t)4095u)
#define CHANNEL_BYTES (CHANNEL_DATA_OFFSET + (size_t)CHANNEL_SLOTS * CHANNEL_SLOT_BYTES)

#endif
