/* One engine a root: a locked file that holds the pid. */
#pragma once

#include "base/error.h"

/* Takes the lock <run_dir>/ostlerd.pid, which is held until the descriptor is closed. ERROR_BUSY names
 * the pid of the process that has it. Children do not inherit it. */
int lock_take(const char *run_dir, int *ret_fd, Error *err);
