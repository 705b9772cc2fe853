#include "op/job-leaf.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

typedef struct Leaf {
        Op *op;
        OpJobRunFn *run;
        OpJobThenFn *then;
        OpJobFreeFn *release;
        void *data;
        Error err;
} Leaf;

static void leaf_run(void *data)
{
        Leaf *leaf = data;

        (void) leaf->run(leaf->data, &leaf->err);
}

static void leaf_done(void *data, bool abandoned)
{
        Leaf *leaf = data;

        if (!abandoned) {
                leaf->op->job = NULL;
                if (!error_is_set(&leaf->err) && leaf->then)
                        (void) leaf->then(leaf->op, leaf->data, &leaf->err);
                op_wake(leaf->op, &leaf->err);
        }
        leaf->release(leaf->data);
        error_done(&leaf->err);
        free(leaf);
}

int op_job(Op *op, OpJobRunFn *run, OpJobThenFn *then, OpJobFreeFn *release, void *data)
{
        Leaf *leaf = xnew0(Leaf, 1);

        *leaf = (Leaf){.op = op, .run = run, .then = then, .release = release, .data = data};
        op->waits_for = "the file system";
        op->job = job_start(op_loop(op), leaf_run, leaf_done, leaf);
        return OP_WAIT;
}

/* --- files --- */

typedef struct Paths {
        char *from, *to;
} Paths;

static void paths_free(void *data)
{
        Paths *paths = data;

        free(paths->from);
        free(paths->to);
        free(paths);
}

static Paths *paths_new(const char *from, const char *to)
{
        Paths *paths = xnew0(Paths, 1);

        *paths = (Paths){xstrdup(from), xstrdup_null(to)};
        return paths;
}

static int unlink_run(void *data, Error *err)
{
        const Paths *paths = data;

        if (unlink(paths->from) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "cannot remove '%s'", paths->from);
        return 0;
}

int op_unlink(Op *op, const char *path)
{
        return op_job(op, unlink_run, NULL, paths_free, paths_new(path, NULL));
}

static int rename_run(void *data, Error *err)
{
        const Paths *paths = data;

        if (rename(paths->from, paths->to) < 0 &&
            !(errno == ENOENT && access(paths->to, F_OK) == 0))
                return error_set_errno(err, errno, "cannot rename '%s' to '%s'", paths->from,
                                       paths->to);
        return file_sync_parent(paths->to, err);
}

int op_rename(Op *op, const char *from, const char *to)
{
        return op_job(op, rename_run, NULL, paths_free, paths_new(from, to));
}
