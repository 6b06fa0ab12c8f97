/* order.c - a kernel module that asks the page allocator for pages of any order, as drivers and
 * file systems do.
 *
 * Write to /proc/order:  alloc ORDER COUNT FLAG...   asks until COUNT were given or one was
 *                        refused; keeps them
 *                        thin N                      gives back all but every Nth page that is kept
 *                        free                        gives back all
 * Read:                  "kept PAGES given COUNT of COUNT" of the last alloc
 *
 * FLAG: kernel atomic nowait nofs user movable (a mask), then noretry, retry (MAYFAIL), nofail,
 * nowarn, comp, zero, reclaimable, this (node only). A refusal without nowarn makes the kernel's
 * own warning, at most one in ten seconds.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("pages of any order on request");

struct flag {
    const char *name;
    gfp_t gfp;
};

static const struct flag flags[] = {
    {"kernel", GFP_KERNEL},
    {"atomic", GFP_ATOMIC},
    {"nowait", GFP_NOWAIT},
    {"nofs", GFP_NOFS},
    {"user", GFP_USER},
    {"movable", GFP_HIGHUSER_MOVABLE},
    {"noretry", __GFP_NORETRY},
    {"retry", __GFP_RETRY_MAYFAIL},
    {"nofail", __GFP_NOFAIL},
    {"nowarn", __GFP_NOWARN},
    {"comp", __GFP_COMP},
    {"zero", __GFP_ZERO},
    {"reclaimable", __GFP_RECLAIMABLE},
    {"this", __GFP_THISNODE},
};

/* Pages that are kept are linked by their lru field; the order is in private. */
static LIST_HEAD(kept);
static unsigned long kept_pages, given, asked;

static void give_back(struct page *page)
{
    unsigned int order = page_private(page);

    list_del(&page->lru);
    set_page_private(page, 0);
    kept_pages -= 1UL << order;
    __free_pages(page, order);
}

static void thin(unsigned long n)
{
    struct page *page, *next;
    unsigned long at = 0;

    list_for_each_entry_safe (page, next, &kept, lru) {
        if (n == 0 || at % n != 0)
            give_back(page);
        at++;
        cond_resched();
    }
}

static int ask(char *rest, unsigned long order, unsigned long count)
{
    gfp_t gfp = 0;
    char *word;
    int i;

    while ((word = strsep(&rest, " \n")) != NULL) {
        if (*word == '\0')
            continue;
        for (i = 0; i < ARRAY_SIZE(flags) && strcmp(flags[i].name, word) != 0; i++)
            ;
        if (i == ARRAY_SIZE(flags))
            return -EINVAL;
        gfp |= flags[i].gfp;
    }
    asked = count;
    for (given = 0; given < count; given++) {
        struct page *page = alloc_pages(gfp, order);

        if (page == NULL)
            break;
        set_page_private(page, order);
        list_add_tail(&page->lru, &kept);
        kept_pages += 1UL << order;
        if (gfp & __GFP_DIRECT_RECLAIM)
            cond_resched();
    }
    return 0;
}

static ssize_t order_write(struct file *file, const char __user *from, size_t bytes, loff_t *at)
{
    char text[128];
    unsigned long order, count;
    int used, result = 0;

    if (bytes >= sizeof text)
        return -EINVAL;
    if (copy_from_user(text, from, bytes))
        return -EFAULT;
    text[bytes] = '\0';
    if (sscanf(text, "alloc %lu %lu %n", &order, &count, &used) == 2 && order < MAX_ORDER)
        result = ask(text + used, order, count);
    else if (sscanf(text, "thin %lu", &count) == 1 && count > 0)
        thin(count);
    else if (strncmp(text, "free", 4) == 0)
        thin(0);
    else
        result = -EINVAL;
    return result < 0 ? result : bytes;
}

static ssize_t order_read(struct file *file, char __user *to, size_t bytes, loff_t *at)
{
    char text[80];
    int n = snprintf(text, sizeof text, "kept %lu given %lu of %lu\n", kept_pages, given, asked);

    return simple_read_from_buffer(to, bytes, at, text, n);
}

static const struct proc_ops order_ops = {.proc_read = order_read, .proc_write = order_write};

static int __init order_init(void)
{
    return proc_create("order", 0600, NULL, &order_ops) ? 0 : -ENOMEM;
}

static void __exit order_exit(void)
{
    thin(0);
    remove_proc_entry("order", NULL);
}

module_init(order_init);
module_exit(order_exit);
