/* amount.h - figures in few columns: "15.6G", "3.2k", "12.5". What is not known is "-". */
#ifndef TOP_AMOUNT_H
#define TOP_AMOUNT_H

#include "base/types.h"

#define AMOUNT_MAX 24

/* At most 6 columns: "512B", "1.5K", "15.6G", "1023M"; "max" for NO_LIMIT. Returns buf. */
char *amount_bytes(char buf[AMOUNT_MAX], u64 bytes);

/* At most 6 columns: "0", "0.4", "12", "3.2k", "120M". Negative ones too, with a sign. NAN is not
 * known. Returns buf. */
char *amount_count(char buf[AMOUNT_MAX], double count);

/* At most 6 columns, without the sign: "0.0", "12.5", "100". Returns buf. */
char *amount_percent(char buf[AMOUNT_MAX], double percent);

/* For sentences: "12.0 MiB/s", "0 B/s". Returns buf. */
char *amount_byte_rate(char buf[AMOUNT_MAX], double bytes_per_s);

/* A length of time in two units: "12 s", "3 min 20 s", "5 h 03 min", "12 d 4 h". Returns buf. */
char *amount_time(char buf[AMOUNT_MAX], u64 us);

#endif
