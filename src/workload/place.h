/* place.h - where the mappings of a recording lie on the machine that replays it.
 *
 * A recorder lays out address spaces in its own way; what kernel the program runs on decides
 * whether its memory is aligned to huge pages, and what lies beside what. place_trace() walks
 * through a decoded recording once, in the order of its stamps, lets every mapping lie where the
 * kernel would have put it, and writes these addresses into the events and operations. A replay
 * then does nothing about it, and all machines of a sweep share the one trace.
 *
 *     mapped anywhere           the highest gap that is large enough; a file of 2 MiB or more aligned to its huge pages
 *     ... in which the program looks for huge pages      as far from the first page of one as in the recording
 *     moved by mremap           where it is if there is room behind it, else the same
 *     text, interpreter, heap, stack of a new image      at the kernel's places without randomisation
 *     an address of the program's own choice             inside what is mapped there, else behind what lies before it, else as it is
 *
 * Mirrors:    fs/binfmt_elf.c (load_elf_binary), arch/x86/mm/mmap.c, mm/huge_memory.c
 *             (thp_get_unmapped_area), mm/mremap.c, Linux 6.1.
 * Differs:    no randomisation. An access is put where its page lay when its stream came to its
 *             next operation: what another thread unmaps and maps meanwhile, without a word between
 *             them, is seen one step early.
 * Never:      looks at a machine: the same recording is laid out alike for every limit.
 */
#ifndef WORKLOAD_PLACE_H
#define WORKLOAD_PLACE_H

#include "trace/trace.h"

struct place_result {
    u64 mappings; /* that the kernel placed */
    u64 kept;     /* at an address of the program's own choice that nothing else explains */
    u64 evaded;   /* of such a choice that was taken here: placed by the kernel instead */
};

/* Only once, before the first cursor. False: the trace stays as it was recorded, because the
 * recording does not say who chose its addresses (before 0.2.0), or because it is too large to be
 * held decoded. ret may be NULL. */
bool place_trace(struct trace *t, struct place_result *ret);

#endif
