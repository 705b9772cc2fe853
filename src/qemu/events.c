/* QMP events -> domain_set_state() and domain_emit(); see events.h. One function an event, in a
 * table.
 *
 * STOP and RESUME alone move a guest between running and paused; the event that comes before (or
 * the operation that gave the command) says why, in guest->paused_because and
 * guest->running_because. The end of a guest is seen by its process; SHUTDOWN before it says whose
 * doing it was. */
#include "qemu/events.h"

#include "base/str.h"
#include "qemu/follow.h"

typedef void EventFn(QemuGuest *guest, const json_t *value);

/* What a STOP for this reason tells the clients. */
static DomainEventKind suspended_event(DomainReason reason)
{
        switch (reason) {
        case REASON_IOERROR:
                return EVENT_SUSPENDED_IOERROR;
        case REASON_WATCHDOG:
                return EVENT_SUSPENDED_WATCHDOG;
        default:
                return EVENT_SUSPENDED_PAUSED;
        }
}

static void on_stop(QemuGuest *guest, const json_t *value)
{
        Domain *d = guest->domain;
        DomainReason reason = guest->paused_because;

        (void) value;
        guest->paused_because = REASON_UNKNOWN;
        if (d->state == DOMAIN_SHUTDOWN || d->state == DOMAIN_CRASHED || guest->resetting)
                return;
        domain_set_state(d, DOMAIN_PAUSED, reason, suspended_event(reason));
}

static void on_resume(QemuGuest *guest, const json_t *value)
{
        Domain *d = guest->domain;
        DomainReason reason = guest->running_because;

        (void) value;
        guest->running_because = REASON_UNPAUSED;
        if (TAKE(guest->resetting, false))
                domain_set_state(d, DOMAIN_RUNNING, REASON_BOOTED, _DOMAIN_EVENT_MAX);
        else
                domain_set_state(d, DOMAIN_RUNNING, reason,
                                 reason == REASON_RESTORED ? EVENT_RESUMED_RESTORED
                                                           : EVENT_RESUMED_UNPAUSED);
}

static bool restarts(LifecycleAction action)
{
        return action == LIFECYCLE_ACTION_RESTART || action == LIFECYCLE_ACTION_RENAME_RESTART;
}

/* A guest that was stopped instead of ended (see argv.c) begins anew. */
static void restart(QemuGuest *guest)
{
        bool again = restarts(guest->domain->live->on_poweroff);
        json_t *action = json_pack("{s:s}", "shutdown", again ? "pause" : "poweroff");

        guest->restart = false;
        guest->resetting = true;
        qmp_client_call(guest->qmp, "system_reset", NULL, NULL, NULL);
        qmp_client_call(guest->qmp, "cont", NULL, NULL, NULL);
        qmp_client_call(guest->qmp, "set-action", action, NULL, NULL);
}

static void on_shutdown(QemuGuest *guest, const json_t *value)
{
        bool by_guest = json_flag(value, "guest", false);

        if (guest->domain->state == DOMAIN_CRASHED)
                return;
        if (by_guest && (guest->restart || restarts(guest->domain->live->on_poweroff))) {
                restart(guest);
                return;
        }
        if (guest->off_event == _DOMAIN_EVENT_MAX) {
                guest->off_because = REASON_SHUTDOWN;
                guest->off_event = EVENT_STOPPED_SHUTDOWN;
        }
        domain_set_state(guest->domain, DOMAIN_SHUTDOWN, REASON_UNKNOWN,
                         by_guest ? EVENT_SHUTDOWN_GUEST : EVENT_SHUTDOWN_HOST);
}

static void on_reset(QemuGuest *guest, const json_t *value)
{
        (void) value;
        if (guest->shown)
                domain_emit(guest->domain, EVENT_REBOOT);
}

static void on_block_io_error(QemuGuest *guest, const json_t *value)
{
        if (str_eq(json_text(value, "action", ""), "stop"))
                guest->paused_because = REASON_IOERROR;
}

static void on_watchdog(QemuGuest *guest, const json_t *value)
{
        if (str_eq(json_text(value, "action", ""), "pause"))
                guest->paused_because = REASON_WATCHDOG;
}

static void on_panicked(QemuGuest *guest, const json_t *value)
{
        const char *action = json_text(value, "action", "");

        if (str_eq(action, "run"))
                return;
        domain_set_state(guest->domain, DOMAIN_CRASHED, REASON_PANICKED, EVENT_CRASHED_PANICKED);
        if (str_eq(action, "poweroff")) {
                guest->off_because = REASON_CRASHED;
                guest->off_event = EVENT_STOPPED_CRASHED;
        } else if (restarts(guest->domain->live->on_crash)) {
                restart(guest);
        }
}

static void on_suspend(QemuGuest *guest, const json_t *value)
{
        (void) value;
        domain_set_state(guest->domain, DOMAIN_PMSUSPENDED, REASON_UNKNOWN,
                         EVENT_PMSUSPENDED_MEMORY);
}

static void on_wakeup(QemuGuest *guest, const json_t *value)
{
        (void) value;
        domain_set_state(guest->domain, DOMAIN_RUNNING, REASON_WAKEUP, EVENT_STARTED_WAKEUP);
}

static void on_balloon(QemuGuest *guest, const json_t *value)
{
        guest->domain->stats.balloon_kib = json_u64(value, "actual", 0) / 1024;
        domain_emit(guest->domain, EVENT_BALLOON_CHANGED);
}

static void on_device_deleted(QemuGuest *guest, const json_t *value)
{
        qemu_vcpu_left(guest, json_text(value, "device", ""), NULL);
}

static void on_unplug_refused(QemuGuest *guest, const json_t *value)
{
        const char *device = json_text(value, "device", "");
        _cleanup_(error_done) Error err = {};

        error_set(&err, ERROR_OPERATION_FAILED, "the guest refused to give '%s' back", device);
        qemu_vcpu_left(guest, device, &err);
}

static void on_migration(QemuGuest *guest, const json_t *value)
{
        if (guest->migration)
                guest->migration(guest->migration_data, json_text(value, "status", ""), NULL);
}

void qemu_event(QemuGuest *guest, const char *event, const json_t *value)
{
        static const struct {
                const char *name;
                EventFn *fn;
        } events[] = {
                {"STOP", on_stop},
                {"RESUME", on_resume},
                {"SHUTDOWN", on_shutdown},
                {"RESET", on_reset},
                {"BLOCK_IO_ERROR", on_block_io_error},
                {"WATCHDOG", on_watchdog},
                {"GUEST_PANICKED", on_panicked},
                {"SUSPEND", on_suspend},
                {"WAKEUP", on_wakeup},
                {"BALLOON_CHANGE", on_balloon},
                {"DEVICE_DELETED", on_device_deleted},
                {"DEVICE_UNPLUG_GUEST_ERROR", on_unplug_refused},
                {"MIGRATION", on_migration},
        };

        for (size_t i = 0; i < ELEMENTSOF(events); i++)
                if (str_eq(event, events[i].name)) {
                        events[i].fn(guest, value);
                        return;
                }
}

void qemu_sync_status(QemuGuest *guest, const char *status)
{
        static const struct {
                const char *status;
                DomainState state;
                DomainReason reason;
        } states[] = {
                {"running", DOMAIN_RUNNING, REASON_UNKNOWN},
                {"paused", DOMAIN_PAUSED, REASON_USER}, /* by "stop", which only we send */
                {"debug", DOMAIN_PAUSED, REASON_UNKNOWN},
                {"save-vm", DOMAIN_PAUSED, REASON_SAVE},
                {"finish-migrate", DOMAIN_PAUSED, REASON_SAVE},
                {"postmigrate", DOMAIN_PAUSED, REASON_SAVE},
                {"io-error", DOMAIN_PAUSED, REASON_IOERROR},
                {"watchdog", DOMAIN_PAUSED, REASON_WATCHDOG},
                {"internal-error", DOMAIN_PAUSED, REASON_UNKNOWN},
                {"suspended", DOMAIN_PMSUSPENDED, REASON_UNKNOWN},
                {"guest-panicked", DOMAIN_CRASHED, REASON_PANICKED},
        };
        Domain *d = guest->domain;

        if (!guest->shown)
                return;
        if (str_eq(status, "shutdown")) {
                guest->off_because = REASON_SHUTDOWN;
                guest->off_event = EVENT_STOPPED_SHUTDOWN;
                qemu_guest_kill(d);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(states); i++)
                if (str_eq(status, states[i].status))
                        domain_set_state(d, states[i].state, states[i].reason, _DOMAIN_EVENT_MAX);
}
