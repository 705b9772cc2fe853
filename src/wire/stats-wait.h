/* A call that waits for the statistics of many domains: until the last of them has come, or the
 * engine's deadline, which is one for all since they are asked for together. */
#pragma once

#include "wire/handler.h"

typedef struct StatsWait StatsWait;

/* Nothing is called any more. NULL is fine. */
StatsWait *stats_wait_free(StatsWait *wait);
