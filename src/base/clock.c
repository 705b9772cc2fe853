#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
        struct timespec ts;

        clock_gettime(id, &ts);
        return (uint64_t) ts.tv_sec * UINT64_C(1000000000) + (uint64_t) ts.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
        return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_monotonic_ms(void)
{
        return read_clock(CLOCK_MONOTONIC) / 1000000;
}

uint64_t clock_realtime_ms(void)
{
        return read_clock(CLOCK_REALTIME) / 1000000;
}

const char *clock_boot_id(void)
{
        static char boot_id[40];

        if (!boot_id[0]) {
                FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

                if (!f || fscanf(f, "%36s", boot_id) != 1)
                        boot_id[0] = '\0';
                if (f)
                        fclose(f);
        }
        return boot_id;
}
