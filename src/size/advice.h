/* advice.h - from a sweep to the two limits to set, with the reason in words. */
#ifndef SIZE_ADVICE_H
#define SIZE_ADVICE_H

#include "size/size.h"

/* Choose ret->advice's limits. pre: the boundaries are known */
void advice_compute(struct size_result *r, const struct size_config *config, u64 step);

/* Stand on the smallest usable limit instead of the peak. False: it does already. */
bool advice_stand_on_usable(struct size_result *r, u64 step);

/* Say why, in the light of the run with these limits; memory.high is given up if that run was not
 * usable. */
void advice_finish(struct size_result *r, const struct size_config *config);

#endif
