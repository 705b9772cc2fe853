/* States of a task: WAITING for its thread -> RUNNING (thread_run) -> OVER (thread_done, on the
 * main loop again). A context with its loop is made and freed by the main loop's thread, belongs to
 * one task's thread while that runs, and is kept for the next task: libxl takes milliseconds to
 * make one, and 4.17 never frees the records of the hooks that it no longer needs, 24 bytes each,
 * which a context uses again. */
#include "xen/task.h"

#include "base/str.h"
#include "loop/post.h"
#include "loop/timer.h"
#include "xen/hooks.h"
#include "xen/logger.h"

#include <stdatomic.h>
#include <string.h>

enum {
        LINGER_MS = 10 * 1000, /* for what libxl still has to end when a task is over */
        IDLE_MAX = 16,         /* contexts that are kept */
};

typedef struct XenContext {
        ListNode node;
        Loop *loop;
        Post *cancel;
        libxl_ctx *ctx; /* NULL until its first task */
        XenHooks *hooks;
        XenLogger logger;
        XenTask *task; /* that has it */
} XenContext;

struct XenTasks {
        ListNode tasks;
        ListNode idle; /* contexts */
        unsigned n_idle;
};

struct XenTask {
        ListNode node;
        XenTasks *tasks; /* NULL once the driver is closed */
        Job *job;
        XenContext *context;
        XenRunFn *run;
        XenDoneFn *done;
        OpJobThenFn *then;
        OpJobFreeFn *release;
        void *data;
        Op *op;
        Error err;
        char *log_path;
        atomic_bool cancelled; /* set by the main loop */

        /* the thread's */
        libxl_asyncop_how how;
        bool waiting;
        int rc;
};

/* --- on the thread --- */

libxl_ctx *xen_ctx(const XenTask *task)
{
        return task->context->ctx;
}

int xen_last_rc(const XenTask *task)
{
        return task->rc;
}

/* The completion may come inside the call that begins the operation. */
static void completed(libxl_ctx *ctx _unused_, int rc, void *data)
{
        XenTask *task = data;

        task->rc = rc;
        task->waiting = false;
}

const libxl_asyncop_how *xen_how(XenTask *task)
{
        xen_logger_forget(&task->context->logger);
        task->how = (libxl_asyncop_how){.callback = completed, .u.for_callback = task};
        task->waiting = true;
        return &task->how;
}

static void cancel_asked(void *data)
{
        XenContext *context = data;
        XenTask *task = context->task;

        /* It may have been meant for a task that is over. */
        if (task && task->cancelled && task->waiting)
                (void) libxl_ao_abort(context->ctx, &task->how); /* ignoring: one that cannot */
}

static int judge(XenTask *task, Error *err, const char *format, va_list ap)
{
        if (task->rc == 0)
                return 0;
        if (task->cancelled && task->rc == LIBXL_ERROR_ABORTED)
                return error_set(err, ERROR_ABORTED, "operation aborted: canceled by client");
        _cleanup_(free_ptr) char *what = xvasprintf(format, ap);
        return error_set(err, ERROR_OPERATION_FAILED, "%s: %s", what,
                         xen_logger_words(&task->context->logger, task->rc));
}

int xen_wait(XenTask *task, int rc, Error *err, const char *format, ...)
{
        va_list ap;
        int r;

        if (rc != 0) {
                task->waiting = false;
                task->rc = rc;
        } else {
                cancel_asked(task->context);
        }
        while (task->waiting)
                loop_turn(task->context->loop, true);
        va_start(ap, format);
        r = judge(task, err, format, ap);
        va_end(ap);
        return r;
}

int xen_check(XenTask *task, int rc, Error *err, const char *format, ...)
{
        va_list ap;
        int r;

        task->rc = rc;
        va_start(ap, format);
        r = judge(task, err, format, ap);
        va_end(ap);
        return r;
}

static void lingered(void *data)
{
        *(bool *) data = true;
}

/* libxl's children and timeouts end before its context does. */
static void let_end(XenContext *context)
{
        bool late = false;
        Timer *limit = timer_new(context->loop, lingered, &late);

        timer_start(limit, LINGER_MS);
        while (xen_hooks_busy(context->hooks) && !late)
                loop_turn(context->loop, true);
        timer_free(limit);
}

static int begin(XenContext *context, Error *err)
{
        if (context->ctx)
                return 0;
        if (libxl_ctx_alloc(&context->ctx, LIBXL_VERSION, 0, &context->logger.xtl) != 0) {
                context->ctx = NULL;
                return error_set(err, ERROR_OPERATION_FAILED, "cannot speak with Xen: %s",
                                 xen_logger_words(&context->logger, ERROR_FAIL));
        }
        context->hooks = xen_hooks_new(context->loop, context->ctx);
        return 0;
}

static void thread_run(void *data)
{
        XenTask *task = data;
        XenContext *context = task->context;

        context->task = task;
        xen_logger_open(&context->logger, task->log_path);
        if (begin(context, &task->err) >= 0) {
                (void) task->run(task, task->data, &task->err);
                let_end(context);
        }
        xen_logger_close(&context->logger);
        context->task = NULL;
}

/* --- on the main loop --- */

static void context_free(XenContext *context)
{
        list_remove(&context->node);
        if (context->ctx)
                libxl_ctx_free(context->ctx);
        xen_hooks_free(context->hooks);
        post_free(context->cancel);
        loop_free(context->loop);
        free(context);
}

static int context_new(XenContext **ret, Error *err)
{
        XenContext *context = xnew0(XenContext, 1);
        int r = loop_new(&context->loop, err);

        xen_logger_init(&context->logger);
        if (r >= 0)
                r = post_new(context->loop, cancel_asked, context, &context->cancel, err);
        if (r < 0) {
                context_free(context);
                return r;
        }
        *ret = context;
        return 0;
}

static int context_take(XenTasks *tasks, XenContext **ret, Error *err)
{
        XenContext *context = list_first(&tasks->idle, XenContext, node);

        if (!context)
                return context_new(ret, err);
        list_remove(&context->node);
        tasks->n_idle--;
        *ret = context;
        return 0;
}

/* One that libxl could not be spoken with, or did not come to rest, is of no use to the next task.
 */
static void context_give(XenTasks *tasks, XenContext *context)
{
        if (!context)
                return;
        if (tasks && tasks->n_idle < IDLE_MAX && context->ctx && !xen_hooks_busy(context->hooks)) {
                list_prepend(&tasks->idle, &context->node);
                tasks->n_idle++;
        } else {
                context_free(context);
        }
}

static void thread_done(void *data, bool abandoned)
{
        XenTask *task = data;

        list_remove(&task->node);
        context_give(task->tasks, TAKE_PTR(task->context));
        if (task->op && !abandoned) {
                task->op->job = NULL;
                if (!error_is_set(&task->err) && task->then)
                        (void) task->then(task->op, task->data, &task->err);
                op_wake(task->op, &task->err);
        } else if (task->done) {
                task->done(task->data, abandoned, &task->err);
        }
        if (task->release)
                task->release(task->data);
        error_done(&task->err);
        free(task->log_path);
        free(task);
}

static XenTask *task_new(XenTasks *tasks, const char *log_path, XenRunFn *run, void *data)
{
        XenTask *task = xnew0(XenTask, 1);

        task->tasks = tasks;
        task->run = run;
        task->data = data;
        task->log_path = xstrdup_null(log_path);
        (void) context_take(tasks, &task->context, &task->err);
        list_append(&tasks->tasks, &task->node);
        return task;
}

static void refuse(void *data _unused_)
{
}

static void start(Loop *loop, XenTask *task)
{
        task->job =
                job_start(loop, error_is_set(&task->err) ? refuse : thread_run, thread_done, task);
}

int op_xen(Op *op, XenTasks *tasks, const char *log_path, XenRunFn *run, OpJobThenFn *then,
           OpJobFreeFn *release, void *data)
{
        XenTask *task = task_new(tasks, log_path, run, data);

        task->op = op;
        task->then = then;
        task->release = release;
        op->waits_for = "Xen";
        start(op_loop(op), task);
        op->job = task->job;
        return OP_WAIT;
}

XenTask *xen_task_start(Loop *loop, XenTasks *tasks, const char *log_path, XenRunFn *run,
                        XenDoneFn *done, void *data)
{
        XenTask *task = task_new(tasks, log_path, run, data);

        task->done = done;
        start(loop, task);
        return task;
}

void xen_task_cancel(XenTask *task)
{
        task->cancelled = true;
        if (task->context)
                post_send(task->context->cancel);
}

void xen_task_abandon(XenTask *task)
{
        if (task)
                job_abandon(task->job);
}

void op_xen_cancel(Op *op, XenTasks *tasks)
{
        LIST_FOREACH(task, &tasks->tasks, XenTask, node)
                if (task->op == op)
                        xen_task_cancel(task);
}

XenTasks *xen_tasks_new(void)
{
        XenTasks *tasks = xnew0(XenTasks, 1);

        list_init(&tasks->tasks);
        list_init(&tasks->idle);
        return tasks;
}

XenTasks *xen_tasks_free(XenTasks *tasks)
{
        if (!tasks)
                return NULL;
        LIST_FOREACH(task, &tasks->tasks, XenTask, node) {
                xen_task_cancel(task);
                task->tasks = NULL;
                list_remove(&task->node);
        }
        LIST_FOREACH(context, &tasks->idle, XenContext, node)
                context_free(context);
        free(tasks);
        return NULL;
}
