/* pin.h - memory of a program that a device or the kernel works on for long: registered for RDMA,
 * mapped for VFIO, fixed buffers of io_uring.
 *
 * Mirrors: mm/gup.c (pin_user_pages with FOLL_WRITE and FOLL_LONGTERM: faultin_page,
 *          check_and_migrate_movable_pages), Linux 6.1.
 * Differs: private anonymous memory alone; pins are let go when their address space ends (exit,
 *          exec), not one by one.
 * Owns:    mm.pins.
 */
#ifndef SYSTEM_PIN_H
#define SYSTEM_PIN_H

#include "system/task.h"

struct system;

/* Pin the pages of the range: they are faulted in for writing, what lies in ZONE_MOVABLE moves out
 * first, and all of them stay where they are until the process ends. Refused, with nothing pinned:
 * -ENOMEM (over RLIMIT_MEMLOCK, or a page in ZONE_MOVABLE cannot be moved), -EFAULT (an address
 * that is not mapped for writing), -EOPNOTSUPP (memory of a file, or shared). Where the other zones
 * have no page for one that is to leave ZONE_MOVABLE, somebody is killed. */
enum step system_pin(struct system *s, struct task *t, vaddr_t addr, u64 len);

/* The address space ends; its pages are unmapped. */
void pins_release(struct system *s, struct mm *mm);

/* The pins of all address spaces are those that the machine counts. */
void pins_check(const struct system *s);

#endif
