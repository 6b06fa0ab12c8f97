/* refused.h - a program's words of being refused memory: what rule_memory_refused.c asks others of them. */
#ifndef DIAGNOSE_REFUSED_H
#define DIAGNOSE_REFUSED_H

#include "diagnose/rule.h"

/* Does an allocation failure in the kernel's log say why it was refused: a fork that found no block, or a call of the one who asked? */
bool allocation_failure_explains(const struct rule_context *c, const struct refusal *r);

#endif
