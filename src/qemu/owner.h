/* Files of the host that change their owner while a guest uses them: QEMU runs as a user of its
 * own and opens them itself. All of it blocks: on threads only.
 *
 * What is held is a text, JSON, that can stand in the journal and in the store: for each file its
 * path, its identity (inode, and device until the next boot), the owner that it had and the user that it was given to.
 * Only regular files and block devices are ever given away, by descriptor, so that no name can be
 * changed in between; and only a file that is still the same, and still that user's, is given back.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
        QEMU_GROUPS_MAX = 64,
};

/* Whom QEMU runs as. */
typedef struct QemuUser {
        bool set; /* else as the daemon, and no file changes its owner */
        uid_t uid;
        gid_t gid;
        gid_t groups[QEMU_GROUPS_MAX];
        size_t n_groups;
} QemuUser;

/* A file that a guest opens. */
typedef struct OwnerWant {
        const char *path;
        bool write;
        bool make; /* it is made where there is none */
} OwnerWant;

/* Which of the files the user cannot open as they are: *ret is what would be held, the caller's,
 * NULL where nothing has to change. Changes nothing. A file that is not there, and is not to be
 * made, is left to QEMU's own words. */
int owner_look(const QemuUser *user, const OwnerWant *wants, size_t n, char **ret, Error *err);
/* Gives away what `held` names. Harmless when repeated. On an error everything is as before. */
int owner_take(const QemuUser *user, const char *held, Error *err);
/* Gives back; harmless when repeated. Goes on behind an error and returns the first. */
int owner_return(const char *held, Error *err);
