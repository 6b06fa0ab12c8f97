/* heat_json.h - where and when a recording touched memory and files, as JSON: the heat of
 * docs/schema/run.schema.json. */
#ifndef REPORT_HEAT_JSON_H
#define REPORT_HEAT_JSON_H

#include "trace/heat.h"

#include <json-c/json.h>

json_object *heat_json(const struct heat *h);

#endif
