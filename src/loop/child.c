/* Processes, seen by pidfd.
 *
 * A Child is RUNNING -> ENDED. child_spawn() and child_adopt() make it RUNNING; on_readable() sees
 * the end, reaps our own child, drops the pidfd and calls `fn` as its last act, so `fn` may free
 * the child. child_free() of an ENDED one releases it; of a RUNNING child of our own it makes an
 * orphan of it: a record in loop->orphans that on_readable() reaps and releases. Of a
 * RUNNING adopted process nothing is left to do, so it is released at once.
 *
 * A pid is never waited for by number: waitid() gets the pidfd, so no stranger can be taken for
 * ours. */
#include "loop/child.h"

#include "base/fd.h"
#include "base/str.h"
#include "loop/child-exec.h"
#include "loop/internal.h"
#include "loop/watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct Child {
        Loop *loop;
        ChildFn *fn;
        void *data;
        Watch *watch; /* NULL once ended */
        int pidfd;    /* -1 once ended */
        int gate;     /* our end, until released; else -1 */
        pid_t pid;
        uint64_t start_time;
        bool ours;
        ListNode orphan;
};

static int pidfd_of(pid_t pid)
{
        return (int) syscall(SYS_pidfd_open, pid, 0);
}

uint64_t process_start_time(pid_t pid)
{
        _cleanup_(free_ptr) char *path = xasprintf("/proc/%d/stat", pid);
        _cleanup_(free_ptr) char *text = NULL;
        uint64_t value = 0;

        if (pid <= 0 || file_read(path, 4096, &text, NULL, NULL) < 0)
                return 0;
        /* The name may hold blanks and brackets; after the last one, field 22 is the 20th. */
        char *p = strrchr(text, ')');
        for (int i = 0; p && i < 20; i++)
                p = strchr(p + 1, ' ');
        if (!p)
                return 0;
        p[1 + strcspn(p + 1, " ")] = '\0';
        return str_to_u64(p + 1, &value) ? value : 0;
}

/* Collects the end of our own child. False while it runs. */
static bool reap(const Child *child, ChildStatus *ret)
{
        siginfo_t info = {};
        int r;

        do
                r = waitid(P_PIDFD, (id_t) child->pidfd, &info, WEXITED | WNOHANG);
        while (r < 0 && errno == EINTR);
        if (r == 0 && info.si_pid == 0)
                return false;
        /* Where somebody in this process took it from us, its end is all that we know. */
        *ret = (ChildStatus){};
        if (r == 0)
                *ret = (ChildStatus){.known = true,
                                     .signaled = info.si_code != CLD_EXITED,
                                     .core_dumped = info.si_code == CLD_DUMPED,
                                     .code = info.si_status};
        return true;
}

static void stop_watching(Child *child)
{
        child->watch = watch_free(child->watch);
        child->pidfd = fd_close(child->pidfd);
        child->gate = fd_close(child->gate);
}

static void release(Child *child)
{
        stop_watching(child);
        list_remove(&child->orphan);
        free(child);
}

static void on_readable(void *data, _unused_ int events)
{
        Child *child = data;
        ChildStatus status = {};

        if (child->ours && !reap(child, &status))
                return;
        if (!list_empty(&child->orphan)) {
                release(child);
                return;
        }
        stop_watching(child);
        child->fn(child->data, &status);
}

/* Makes the Child of a process whose pidfd this takes over, on success. */
static int child_new(Loop *loop, int pidfd, const Child *init, Child **ret, Error *err)
{
        _cleanup_(free_ptr) Child *child = xmemdup(init, sizeof(*init));

        int r = watch_new(loop, pidfd, WATCH_IN, on_readable, child, &child->watch, err);
        if (r < 0)
                return r;
        child->pidfd = pidfd;
        child->loop = loop;
        list_init(&child->orphan);
        loop->counts[LOOP_KIND_CHILD]++;
        *ret = TAKE_PTR(child);
        return 0;
}

/* Forks with all signals blocked, so that the child runs no handler before it has reset them. */
static pid_t fork_into(const ChildPlan *plan)
{
        sigset_t all, before;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pid_t pid = fork();
        if (pid == 0)
                child_become(plan);
        int saved = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = saved;
        return pid;
}

/* The child was forked and cannot be watched: nobody may know that it was there. */
static void take_back(pid_t pid)
{
        siginfo_t info;

        (void) kill(pid, SIGKILL);
        while (waitid(P_PID, (id_t) pid, &info, WEXITED) < 0 && errno == EINTR)
                ;
}

/* Makes the Child of a process that was just forked, or takes it back. */
static int own(Loop *loop, Child *init, Child **ret, Error *err)
{
        _cleanup_(fd_closep) int pidfd = pidfd_of(init->pid);
        int r;

        init->ours = true;
        init->start_time = process_start_time(init->pid);
        if (pidfd < 0)
                r = error_set_errno(err, errno, "cannot watch process %d", init->pid);
        else
                r = child_new(loop, pidfd, init, ret, err);
        if (r < 0)
                take_back(init->pid);
        else
                TAKE_FD(pidfd);
        return r;
}

int child_spawn(Loop *loop, const ChildSpec *spec, ChildFn *fn, void *data, Child **ret, Error *err)
{
        size_t n_fds = spec->n_fds > 3 ? spec->n_fds : 3;
        _cleanup_(free_ptr) int *fds = xnew0(int, n_fds), *scratch = xnew0(int, n_fds);
        _cleanup_(fd_closep) int gate_in = -1, gate_out = -1;
        int gate[2], r;

        for (size_t i = 0; i < n_fds; i++)
                fds[i] = i < spec->n_fds ? spec->fds[i] : -1;
        if (spec->gated) {
                if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0)
                        return error_set_errno(err, errno, "cannot start '%s'", spec->path);
                gate_out = gate[0];
                gate_in = gate[1];
        }

        pid_t pid = fork_into(&(ChildPlan){
                .spec = spec,
                .envp = spec->envp ? spec->envp : environ,
                .fds = fds,
                .scratch = scratch,
                .n_fds = n_fds,
                .gate = gate_out,
        });
        if (pid < 0)
                return error_set_errno(err, errno, "cannot start '%s'", spec->path);

        r = own(loop, &(Child){.fn = fn, .data = data, .gate = gate_in, .pid = pid}, ret, err);
        if (r < 0)
                return error_prefix(err, "cannot start '%s'", spec->path);
        TAKE_FD(gate_in);
        return 0;
}

int child_take(Loop *loop, pid_t pid, ChildFn *fn, void *data, Child **ret, Error *err)
{
        return own(loop, &(Child){.fn = fn, .data = data, .gate = -1, .pid = pid}, ret, err);
}

int child_adopt(Loop *loop, pid_t pid, uint64_t start_time, ChildFn *fn, void *data, Child **ret,
                Error *err)
{
        _cleanup_(fd_closep) int pidfd = -1;
        bool same = start_time > 0 && process_start_time(pid) == start_time;

        if (same) {
                pidfd = pidfd_of(pid);
                if (pidfd < 0 && errno != ESRCH)
                        return error_set_errno(err, errno, "cannot watch process %d", pid);
                same = pidfd >= 0 && process_start_time(pid) == start_time;
        }
        if (!same)
                return error_set(err, ERROR_OPERATION_FAILED, "process %d is gone", pid);

        int r = child_new(
                loop, pidfd,
                &(Child){.fn = fn, .data = data, .gate = -1, .pid = pid, .start_time = start_time},
                ret, err);
        if (r == 0)
                TAKE_FD(pidfd);
        return r;
}

void child_release(Child *child)
{
        /* A child that was killed at its gate is told of by its end. */
        if (child->gate >= 0)
                (void) send(child->gate, "g", 1, MSG_NOSIGNAL);
        child->gate = fd_close(child->gate);
}

pid_t child_pid(const Child *child)
{
        return child->pid;
}

uint64_t child_start_time(const Child *child)
{
        return child->start_time;
}

void child_kill(Child *child, int sig)
{
        if (child->pidfd >= 0)
                (void) syscall(SYS_pidfd_send_signal, child->pidfd, sig, NULL, 0);
}

Child *child_free(Child *child)
{
        if (!child)
                return NULL;
        child->loop->counts[LOOP_KIND_CHILD]--;
        if (child->ours && child->watch) {
                child->gate = fd_close(child->gate);
                list_append(&child->loop->orphans, &child->orphan);
        } else
                release(child);
        return NULL;
}

void children_close(Loop *loop)
{
        LIST_FOREACH(child, &loop->orphans, Child, orphan) {
                ChildStatus status;

                (void) reap(child, &status);
                release(child);
        }
}

int child_wait_status(const ChildStatus *status)
{
        if (!status->known)
                return -1;
        if (!status->signaled)
                return W_EXITCODE(status->code, 0);
        return W_EXITCODE(0, status->code) | (status->core_dumped ? WCOREFLAG : 0);
}

char *child_status_text(const ChildStatus *status)
{
        if (!status->known)
                return xstrdup("ended");
        if (!status->signaled)
                return xasprintf("exit status %d", status->code);
        return xasprintf("killed by signal %d%s", status->code,
                         status->core_dumped ? " (core dumped)" : "");
}
