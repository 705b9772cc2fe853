/* Processes: our own children, and processes that outlived an earlier daemon.
 *
 * The end of each is seen by pidfd. Only our own pids are ever waited for, so a library in the same
 * process can have children of its own. A child that is freed while it runs is still reaped when it
 * ends; its callback is never called again.
 *
 * A gated child waits, before it becomes the program, until child_release(); if the daemon dies
 * first the child ends without having run anything. That is how a pid is on disk before its program
 * runs. */
#pragma once

#include "loop/loop.h"

#include <sys/types.h>

typedef struct Child Child;

/* How a process ended. `known` is false for an adopted one, as the kernel tells only a parent, and
 * where something else in this process took the end from us or SIGCHLD is ignored. */
typedef struct ChildStatus {
        bool known;
        bool signaled; /* by `code` as a signal, else `code` is the exit status */
        bool core_dumped;
        int code;
} ChildStatus;

/* Called once; may free the child. */
typedef void ChildFn(void *data, const ChildStatus *status);

/* Whom a child runs as. */
typedef struct ChildUser {
        uid_t uid;
        gid_t gid;
        const gid_t *groups; /* supplementary ones, all of them */
        size_t n_groups;
} ChildUser;

typedef struct ChildSpec {
        const char *path;  /* the program, absolute */
        char *const *argv; /* NULL-terminated */
        char *const *envp; /* NULL: the daemon's own */
        const int *fds;    /* our descriptors; the child has fds[i] as i (-1: none) */
        size_t n_fds;      /* the rest is closed, and 0-2 without any are /dev/null */
        bool new_session;  /* setsid(): survives the daemon and its terminal */
        bool gated;        /* wait for child_release() before the program */

        /* what the child may; everything is in force before it waits at its gate */
        const ChildUser *user; /* NULL: the daemon's own */
        int cgroup_fd;         /* a cgroup.procs, open for writing; 0: the daemon's own cgroup */
        mode_t umask;          /* 0: the daemon's own */
        uint64_t max_files;    /* open at once, where the host lets us; 0: as the daemon */
        bool no_core;          /* leaves no core dump */
        bool no_new_privs;     /* no program that it starts has more rights than it */
} ChildSpec;

/* Starts the program. A program that cannot be executed ends with status 127 after the error was
 * told on its descriptor 2. */
int child_spawn(Loop *loop, const ChildSpec *spec, ChildFn *fn, void *data, Child **ret,
                Error *err);
/* Watches a process that is not our child. `start_time` (see child_start_time) guards against a pid
 * that was given out again; ERROR_OPERATION_FAILED when that process is gone. */
int child_adopt(Loop *loop, pid_t pid, uint64_t start_time, ChildFn *fn, void *data, Child **ret,
                Error *err);

/* Takes over a child of ours that something else forked in this process, to be reaped as any other.
 * On error it was killed and reaped. */
int child_take(Loop *loop, pid_t pid, ChildFn *fn, void *data, Child **ret, Error *err);

void child_release(Child *child);
pid_t child_pid(const Child *child);
/* When the process started, in clock ticks since boot: with the pid, its identity on this boot. */
uint64_t child_start_time(const Child *child);
/* Sends a signal by pidfd: never to a stranger. Harmless once the process has ended. */
void child_kill(Child *child, int sig);
/* A gated child that was not released ends; any other one that runs goes on. */
Child *child_free(Child *child);
DEFINE_CLEANUP(Child, child_free)

/* As waitpid(2) tells it; -1 where it is not known. */
int child_wait_status(const ChildStatus *status);
/* "exit status 1", "killed by signal 11 (core dumped)". */
char *child_status_text(const ChildStatus *status);
/* Reads a process's start time from /proc; 0 when there is no such process. */
uint64_t process_start_time(pid_t pid);
