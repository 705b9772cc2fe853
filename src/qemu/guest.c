#include "qemu/guest.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "qemu/argv.h"
#include "qemu/ask.h"
#include "qemu/cgroup.h"
#include "qemu/tap.h"
#include "qemu/events.h"
#include "qemu/files.h"
#include "qemu/follow.h"
#include "qemu/process.h"
#include "qemu/qemu.h"
#include "qemu/reconnect.h"
#include "qemu/stats.h"
#include "store/table-runtime.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

/* An operation that waits for the end of the process. */
typedef struct EndWait {
        ListNode node;
        QemuGuest *guest;
        Op *op;
        Timer *deadline;
} EndWait;

static char *monitor_path(const Driver *driver, const Domain *d)
{
        return xasprintf("%s/%s.qmp", driver->host.run_dir, UUID_TEXT(&d->uuid));
}

static char *log_path(const Driver *driver, const Domain *d)
{
        return xasprintf("%s/%s.log", driver->host.log_dir, d->name);
}

static const QemuSettings *settings(const QemuGuest *guest)
{
        return &qemu_driver_of(guest->driver)->settings;
}

static QemuGuest *guest_new(Driver *driver, Domain *d)
{
        QemuGuest *guest = xnew0(QemuGuest, 1);

        guest->domain = d;
        guest->driver = driver;
        guest->listen_fd = -1;
        guest->running_because = REASON_UNPAUSED;
        guest->paused_because = REASON_UNKNOWN;
        guest->off_event = _DOMAIN_EVENT_MAX;
        guest->monitor_path = monitor_path(driver, d);
        guest->log_path = log_path(driver, d);
        list_init(&guest->waits);
        list_init(&guest->asks);
        d->driver_state = guest;
        return guest;
}

static void wait_free(EndWait *wait)
{
        list_remove(&wait->node);
        timer_free(wait->deadline);
        free(wait);
}

void qemu_guest_free(QemuGuest *guest)
{
        if (!guest)
                return;
        LIST_FOREACH(wait, &guest->waits, EndWait, node)
                wait_free(wait);
        reconnect_free(guest->reconnect);
        qemu_refresh_free(guest->refresh);
        qemu_asks_done(guest);
        qemu_follow_done(&guest->follow);
        qmp_client_free(guest->qmp);
        child_free(guest->child);
        timer_free(guest->lost);
        error_done(&guest->lost_error);
        fd_close(guest->listen_fd);
        free(guest->monitor_path);
        free(guest->log_path);
        free(guest->held);
        free(guest);
}

/* --- the end --- */

/* How the process ended, in one phrase with the last that it wrote. */
static void end_cause(QemuGuest *guest, const ChildStatus *status, Error *err)
{
        _cleanup_(free_ptr) char *how = child_status_text(status);
        _cleanup_(free_ptr) char *said = process_log_tail(guest->log_path, guest->log_start);

        error_set(err, ERROR_OPERATION_FAILED, "QEMU process of domain '%s' ended (%s)%s%s",
                  guest->domain->name, how, said ? ": " : "", said ? said : "");
}

static char *cgroup_name(const QemuGuest *guest)
{
        return xasprintf("%s%s", UUID_TEXT(&guest->domain->uuid),
                         qemu_driver_of(guest->driver)->cgroup_suffix);
}

/* Its cgroup.procs, or -1. */
static int make_cgroup(const QemuGuest *guest, const DomainConfig *live)
{
        const QemuDriver *qemu = qemu_driver_of(guest->driver);
        _cleanup_(free_ptr) char *name = NULL;
        CgroupLimits limits = {.pids = qemu->settings.max_tasks};

        if (!qemu->cgroup)
                return -1;
        name = cgroup_name(guest);
        if (qemu->settings.memory_extra)
                limits.memory = live->memory * 1024 + qemu->settings.memory_extra;
        return cgroup_make(qemu->cgroup, name, &limits);
}

static void leave_cgroup(const QemuGuest *guest)
{
        const QemuDriver *qemu = qemu_driver_of(guest->driver);
        _cleanup_(free_ptr) char *name = NULL;

        if (!qemu->cgroup)
                return;
        name = cgroup_name(guest);
        cgroup_remove(qemu->cgroup, name);
}

static void domain_off(QemuGuest *guest)
{
        Domain *d = guest->domain;

        if (!guest->shown)
                domain_discard(d);
        else if (guest->off_event != _DOMAIN_EVENT_MAX)
                domain_ended(d, guest->off_because, guest->off_event);
        else
                domain_ended(d, REASON_CRASHED, EVENT_STOPPED_FAILED);
}

static void tell_migration(QemuGuest *guest, const Error *err)
{
        QemuMigrationFn *migration = TAKE_PTR(guest->migration);

        if (migration)
                migration(guest->migration_data, NULL, err);
}

static void process_ended(void *data, const ChildStatus *status)
{
        QemuGuest *guest = data;
        Domain *d = guest->domain;
        _cleanup_(domain_unrefp) Domain *held = domain_ref(d);
        _cleanup_(error_done) Error cause = {};

        end_cause(guest, status, &cause);
        files_give_back(guest->driver, d, TAKE_PTR(guest->held));
        leave_cgroup(guest);
        (void) unlink(guest->monitor_path); /* ignoring: the next start binds anew */
        d->driver_state = NULL;
        domain_off(guest);
        if (guest->qmp)
                qmp_client_break(guest->qmp, &cause);
        tell_migration(guest, &cause);
        qemu_follow_ended(guest, &cause);
        qemu_refresh_ended(guest, &cause);
        qemu_asks_ended(guest, &cause);
        reconnect_ended(guest, &cause);
        LIST_FOREACH(wait, &guest->waits, EndWait, node) {
                Op *op = wait->op;

                wait_free(wait);
                op_wake(op, NULL);
        }
        qemu_guest_free(guest);
}

static void wait_expired(void *data)
{
        EndWait *wait = data;
        QemuGuest *guest = wait->guest;
        Op *op = wait->op;
        _cleanup_(error_done) Error err = {};

        error_set(&err, ERROR_OPERATION_FAILED,
                  "Failed to terminate process %d with SIGKILL: it did not end within %llu ms",
                  (int) child_pid(guest->child), (unsigned long long) settings(guest)->kill_ms);
        wait_free(wait);
        op_wake(op, &err);
}

void qemu_guest_kill(Domain *d)
{
        QemuGuest *guest = qemu_guest(d);

        if (guest && guest->child)
                child_kill(guest->child, SIGKILL);
}

int qemu_guest_wait_end(Domain *d, Op *op)
{
        QemuGuest *guest = qemu_guest(d);
        EndWait *wait;

        if (!guest || !guest->child)
                return OP_NEXT;
        wait = xnew0(EndWait, 1);
        wait->guest = guest;
        wait->op = op;
        wait->deadline = timer_new(guest->driver->host.loop, wait_expired, wait);
        timer_start(wait->deadline, settings(guest)->kill_ms);
        list_append(&guest->waits, &wait->node);
        op->waits_for = "end of the QEMU process";
        return OP_WAIT;
}

/* --- the monitor --- */

static void monitor_event(void *data, const char *event, json_t *value)
{
        qemu_event(data, event, value);
}

static void lost_for_good(void *data)
{
        QemuGuest *guest = data;

        qmp_client_break(guest->qmp, &guest->lost_error);
}

/* Most often the process is about to end; its end tells more than the end of a connection. */
static void monitor_lost(void *data, const Error *err)
{
        QemuGuest *guest = data;

        error_copy(&guest->lost_error, err);
        timer_start(guest->lost, settings(guest)->lost_ms);
}

static void monitor_broken(void *data, const Error *err)
{
        tell_migration(data, err);
}

static int connect_monitor(QemuGuest *guest, uint64_t greeting_ms, Error *err)
{
        _cleanup_(free_ptr) char *subject = xasprintf("domain '%s'", guest->domain->name);
        Loop *loop = guest->driver->host.loop;
        QmpSpec spec = {
                .subject = subject,
                .greeting_ms = greeting_ms,
                .command_ms = settings(guest)->command_ms,
                .event = monitor_event,
                .lost = monitor_lost,
                .broken = monitor_broken,
                .data = guest,
        };
        _cleanup_(fd_closep) int fd = -1;
        int r;

        r = monitor_connect(guest->monitor_path, &fd, err);
        if (r < 0)
                return r;
        r = qmp_client_new(loop, fd, &spec, &guest->qmp, err);
        if (r < 0)
                return r;
        TAKE_FD(fd);
        guest->lost = timer_new(loop, lost_for_good, guest);
        return 0;
}

/* --- making and running --- */

int qemu_guest_bind(Driver *driver, Domain *d, Error *err)
{
        QemuGuest *guest = guest_new(driver, d);
        int r;

        r = monitor_bind(guest->monitor_path, &guest->listen_fd, err);
        if (r < 0) {
                d->driver_state = NULL;
                qemu_guest_free(guest);
        }
        return r;
}

void qemu_guest_unbind(Driver *driver, Domain *d)
{
        _cleanup_(free_ptr) char *path = monitor_path(driver, d);

        if (qemu_guest(d) && qemu_guest(d)->child)
                return;
        qemu_guest_free(TAKE_PTR(d->driver_state));
        (void) unlink(path); /* ignoring: the next start binds anew */
}

static void fds_done(TapFds *fds)
{
        vec_done(fds); /* they are others' */
}

static int spawn(QemuGuest *guest, DomainConfig *live, bool incoming, Error *err)
{
        static char *const environment[] = {
                (char *) "LC_ALL=C",
                (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
        enum { MONITOR = 3, TAPS };
        QemuArgvSpec argv_spec = {.monitor_fd = MONITOR,
                                  .incoming = incoming,
                                  .tap_fd = TAPS,
                                  .now = (int64_t) time(NULL)};
        _cleanup_(tap_close_all) TapFds taps = {};
        _cleanup_(fds_done) TapFds fds = {};
        _cleanup_(strv_freep) char **argv = NULL;
        _cleanup_(fd_closep) int log_fd = -1, cgroup_fd = -1;
        int r;

        r = qemu_argv(live, &argv_spec, &argv, err);
        if (r < 0)
                return r;
        r = process_log_open(guest->log_path, argv, &log_fd, &guest->log_start, err);
        if (r < 0)
                return r;

        r = tap_open_all(live, &taps, err);
        if (r < 0)
                return r;

        const int standard[TAPS] = {-1, log_fd, log_fd, [MONITOR] = guest->listen_fd};
        for (size_t i = 0; i < TAPS; i++)
                *vec_push(&fds) = standard[i];
        for (size_t i = 0; i < taps.len; i++)
                *vec_push(&fds) = taps.items[i];
        cgroup_fd = make_cgroup(guest, live);
        const QemuUser *user = &settings(guest)->user;
        ChildSpec spec = {
                .path = argv[0],
                .argv = argv,
                .envp = environment,
                .fds = fds.items,
                .n_fds = fds.len,
                .new_session = true,
                .gated = true,
                .user = user->set ? &(ChildUser){user->uid, user->gid, user->groups, user->n_groups}
                                  : NULL,
                .cgroup_fd = cgroup_fd > 0 ? cgroup_fd : 0,
                .umask = 0077,
                .max_files = settings(guest)->max_files,
                .no_core = true,
                .no_new_privs = true,
        };
        return child_spawn(guest->driver->host.loop, &spec, process_ended, guest, &guest->child,
                           err);
}

int qemu_guest_spawn(Domain *d, DomainConfig *live, bool incoming, Error *err)
{
        QemuGuest *guest = qemu_guest(d);
        int r;

        r = spawn(guest, live, incoming, err);
        if (r < 0) {
                domain_config_free(live);
                return r;
        }
        guest->listen_fd = fd_close(guest->listen_fd);
        domain_began(d, live, -1);
        return 0;
}

int qemu_guest_release(Domain *d, Error *err)
{
        QemuGuest *guest = qemu_guest(d);
        int r;

        if (!guest || !guest->child)
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "QEMU process of domain '%s' ended before it was run", d->name);
        r = qemu_pin_process(d->live, child_pid(guest->child), err);
        if (r < 0)
                return r;
        child_release(guest->child);
        return connect_monitor(guest, settings(guest)->startup_ms, err);
}

static char *held_in(const json_t *state)
{
        const json_t *held = json_object_get(state, "held");

        return json_is_array(held) ? json_dumps(held, JSON_COMPACT) : NULL;
}

char *qemu_guest_held(const RuntimeRow *row)
{
        _cleanup_(json_p) json_t *state = row->state ? json_loads(row->state, 0, NULL) : NULL;

        return held_in(state);
}

/* What an earlier daemon wrote with qemu_guest_record(). */
static void read_state(QemuGuest *guest, const char *text)
{
        _cleanup_(json_p) json_t *state = text ? json_loads(text, 0, NULL) : NULL;

        guest->shown = json_flag(state, "shown", true);
        guest->log_start = (off_t) json_u64(state, "log-start", 0);
        guest->held = held_in(state);
}

int qemu_guest_adopt(Driver *driver, Domain *d, const RuntimeRow *row, Error *err)
{
        DomainConfig *live;
        QemuGuest *guest;
        int r;

        r = domain_config_from_json(row->config, &live, err);
        if (r < 0)
                return r;
        guest = guest_new(driver, d);
        r = child_adopt(driver->host.loop, (pid_t) row->pid, row->start_time, process_ended, guest,
                        &guest->child, err);
        if (r < 0) {
                d->driver_state = NULL;
                domain_config_free(live);
                qemu_guest_free(guest);
                return r;
        }
        read_state(guest, row->state);
        domain_began(d, live, row->id);
        (void) connect_monitor(guest, 0, NULL); /* ignoring: qmp stays NULL, and calls say so */
        return 0;
}

/* The driver's part of the runtime row; the caller's. */
static char *state_text(const QemuGuest *guest, bool shown)
{
        _cleanup_(json_p) json_t *state =
                json_pack("{s:b, s:I}", "shown", shown, "log-start", (json_int_t) guest->log_start);

        if (guest->held)
                json_object_set_new(state, "held", json_loads(guest->held, 0, NULL));
        return json_dumps(state, JSON_COMPACT);
}

void qemu_guest_record(StoreTx *tx, const Domain *d, const DomainConfig *live, bool shown)
{
        const QemuGuest *guest = qemu_guest(d);
        _cleanup_(free_ptr) char *state = state_text(guest, shown);

        domain_record_runtime(tx, d, live, child_pid(guest->child), child_start_time(guest->child),
                              state);
}

void qemu_guest_record_state(StoreTx *tx, const Domain *d)
{
        _cleanup_(free_ptr) char *state = state_text(qemu_guest(d), qemu_guest(d)->shown);

        runtime_row_set_state(tx, &d->uuid, state);
}

/* --- commands --- */

void qemu_op_woken(void *op, json_t *value, const Error *err)
{
        (void) value;
        op_wake(op, err);
}

int qemu_guest_call(Op *op, const char *command, json_t *args, QmpReplyFn *fn, Error *err)
{
        Domain *d = op->subject;
        QemuGuest *guest = qemu_guest(d);

        if (!guest || !guest->qmp) {
                json_decref(args);
                return guest ? error_set(err, ERROR_OPERATION_FAILED,
                                         "domain '%s' has no monitor connection", d->name)
                             : error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        }
        qmp_client_call(guest->qmp, command, args, fn ? fn : qemu_op_woken, op);
        op->waits_for = "answer of QEMU";
        return OP_WAIT;
}
