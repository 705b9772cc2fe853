/* Users and groups of the host, by name or number. Looked up at start, before the loop runs: a name
 * service may block. */
#pragma once

#include "base/error.h"

#include "qemu/owner.h"

#include <sys/types.h>

/* An empty text leaves *ret_gid as it is. ERROR_INVALID_ARGUMENT when there is no such group. */
int account_group(const char *text, gid_t *ret_gid, Error *err);
/* A user with its groups, and the group of /dev/kvm where there is one; `group` replaces the user's
 * own unless it is empty. Root is the daemon itself: not set. ERROR_INVALID_ARGUMENT when there is
 * no such user or group, ERROR_UNSUPPORTED when it has too many groups. */
int account_user(const char *text, const char *group, QemuUser *ret, Error *err);
