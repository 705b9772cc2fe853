/* A leaf: a call that blocks, on a thread of its own, on behalf of an operation. */
#pragma once

#include "op/op.h"

/* On the thread; touches `data` alone. */
typedef int OpJobRunFn(void *data, Error *err);
/* On the loop, after a run that succeeded, when the operation still waits for it: hands the result to
 * the operation. May be NULL. */
typedef int OpJobThenFn(Op *op, void *data, Error *err);
typedef void OpJobFreeFn(void *data);

/* Runs it and wakes the operation with its error; `data` is the leaf's from here on and is given to
 * `release` in every case, once. Returns OP_WAIT. */
int op_job(Op *op, OpJobRunFn *run, OpJobThenFn *then, OpJobFreeFn *release, void *data);

/* Removes a file; one that is not there is removed already. */
int op_unlink(Op *op, const char *path);
/* Renames, and syncs the folder; done already when only `to` is there. */
int op_rename(Op *op, const char *from, const char *to);
