/* masklist.h - sets of small numbers (CPUs, nodes) as Linux writes them: "0-3,8".
 *
 * A set is a u64: bit n stands for number n. An empty set is an empty text in Linux's files.
 */
#ifndef BASE_MASKLIST_H
#define BASE_MASKLIST_H

#include "base/err.h"
#include "base/strbuf.h"
#include "base/types.h"

#define MASKLIST_MAX 64u /* numbers are below it */

/* "0-3,8" to a set. `noun` names a member in messages ("CPU"). An empty text is the empty set.
 * 0, or -EINVAL with what would be right; *ret is untouched then. */
int parse_masklist(const char *text, const char *noun, u64 *ret, struct err *e);

/* The set as "0-3,8", without a newline (bitmap_print_to_pagebuf, list). */
void strbuf_masklist(struct strbuf *out, u64 set);

/* The set as hexadecimal words of 32 bits, as cpumap has it: "0000000f" or "00000001,0000000f".
 * Only as many digits as `nr` members need. */
void strbuf_maskhex(struct strbuf *out, u64 set, unsigned nr);

#endif
