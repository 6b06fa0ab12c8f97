/* fs_inode.c - a hash of names. */
#include "mount/fs_inode_int.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT_HASH 1u /* FUSE_ROOT_ID */
#define MODE_BITS 07777u

static void grow_buckets(struct fs *fs)
{
    size_t nr = fs->nr_buckets ? fs->nr_buckets * 2 : 1024;
    struct fs_inode **buckets = xcalloc(nr, sizeof(*buckets));

    for (size_t i = 0; i < fs->nr_buckets; i++)
        for (struct fs_inode *at = fs->buckets[i], *next; at; at = next) {
            next = at->next;
            at->next = buckets[at->hash % nr];
            buckets[at->hash % nr] = at;
        }
    free(fs->buckets);
    fs->buckets = buckets;
    fs->nr_buckets = nr;
}

u64 fs_inode_hash(const char *name)
{
    return *name ? hash_bytes(name, strlen(name)) | 2 : ROOT_HASH;
}

static struct fs_inode *find(const struct fs *fs, const char *name, u64 hash)
{
    struct fs_inode *at = fs->buckets[hash % fs->nr_buckets];

    while (at && (at->hash != hash || strcmp(at->name, name) != 0))
        at = at->next;
    return at;
}

struct fs_inode *fs_inode_get(struct fs *fs, const char *name)
{
    u64 hash = fs_inode_hash(name);
    struct fs_inode *at;

    if (fs->nr_inodes >= fs->nr_buckets)
        grow_buckets(fs);
    at = find(fs, name, hash);
    if (at)
        return at;
    at = xcalloc(1, sizeof(*at) + strlen(name) + 1);
    memcpy(at->name, name, strlen(name) + 1);
    at->hash = hash;
    at->next = fs->buckets[hash % fs->nr_buckets];
    fs->buckets[hash % fs->nr_buckets] = at;
    fs->nr_inodes++;
    return at;
}

void fs_inode_forget(struct fs *fs, struct fs_inode *inode, u64 nr)
{
    struct fs_inode **at = &fs->buckets[inode->hash % fs->nr_buckets];

    inode->nr_lookups -= MIN(nr, inode->nr_lookups);
    if (inode->nr_lookups || inode->owner || inode == fs->inodes)
        return;
    while (*at != inode)
        at = &(*at)->next;
    *at = inode->next;
    fs->nr_inodes--;
    free(inode);
}

void fs_inodes_free(struct fs *fs)
{
    for (size_t i = 0; i < fs->nr_buckets; i++)
        for (struct fs_inode *at = fs->buckets[i], *next; at; at = next) {
            next = at->next;
            free(at->owner);
            free(at);
        }
    free(fs->buckets);
}

int fs_inode_child(const struct fs_inode *parent, const char *name, char path[PATH_BYTES])
{
    int len = snprintf(path, PATH_BYTES, "%s%s%s", parent->name, *parent->name ? "/" : "", name);

    return len >= PATH_BYTES || strlen(name) > NAME_BYTES ? -ENAMETOOLONG : 0;
}

/* --- owners ----------------------------------------------------------------------------------- */

/* Of the group that the file is in; NULL: nobody made it here. */
static const struct fs_owner *maker(const struct fs *fs, const struct fs_inode *file)
{
    const char *slash = strrchr(file->name, '/');
    const struct fs_inode *dir;
    char path[PATH_BYTES];

    if (!fs->nr_owners || !slash)
        return NULL;
    snprintf(path, sizeof(path), "%.*s", (int)(slash - file->name), file->name);
    dir = find(fs, path, fs_inode_hash(path));
    return dir && dir->owner && dir->owner->made ? dir->owner : NULL;
}

struct stat fs_inode_attributes(const struct fs *fs, const struct fs_inode *inode,
                                const struct view_stat *st)
{
    const struct fs_owner *made = S_ISDIR(st->mode) ? NULL : maker(fs, inode), *own = inode->owner;
    struct stat attr = {
        .st_ino = inode->hash,
        .st_mode = st->mode,
        .st_atim = {.tv_sec = (time_t)fs->config.view->boot_time},
        .st_mtim = {.tv_sec = (time_t)fs->config.view->boot_time},
        .st_ctim = {.tv_sec = (time_t)fs->config.view->boot_time},
        .st_nlink = S_ISDIR(st->mode) ? 2 : 1,
        .st_uid = fs->uid,
        .st_gid = fs->gid,
    };

    if (st->uid && st->uid < fs->nr_ids)
        attr.st_uid = attr.st_gid = st->uid;
    if (made) {
        attr.st_uid = made->made_uid;
        attr.st_gid = made->made_gid;
    }
    if (own && own->has_mode)
        attr.st_mode = (attr.st_mode & ~MODE_BITS) | (own->mode & MODE_BITS);
    if (own && own->has_uid)
        attr.st_uid = own->uid;
    if (own && own->has_gid)
        attr.st_gid = own->gid;
    return attr;
}

struct fs_owner *fs_inode_owner(struct fs *fs, struct fs_inode *inode)
{
    if (!inode->owner) {
        inode->owner = xcalloc(1, sizeof(*inode->owner));
        fs->nr_owners++;
    }
    return inode->owner;
}

static bool is_in(const char *name, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(name, dir, len) == 0 && (!name[len] || name[len] == '/');
}

void fs_inode_disown(struct fs *fs, const char *dir)
{
    for (size_t i = 0; i < fs->nr_buckets && fs->nr_owners; i++)
        for (struct fs_inode *at = fs->buckets[i], *next; at; at = next) {
            next = at->next;
            if (!at->owner || !is_in(at->name, dir))
                continue;
            free(at->owner);
            at->owner = NULL;
            fs->nr_owners--;
            fs_inode_forget(fs, at, 0);
        }
}
