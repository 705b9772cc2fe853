/* Time of the host. Code on the loop asks loop_now_ms() instead, which tests can move. */
#pragma once

#include <stdint.h>

uint64_t clock_monotonic_ns(void);
uint64_t clock_monotonic_ms(void);
uint64_t clock_realtime_ms(void); /* since 1970-01-01 UTC */
/* The identity of this boot of the host, 36 characters; "" where the kernel does not tell. */
const char *clock_boot_id(void);
