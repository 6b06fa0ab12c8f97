/* result_file.h - results that were kept as JSON. */
#ifndef CLI_RESULT_FILE_H
#define CLI_RESULT_FILE_H

#include "base/err.h"
#include "base/strbuf.h"

#include <json-c/json.h>

/* By its first bytes. */
enum result_kind { RESULT_DOCUMENT, RESULT_RECORDING, RESULT_CAPTURE };
enum result_kind result_file_kind(const char *path);
/* "a recording"; of what is neither "no recording and no capture". */
const char *result_kind_name(enum result_kind kind);

/* Append all of a file, "-" being the standard input; of one that is longer than PAGE_JSON_MAX so
 * much that this is seen. 0 or a negative errno. */
int result_file_read(const char *path, struct strbuf *out, struct err *e);

/* The object in such a file, to be freed with json_object_put(). -EINVAL with the place: it is
 * none. */
int result_file_parse(const char *path, json_object **ret, struct err *e);

#endif
