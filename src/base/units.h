/* units.h - sizes, times and numbers as people write them.
 *
 * Sizes are powers of two: "96M", "96MiB", "96MB", "96m" and "100663296" are the same; "1.5G"
 * works. Durations: "1.5" and "1.5s" are seconds; also ns, us, ms, s, min (or m), h. Parsers take
 * the whole text (no blank, no sign, nothing left over), return 0, -EINVAL or -ERANGE, and touch
 * *ret only on success. On failure e->text says what would be right.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include "base/err.h"
#include "base/types.h"

/* Bytes enough for any formatted text below. */
#define UNITS_TEXT_MAX 32

int parse_size(const char *text, u64 *ret_bytes, struct err *e);
int parse_duration(const char *text, ns_t *ret_ns, struct err *e);
/* Bytes as cgroup files take them (memparse() of Linux): a whole number, decimal, octal after 0 or
 * hexadecimal after 0x, and one of K M G T P E, in bits that fit; nothing is 0. -EINVAL where
 * something follows. */
int parse_kernel_size(const char *text, u64 *ret_bytes);

/* A number as the kernel's files take it (kstrtoull() of Linux): of a base, or of the one that 0x
 * or 0 at its beginning tells (0). */
int parse_kernel_u64(const char *text, unsigned base, u64 *ret);
/* The same as /proc/sys takes it: the first word, up to a blank; whatever follows does not count.
 * -EINVAL for a unit, a sign or more than 20 digits. */
int parse_kernel_sysctl(const char *text, u64 *ret);
/* By its first letters: y, t, 1, on; n, f, 0, of (kstrtobool()). */
int parse_kernel_bool(const char *text, bool *ret);

/* Decimal, or hexadecimal after 0x. */
int parse_u64(const char *text, u64 *ret, struct err *e);

/* A plain decimal number, such as 0.95 or 1e-3; never nan or inf. */
int parse_f64(const char *text, double *ret, struct err *e);

/* "512 B", "96.0 MiB", "1.5 GiB". Returns buf. */
char *format_bytes(char buf[UNITS_TEXT_MAX], u64 bytes);

/* The same, to be set: within 0.5 %, as "1.14 GiB" where format_bytes has "1.1 GiB". Returns
 * buf. */
char *format_limit(char buf[UNITS_TEXT_MAX], u64 bytes);

/* Two limits side by side, as format_limit has them: when they would look the same although they
 * differ, both in KiB or bytes, exact. */
void format_two_bytes(char a_text[UNITS_TEXT_MAX], u64 a, char b_text[UNITS_TEXT_MAX], u64 b);

/* A size that parse_size gives back exactly: "96M", "1000". Returns buf. */
char *format_size(char buf[UNITS_TEXT_MAX], u64 bytes);

/* "850 ns", "12.3 us", "4.56 ms", "1.23 s", "2 min 03 s", "1 h 02 min". Returns buf. */
char *format_ns(char buf[UNITS_TEXT_MAX], ns_t ns);

/* "1,234,567". Returns buf. */
char *format_count(char buf[UNITS_TEXT_MAX], u64 count);
/* The same for a narrow column, by thousands: "999", "12k", "4.5M". */
char *format_short_count(char buf[UNITS_TEXT_MAX], u64 n);

#endif
