/* The forked side of child_spawn(): between fork() and the program. */
#pragma once

#include "loop/child.h"

/* Everything is prepared before the fork: the child allocates nothing. */
typedef struct ChildPlan {
        const ChildSpec *spec;
        char *const *envp;
        const int *fds; /* our numbers, -1 for none; the child has fds[i] as i */
        int *scratch;   /* n_fds numbers, for the child alone */
        size_t n_fds;   /* at least 3 */
        int gate;       /* the child's end, or -1 */
} ChildPlan;

/* Becomes the program, or ends with 127 after telling why on descriptor 2, or with 126 and in
 * silence when the gate's other end was closed. All signals are blocked when it is called. Calls
 * async-signal-safe functions only: other threads may hold any lock. */
_Noreturn void child_become(const ChildPlan *plan);
