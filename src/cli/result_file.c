/* result_file.c - see result_file.h. */
#include "cli/result_file.h"

#include "page/page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum result_kind result_file_kind(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? NULL : fopen(path, "re");
    char magic[4] = "";

    if (!f)
        return RESULT_DOCUMENT; /* reading it says what is wrong */
    if (fread(magic, 1, sizeof(magic), f) != sizeof(magic))
        magic[0] = '\0';
    fclose(f);
    return memcmp(magic, "HWTC", 4) == 0   ? RESULT_RECORDING
           : memcmp(magic, "HWCR", 4) == 0 ? RESULT_CAPTURE
                                           : RESULT_DOCUMENT;
}

const char *result_kind_name(enum result_kind kind)
{
    static const char *const names[] = {[RESULT_DOCUMENT] = "no recording and no capture",
                                        [RESULT_RECORDING] = "a recording",
                                        [RESULT_CAPTURE] = "a capture"};

    return names[kind];
}

int result_file_read(const char *path, struct strbuf *out, struct err *e)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(path, "re");
    char block[65536];
    size_t n;
    int rc = 0;

    if (!f)
        return err_at(e, -errno, path, 0, 0, "cannot open: %s", strerror(errno));
    while ((n = fread(block, 1, sizeof(block), f)) > 0 && out->len <= PAGE_JSON_MAX)
        strbuf_append_bytes(out, block, n);
    if (ferror(f))
        rc = err_at(e, -errno, path, 0, 0, "cannot read: %s", strerror(errno));
    if (!is_stdin)
        fclose(f);
    return rc;
}

int result_file_parse(const char *path, json_object **ret, struct err *e)
{
    struct err why = {0};
    struct strbuf json;
    int rc;

    strbuf_init(&json);
    rc = result_file_read(path, &json, e);
    if (rc == 0) {
        rc = page_parse(json.text, json.len, ret, &why);
        if (rc)
            err_at(e, rc, path, 0, 0, "%s", why.text);
    }
    strbuf_done(&json);
    return rc;
}
