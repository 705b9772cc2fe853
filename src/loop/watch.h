/* Readiness of a descriptor. The descriptor is borrowed: close it after watch_free(). */
#pragma once

#include "loop/loop.h"

typedef struct Watch Watch;

enum {
        WATCH_IN = 1 << 0,
        WATCH_OUT = 1 << 1,
};

/* `events` are those that are ready; an error or hang-up shows as all that were asked for. */
typedef void WatchFn(void *data, int events);

/* Starts watching. The descriptor becomes non-blocking. Regular files are refused by the kernel. */
int watch_new(Loop *loop, int fd, int events, WatchFn *fn, void *data, Watch **ret, Error *err);
/* 0 pauses. */
void watch_set(Watch *watch, int events);
Watch *watch_free(Watch *watch);
DEFINE_CLEANUP(Watch, watch_free)
