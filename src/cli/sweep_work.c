/* sweep_work.c - the work folder of a sweep: files of results. See sweep_work.h. */
#include "cli/sweep_work.h"
#include "base/alloc.h"
#include "base/outfile.h"
#include "base/units.h"
#include "cli/result_file.h"
#include "cli/signals.h"
#include "cli/sweep_local.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX ".results"

void sweep_missing(const struct sweep *s, sweep_tasks *ret)
{
    for (unsigned i = 0; i < s->nr; i++)
        if (!s->results[i].outcome)
            vec_push(ret, i);
}

static void path_in(const struct sweep_context *c, const char *name, struct strbuf *out)
{
    strbuf_reset(out);
    strbuf_printf(out, "%s/%s", c->req->work, name);
}

static int is_results(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name), end = strlen(SUFFIX);

    return entry->d_name[0] != '.' && len > end && strcmp(entry->d_name + len - end, SUFFIX) == 0;
}

/* Read one file. What it has that is new is appended to *fresh. */
static int read_one(struct sweep_context *c, const char *path, sweep_tasks *fresh,
                    unsigned *ret_foreign, struct err *e)
{
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    rc = result_file_read(path, &text, e);
    if (rc == 0)
        rc = sweep_read(c->sweep, path, text.text, text.len, fresh, ret_foreign, e);
    strbuf_done(&text);
    return rc;
}

/* Each file by itself: what is in the store is removed, and nothing else is. */
static int collect_one(struct sweep_context *c, const char *path, struct err *e)
{
    sweep_tasks fresh = {0};
    unsigned foreign = 0;
    struct err why = {0};
    char text[1024];
    int rc = 0, damaged = read_one(c, path, &fresh, &foreign, &why);

    if (damaged)
        cli_note(c->cli, "%s", err_text(&why, text, sizeof(text)));
    else if (foreign)
        cli_note(c->cli,
                 "%s: %u results of other tasks; the plan, a recording or the version of highwater "
                 "was another",
                 path, foreign);
    if (c->store) {
        rc = sweep_save(c->sweep, c->store, fresh.items, (unsigned)fresh.count, e);
        if (rc == 0 && !damaged && !foreign)
            unlink(path); /* lint: it is in the store */
    }
    vec_done(&fresh);
    return rc;
}

int sweep_collect(struct sweep_context *c, struct err *e)
{
    struct dirent **names;
    struct strbuf path;
    int count = scandir(c->req->work, &names, is_results, alphasort), rc = 0;

    if (count < 0)
        return errno == ENOENT
                   ? 0
                   : err_at(e, -errno, c->req->work, 0, 0, "cannot read: %s", strerror(errno));
    strbuf_init(&path);
    for (int i = 0; i < count; i++) {
        path_in(c, names[i]->d_name, &path);
        if (rc == 0)
            rc = collect_one(c, path.text, e);
        free(names[i]);
    }
    free(names);
    strbuf_done(&path);
    return rc;
}

struct shard_files {
    struct sweep_context *c;
    unsigned next;
    u64 began;
};

/* A name that no other run of this shard takes, on whatever host. */
static int put_file(void *ctx, const unsigned *tasks, unsigned nr, struct err *e)
{
    struct shard_files *f = ctx;
    struct strbuf text, path;
    char name[128];
    int rc;

    strbuf_init(&text);
    strbuf_init(&path);
    snprintf(name, sizeof(name), "%llu-%llx-%x-%u" SUFFIX, (unsigned long long)f->c->req->shard,
             (unsigned long long)f->began, (unsigned)getpid(), f->next++);
    path_in(f->c, name, &path);
    sweep_write(f->c->sweep, tasks, nr, &text);
    rc = outfile_write(path.text, text.text, text.len, e);
    strbuf_done(&path);
    strbuf_done(&text);
    return rc;
}

static int run_shard(struct sweep_context *c)
{
    u64 from = c->sweep->nr * c->req->shard / c->req->shards,
        to = c->sweep->nr * (c->req->shard + 1) / c->req->shards;
    sweep_tasks own = {0};
    struct timespec now;
    struct shard_files files = {.c = c};
    struct sweep_job job = {.cli = c->cli,
                            .sweep = c->sweep,
                            .jobs = cli_jobs(c->req->jobs),
                            .flush = put_file,
                            .ctx = &files};
    struct err e = {0};
    bool said = false;
    int rc;

    clock_gettime(CLOCK_REALTIME, &now);
    files.began = (u64)now.tv_sec * NS_PER_S + (u64)now.tv_nsec;
    for (u64 i = from; i < to; i++)
        if (!c->sweep->results[i].outcome)
            vec_push(&own, (unsigned)i);
    job.tasks = own.items;
    job.nr = (unsigned)own.count;
    rc = sweep_local(&job, &said, &e);
    vec_done(&own);
    cli_progress_end(c->cli);
    if (rc == -EINTR) {
        cli_fail(c->cli, "interrupted; the same command does the rest");
        signals_end();
    } else if (rc && !said) {
        cli_fail_err(c->cli, &e);
    }
    return rc ? CLI_FAILED : CLI_OK;
}

/* What was collected earlier is done. */
static int load_stored(struct sweep_context *c, struct err *e)
{
    struct store *store;
    int rc;

    if (access(c->req->store, F_OK) && errno == ENOENT)
        return 0;
    rc = store_open(c->req->store, STORE_READ, &store, e);
    if (rc)
        return rc;
    rc = sweep_load(c->sweep, store, e);
    store_close(store);
    return rc;
}

static int make_folder(const char *path, struct err *e)
{
    if (mkdir(path, 0777) && errno != EEXIST) /* lint: the folder of parts, kept by intent */
        return err_at(e, -errno, path, 0, 0, "cannot make the folder: %s", strerror(errno));
    return 0;
}

int sweep_shard(struct sweep_context *c)
{
    struct err e = {0};
    int rc = make_folder(c->req->work, &e);

    if (rc == 0)
        rc = load_stored(c, &e);
    if (rc == 0)
        rc = sweep_collect(c, &e); /* without a store: what an earlier run of a part left is done */
    return rc ? cli_fail_err(c->cli, &e) : run_shard(c);
}
