/* list.h - doubly linked lists whose links live in the elements.
 *
 * A `struct list_head` is either the head of a list or the link inside an element. The list is a
 * ring through the head: an empty head points at itself, and so does an element that is on no list.
 *
 *     head <-> a <-> b <-> c <-> head
 *
 * Owns:       nothing; the elements belong to whoever has them.
 * Use:        list_add(&page->lru, &list->head); page = list_last_entry(&list->head, struct page,
 *             lru);
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/types.h"

struct list_head {
    struct list_head *next, *prev;
};

static inline void list_init(struct list_head *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
    return head->next == head;
}

/* Put `entry` between two neighbours. */
static inline void list_insert_between(struct list_head *entry, struct list_head *prev,
                                       struct list_head *next)
{
    entry->prev = prev;
    entry->next = next;
    prev->next = entry;
    next->prev = entry;
}

/* To the front. pre: entry is on no list */
static inline void list_add(struct list_head *entry, struct list_head *head)
{
    list_insert_between(entry, head, head->next);
}

/* To the back. pre: entry is on no list */
static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
    list_insert_between(entry, head->prev, head);
}

/* Off its list; afterwards it is on no list, so deleting again does nothing. */
static inline void list_del(struct list_head *entry)
{
    entry->prev->next = entry->next;
    entry->next->prev = entry->prev;
    list_init(entry);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
    list_del(entry);
    list_add_tail(entry, head);
}

/* All of `from` to the front of `head`, in order; `from` is empty afterwards. */
static inline void list_splice(struct list_head *from, struct list_head *head)
{
    if (list_empty(from))
        return;
    from->prev->next = head->next;
    head->next->prev = from->prev;
    head->next = from->next;
    from->next->prev = head;
    list_init(from);
}

/* All of `from` to the back of `head`, in order; `from` is empty afterwards. */
static inline void list_splice_tail(struct list_head *from, struct list_head *head)
{
    list_splice(from, head->prev);
}

static inline bool list_is_last(const struct list_head *entry, const struct list_head *head)
{
    return entry->next == head;
}

/* Number of elements. cost: O(n) */
static inline size_t list_count(const struct list_head *head)
{
    size_t n = 0;

    for (const struct list_head *at = head->next; at != head; at = at->next)
        n++;
    return n;
}

#define list_entry(link, type, member) container_of(link, type, member)

/* pre: the list is not empty */
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)  list_entry((head)->prev, type, member)

#define list_for_each_entry(pos, head, member)                                             \
    for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head); \
         pos = list_entry(pos->member.next, __typeof__(*pos), member))

#define list_for_each_entry_reverse(pos, head, member)                                     \
    for (pos = list_entry((head)->prev, __typeof__(*pos), member); &pos->member != (head); \
         pos = list_entry(pos->member.prev, __typeof__(*pos), member))

/* `pos` may be deleted or freed in the body. */
#define list_for_each_entry_safe(pos, after, head, member)              \
    for (pos = list_entry((head)->next, __typeof__(*pos), member),      \
        after = list_entry(pos->member.next, __typeof__(*pos), member); \
         &pos->member != (head);                                        \
         pos = after, after = list_entry(after->member.next, __typeof__(*pos), member))

#endif
