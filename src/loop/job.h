/* Jobs: calls that block, each on a thread of its own, so that a stuck one holds up nobody else.
 *
 * `run` is called on the thread and touches `data` alone; then `done` is called on the loop,
 * exactly once. In between the data belongs to the job. A job cannot be taken back: a caller that
 * no longer wants the result calls job_abandon(), and `done` is then called with `abandoned` set,
 * to release the data and nothing else. At most JOB_MAX run at once; later ones start as earlier
 * ones end. */
#pragma once

#include "loop/loop.h"

enum {
        JOB_MAX = 256,
};

typedef struct Job Job;
typedef void JobRunFn(void *data);
typedef void JobDoneFn(void *data, bool abandoned);

Job *job_start(Loop *loop, JobRunFn *run, JobDoneFn *done, void *data);
/* A job that waits for its turn is never run then. NULL is fine. Not after `done` has begun. */
void job_abandon(Job *job);

/* Whether threads run, abandoned ones too: loop_free() would wait for them. */
bool jobs_running(const Loop *loop);
