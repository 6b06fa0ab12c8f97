/* json_put.h - one member of a JSON object: what every report uses.
 *
 * Text from recordings and machines may hold any bytes; it becomes valid UTF-8 here. The object owns what is put. */
#ifndef REPORT_JSON_PUT_H
#define REPORT_JSON_PUT_H

#include "base/types.h"

#include <json-c/json.h>

void json_put_u64(json_object *o, const char *key, u64 value);
void json_put_text(json_object *o, const char *key, const char *text);

#endif
