#include "xen/hooks.h"

#include "base/fd.h"
#include "base/list.h"
#include "loop/child.h"
#include "loop/timer.h"
#include "loop/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct XenHooks {
        Loop *loop;
        libxl_ctx *ctx;
        ListNode fds, timeouts, children;
};

typedef struct HookFd {
        ListNode node;
        XenHooks *hooks;
        void *for_libxl;
        int fd;
        int duplicate; /* what is watched instead, or -1 */
        short events;
        Watch *watch; /* NULL: it is always ready, and */
        Timer *turn;  /* told each turn */
} HookFd;

typedef struct HookTimeout {
        ListNode node;
        XenHooks *hooks;
        void *for_libxl;
        struct timeval when;
        Timer *timer;
} HookTimeout;

typedef struct HookChild {
        ListNode node;
        XenHooks *hooks;
        Child *child;
        pid_t pid;
} HookChild;

/* --- descriptors --- */

/* libxl looks for itself at what is ready; the record may vanish inside the call. */
static void fd_ready(void *data, int events _unused_)
{
        HookFd *f = data;

        libxl_osevent_occurred_fd(f->hooks->ctx, f->for_libxl, f->fd, f->events, f->events);
}

static void fd_turn(void *data)
{
        HookFd *f = data;

        timer_start(f->turn, 0);
        fd_ready(f, 0);
}

static int watch_events(short events)
{
        return (events & (POLLIN | POLLPRI) ? WATCH_IN : 0) | (events & POLLOUT ? WATCH_OUT : 0);
}

static bool fd_known(const XenHooks *hooks, int fd)
{
        LIST_FOREACH(f, &hooks->fds, HookFd, node)
                if (f->fd == fd && f->watch)
                        return true;
        return false;
}

static bool fd_always_ready(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

static int fd_watch(HookFd *f)
{
        int flags = fcntl(f->fd, F_GETFL), r;

        if (fd_known(f->hooks, f->fd)) {
                f->duplicate = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
                if (f->duplicate < 0)
                        return -1;
        }
        r = watch_new(f->hooks->loop, f->duplicate >= 0 ? f->duplicate : f->fd,
                      watch_events(f->events), fd_ready, f, &f->watch, NULL);
        if (flags >= 0)
                (void) fcntl(f->fd, F_SETFL, flags);
        return r;
}

static void fd_arm(HookFd *f)
{
        if (f->watch)
                watch_set(f->watch, watch_events(f->events));
        else if (f->events)
                timer_start(f->turn, 0);
        else
                timer_stop(f->turn);
}

static void fd_free(HookFd *f)
{
        list_remove(&f->node);
        watch_free(f->watch);
        timer_free(f->turn);
        fd_close(f->duplicate);
        free(f);
}

static int fd_register(void *user, int fd, void **registration, short events, void *for_libxl)
{
        XenHooks *hooks = user;
        HookFd *f = xnew0(HookFd, 1);

        *f = (HookFd){.hooks = hooks,
                      .for_libxl = for_libxl,
                      .fd = fd,
                      .duplicate = -1,
                      .events = events};
        if (fd_always_ready(fd)) {
                f->turn = timer_new(hooks->loop, fd_turn, f);
        } else if (fd_watch(f) < 0) {
                fd_free(f);
                return ERROR_OSEVENT_REG_FAIL;
        }
        list_append(&hooks->fds, &f->node);
        fd_arm(f);
        *registration = f;
        return 0;
}

static int fd_modify(void *user _unused_, int fd _unused_, void **registration, short events)
{
        HookFd *f = *registration;

        f->events = events;
        fd_arm(f);
        return 0;
}

static void fd_deregister(void *user _unused_, int fd _unused_, void *registration)
{
        fd_free(registration);
}

/* --- timeouts --- */

static void timeout_free(HookTimeout *t)
{
        list_remove(&t->node);
        timer_free(t->timer);
        free(t);
}

/* Rounded up: never early by the part of a millisecond. */
static uint64_t timeout_left_ms(const HookTimeout *t)
{
        struct timeval now, left;

        gettimeofday(&now, NULL);
        if (!timercmp(&t->when, &now, >))
                return 0;
        timersub(&t->when, &now, &left);
        return (uint64_t) left.tv_sec * 1000 + ((uint64_t) left.tv_usec + 999) / 1000;
}

static void timeout_due(void *data)
{
        HookTimeout *t = data;
        libxl_ctx *ctx = t->hooks->ctx;
        void *for_libxl = t->for_libxl;
        uint64_t left = timeout_left_ms(t);

        if (left > 0) {
                timer_start(t->timer, left);
                return;
        }
        timeout_free(t); /* libxl takes it for dropped when it is told */
        libxl_osevent_occurred_timeout(ctx, for_libxl);
}

static int timeout_register(void *user, void **registration, struct timeval when, void *for_libxl)
{
        XenHooks *hooks = user;
        HookTimeout *t = xnew0(HookTimeout, 1);

        *t = (HookTimeout){.hooks = hooks, .for_libxl = for_libxl, .when = when};
        t->timer = timer_new(hooks->loop, timeout_due, t);
        list_append(&hooks->timeouts, &t->node);
        timer_start(t->timer, timeout_left_ms(t));
        *registration = t;
        return 0;
}

static int timeout_modify(void *user _unused_, void **registration, struct timeval when)
{
        HookTimeout *t = *registration;

        t->when = when;
        timer_start(t->timer, timeout_left_ms(t));
        return 0;
}

static void timeout_deregister(void *user _unused_, void *registration)
{
        timeout_free(registration);
}

/* --- children --- */

static void child_hook_free(HookChild *c)
{
        list_remove(&c->node);
        child_free(c->child);
        free(c);
}

static void child_ended(void *data, const ChildStatus *status)
{
        HookChild *c = data;
        libxl_ctx *ctx = c->hooks->ctx;
        pid_t pid = c->pid;

        child_hook_free(c);
        (void) libxl_childproc_reaped(ctx, pid, child_wait_status(status));
}

static pid_t hook_fork(void *user)
{
        XenHooks *hooks = user;
        pid_t pid = fork();
        HookChild *c;

        if (pid <= 0)
                return pid;
        c = xnew0(HookChild, 1);
        c->hooks = hooks;
        c->pid = pid;
        if (child_take(hooks->loop, pid, child_ended, c, &c->child, NULL) < 0) {
                free(c);
                errno = EMFILE;
                return -1;
        }
        list_append(&hooks->children, &c->node);
        return pid;
}

/* --- the whole --- */

static const libxl_osevent_hooks osevent_hooks = {
        .fd_register = fd_register,
        .fd_modify = fd_modify,
        .fd_deregister = fd_deregister,
        .timeout_register = timeout_register,
        .timeout_modify = timeout_modify,
        .timeout_deregister = timeout_deregister,
};

static const libxl_childproc_hooks childproc_hooks = {
        .chldowner = libxl_sigchld_owner_mainloop,
        .fork_replacement = hook_fork,
};

XenHooks *xen_hooks_new(Loop *loop, libxl_ctx *ctx)
{
        XenHooks *hooks = xnew0(XenHooks, 1);

        hooks->loop = loop;
        hooks->ctx = ctx;
        list_init(&hooks->fds);
        list_init(&hooks->timeouts);
        list_init(&hooks->children);
        libxl_osevent_register_hooks(ctx, &osevent_hooks, hooks);
        libxl_childproc_setmode(ctx, &childproc_hooks, hooks);
        return hooks;
}

bool xen_hooks_busy(const XenHooks *hooks)
{
        return !list_empty(&hooks->timeouts) || !list_empty(&hooks->children);
}

XenHooks *xen_hooks_free(XenHooks *hooks)
{
        if (!hooks)
                return NULL;
        LIST_FOREACH(f, &hooks->fds, HookFd, node)
                fd_free(f);
        LIST_FOREACH(t, &hooks->timeouts, HookTimeout, node)
                timeout_free(t);
        LIST_FOREACH(c, &hooks->children, HookChild, node)
                child_hook_free(c);
        free(hooks);
        return NULL;
}
