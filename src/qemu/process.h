/* What a QEMU process needs from us: its monitor's socket, which we bind and hand over, and its
 * log. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/* Binds and listens, mode 0600; what an earlier process left at the path goes. Any length of path
 * will do. */
int monitor_bind(const char *path, int *ret_fd, Error *err);
/* Connects without waiting: the kernel takes the connection before QEMU looks at it. */
int monitor_connect(const char *path, int *ret_fd, Error *err);

/* Opens a log for the output of a program and writes its command line there; *ret_start is where
 * the output begins. */
int process_log_open(const char *path, char *const *argv, int *ret_fd, off_t *ret_start,
                     Error *err);
/* One line of the daemon's own in that log. */
void process_log_note(const char *path, const char *note);
/* The last lines that were written from `start` on, joined by "; "; NULL when there are none. */
char *process_log_tail(const char *path, off_t start);
