/* Tasks: calls into libxl, each on a thread of its own with a context of its own.
 *
 * A call into libxl takes milliseconds at best and a domain's build takes seconds, so none is made
 * on the main loop; and none waits for another one's context (docs/decisions/0010). A task is
 * sequential code: it starts libxl's asynchronous operations one after the other and waits for
 * each. Meanwhile its own loop serves libxl, and a cancel from the main loop aborts what is under
 * way. */
#pragma once

#include "op/job-leaf.h"

#include "xen/xl.h"

typedef struct XenTasks XenTasks;
typedef struct XenTask XenTask;

/* On the thread; touches `data` and the task alone. */
typedef int XenRunFn(XenTask *task, void *data, Error *err);

/* What a driver's tasks have in common. */
XenTasks *xen_tasks_new(void);
/* Asks all that run to end. */
XenTasks *xen_tasks_free(XenTasks *tasks);

/* A leaf, as op_job(): `log_path`, which may be NULL, gets what libxl says meanwhile. */
int op_xen(Op *op, XenTasks *tasks, const char *log_path, XenRunFn *run, OpJobThenFn *then,
           OpJobFreeFn *release, void *data);
/* For a step's cancel: the task of the operation ends soon, with ERROR_ABORTED. */
void op_xen_cancel(Op *op, XenTasks *tasks);

/* A task of no operation: for what the driver does on its own account. `done` comes on the loop,
 * and releases the data; when `abandoned`, it does nothing else. */
typedef void XenDoneFn(void *data, bool abandoned, const Error *err);
XenTask *xen_task_start(Loop *loop, XenTasks *tasks, const char *log_path, XenRunFn *run,
                        XenDoneFn *done, void *data);
/* It ends soon, with ERROR_ABORTED where libxl can. */
void xen_task_cancel(XenTask *task);
/* `done` comes as abandoned. NULL is fine. Not after it has begun. */
void xen_task_abandon(XenTask *task);

/* --- on the thread --- */

libxl_ctx *xen_ctx(const XenTask *task);
/* For the next asynchronous call. */
const libxl_asyncop_how *xen_how(XenTask *task);
/* Ends a call made with xen_how(): `rc` is what it returned; waits for its completion. The error
 * begins with the phrase, then libxl's code and its own words. */
int xen_wait(XenTask *task, int rc, Error *err, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
/* As xen_wait() for a call that is over when it returns. */
int xen_check(XenTask *task, int rc, Error *err, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
/* The code that the last call ended with. */
int xen_last_rc(const XenTask *task);
