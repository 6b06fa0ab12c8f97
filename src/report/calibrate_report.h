/* calibrate_report.h - what a host's operations cost, as a profile and as JSON. */
#ifndef REPORT_CALIBRATE_REPORT_H
#define REPORT_CALIBRATE_REPORT_H

#include "base/strbuf.h"
#include "calibrate/calibrate.h"

#include <json-c/json.h>

/* The device of the profile. */
#define CALIBRATE_DEVICE "calibrated"

/* The profile: sections [machine] and [device calibrated] of a scenario, with comments. */
void calibrate_render_profile(const struct calibration *c, struct strbuf *out);

/* The document of docs/schema/calibrate.schema.json. */
json_object *calibrate_json(const struct calibration *c);

/* How many figures are unsteady. */
unsigned calibrate_unsteady(const struct calibration *c);

#endif
