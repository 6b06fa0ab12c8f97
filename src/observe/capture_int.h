/* capture_int.h - records of a capture file, and the files as they stand at one sample; shared by
 * writer and reader.
 *
 * Source: docs/capture-format.md.
 */
#ifndef OBSERVE_CAPTURE_INT_H
#define OBSERVE_CAPTURE_INT_H

#include "base/hash.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "observe/capture.h"

#define HWC_MAGIC        0x52435748u /* "HWCR" read as little-endian */
#define HWC_VERSION      1u
#define HWC_HEADER_BYTES 72u
#define HWC_HASHED_BYTES 64u         /* of the header */
#define HWC_TEXT_MAX     (16u << 20) /* of one file */
#define HWC_TABLE_MAX    (1u << 20)  /* of one record, raw */
#define HWC_TEXTS_MAX    (HWC_TEXT_MAX + (1u << 20))
#define HWC_STORED_MAX   (HWC_TABLE_MAX + HWC_TEXTS_MAX + (1u << 20))
#define HWC_PATH_MAX     4096u
#define HWC_FILES_MAX    (1u << 20)   /* of one chunk */
#define HWC_STATE_MAX    (256u << 20) /* all texts and paths of one chunk's files */
#define HWC_META         ".capture"   /* file of key samples about the capture itself */
#define HWC_PARTS_MAX    64u
/* By enum source_kind. */
#define HWC_ORIGINS      "live", "container", "archive", "simulated", "capture"

/* A record is closed and the next one begun when it holds so much. */
#define HWC_TEXTS_GOAL (256u << 10)
#define HWC_TABLE_GOAL (128u << 10)

enum hwc_flag { HWC_KEY = 1, HWC_LAST = 2 };

/* The first varint of a row of the table: zigzag(file - (file of the row before + 1)) <<
 * HWC_ROW_BITS | these. */
enum hwc_row { HWC_ROW_TEXT = 1, HWC_ROW_NEW = 2, HWC_ROW_BITS = 2 };

enum hwc_offset {
    HWC_OFF_MAGIC = 0,
    HWC_OFF_VERSION = 4,
    HWC_OFF_FLAGS = 6,
    HWC_OFF_CHUNK = 8,
    HWC_OFF_SAMPLE = 12,
    HWC_OFF_PIECE = 16,
    HWC_OFF_TABLE_LEN = 20,
    HWC_OFF_TABLE_STORED = 24,
    HWC_OFF_TEXTS_LEN = 28,
    HWC_OFF_TEXTS_STORED = 32,
    HWC_OFF_PREFIX_LEN = 36,
    HWC_OFF_PARTS = 40,
    HWC_OFF_WALL = 48,
    HWC_OFF_MONO = 56,
    HWC_OFF_HASH = 64,
};

struct hwc_record {
    u16 flags; /* enum hwc_flag */
    /* which chunk of the file, sample of the chunk, record of the sample */
    u32 chunk, sample, piece;
    u32 table_len, table_stored; /* bytes raw and stored */
    u32 texts_len, texts_stored;
    u32 prefix_len; /* bytes of the texts before, which the texts build on */
    u64 parts;
    u64 wall_us;
    ns_t mono_ns;
    u64 hash;
};

static inline u64 hwc_record_bytes(const struct hwc_record *r)
{
    return HWC_HEADER_BYTES + (u64)r->table_stored + r->texts_stored;
}

void hwc_header_put(u8 *at, const struct hwc_record *r);
/* NULL, or what is wrong with it. */
const char *hwc_header_get(const u8 *at, struct hwc_record *ret);
/* Of a header and the payload that follows it in memory. */
u64 hwc_hash(const u8 *header, const u8 *payload, size_t count);

/* --- the files as they stand ------------------------------------------------------------------ */
#define HWC_FILE_NONE UINT32_MAX

/* A directory's path ends with '/', and its text is its names, one a line, a '/' after those of
 * directories. */
struct hwc_file {
    char *path;
    char *text;
    u32 len;
    int result; /* 0 or a negative errno */
    u32 sample; /* of the chunk, in which it was last read */
    u32 next;   /* with the same hash */
};

struct hwc_state {
    VEC(struct hwc_file) files; /* in order of their first reading in the chunk */
    struct u64map by_hash;
    u64 bytes; /* of texts and paths */
};

void hwc_state_init(struct hwc_state *s);
void hwc_state_done(struct hwc_state *s);
void hwc_state_reset(struct hwc_state *s);
/* Index or HWC_FILE_NONE. */
u32 hwc_state_find(const struct hwc_state *s, const char *path, size_t len);
/* pre: not there */
u32 hwc_state_add(struct hwc_state *s, const char *path, size_t len);
/* -ENOMEM when the host has none. */
int hwc_state_set_text(struct hwc_state *s, u32 index, const char *text, size_t len);

/* --- reading records (capture_scan.c), for the reader and for a writer that goes on ----------- */
struct hwc_input {
    int fd; /* -1: memory */
    const u8 *bytes;
    u64 size;
};

/* Exactly count bytes. 0, -EIO, -EINVAL past the end. */
int hwc_input_read(const struct hwc_input *in, u64 offset, void *buf, size_t count);

struct hwc_scan {
    VEC(struct capture_sample) samples;
    VEC(u64) chunk_offsets; /* of each chunk that has a sample */
    struct capture_loss loss;
    u64 end;        /* of the last whole sample */
    u32 last_chunk; /* the largest number seen, 0 when none */
    bool any;       /* one record was whole */
    bool begins;    /* the file begins as a capture does */
    bool newer;     /* it has records of another version */
};

/* Look at every record. 0 or the host's error. */
int hwc_scan(const struct hwc_input *in, struct hwc_scan *ret);
void hwc_scan_done(struct hwc_scan *s);

#endif
