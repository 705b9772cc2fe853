/* A cgroup (v2) of its own for each guest, with limits where the host has the controllers.
 *
 * Where there is no cgroup2 mount, or none that may be written, there are no cgroups, and nobody is
 * told: a guest runs without. Nothing is remembered on disk: the name follows from the guest and the
 * root, and what an earlier daemon left empty goes when the driver opens. The files are the
 * kernel's, and writing them waits for no device. */
#pragma once

#include <stdint.h>

typedef struct CgroupLimits {
        uint64_t memory; /* bytes, 0: none */
        uint64_t pids;   /* processes and threads, 0: none */
} CgroupLimits;

/* The folder below which guests get theirs: NAME at the top of the cgroup2 mount that `mounts` (as
 * /proc/mounts) tells of, made where it is missing, with the controllers for memory and pids
 * switched on where there are any. The caller's; NULL: no cgroups here. */
char *cgroup_parent(const char *mounts, const char *name);
/* Removes what is empty and whose name ends in `suffix`. */
void cgroup_sweep(const char *parent, const char *suffix);

/* Makes the cgroup of a guest, or takes it as it is, and sets its limits. Returns its cgroup.procs,
 * open for writing, the caller's; -1 where that cannot be. */
int cgroup_make(const char *parent, const char *guest, const CgroupLimits *limits);
/* One that has processes stays. */
void cgroup_remove(const char *parent, const char *guest);
