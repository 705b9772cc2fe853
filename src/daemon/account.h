/* Users and groups of the host, by name or number. Looked up at start, before the loop runs: a name
 * service may block. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/* An empty text leaves *ret_gid as it is. ERROR_INVALID_ARGUMENT when there is no such group. */
int account_group(const char *text, gid_t *ret_gid, Error *err);
