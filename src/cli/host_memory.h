/* host_memory.h - the default of --host-memory. */
#ifndef CLI_HOST_MEMORY_H
#define CLI_HOST_MEMORY_H

#include "base/types.h"

/* Half of what is available to this process now, at least 64 MiB; 0 when the host does not say. It
 * decides refusal only, never a result. */
u64 host_memory_default(void);

#endif
