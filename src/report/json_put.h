/* json_put.h - JSON documents: what every report uses of json-c.
 *
 * A report builds its document as an object (run_json(), size_json(), ...), which json_document()
 * prints; a page, or a document that holds several others, takes the same object.
 *
 * Text from recordings and machines may hold any bytes; here it becomes clean text (base/utf8.h),
 * which is valid in JSON and safe to show. json-c passes on a failed allocation as NULL here, as an
 * assertion there and as a document that ends in the middle elsewhere. So this file alone calls it
 * to build and to print: each failed allocation ends the program as xmalloc() would.
 */
#ifndef REPORT_JSON_PUT_H
#define REPORT_JSON_PUT_H

#include "base/strbuf.h"
#include "base/types.h"

#include <json-c/json.h>

json_object *json_new_object(void);
json_object *json_new_array(void);
/* An array that is printed in one line: a long row of numbers. */
json_object *json_new_row(void);
json_object *json_new_u64(u64 value);
json_object *json_new_s64(s64 value);
json_object *json_new_bool(bool value);
json_object *json_new_text(const char *text);
/* A number that is printed as `text`. */
json_object *json_new_number(double number, const char *text);

/* One member of an object, which owns the value; a NULL is null. */
void json_put(json_object *o, const char *key, json_object *value);
void json_put_u64(json_object *o, const char *key, u64 value);
void json_put_text(json_object *o, const char *key, const char *text);

/* One more element of an array, which owns it. */
void json_append(json_object *array, json_object *value);

/* Free a document that is not wanted after all; NULL is none. */
void json_drop(json_object *o);

enum json_style {
    JSON_LINE,   /* without blanks and newlines */
    JSON_SPACED, /* indented; "key": value */
};

/* Append the document, and free it. */
void json_render(json_object *o, enum json_style style, struct strbuf *out);
/* The same as --format json has it: JSON_SPACED and a newline. */
void json_document(json_object *o, struct strbuf *out);

#endif
