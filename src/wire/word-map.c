#include "wire/word-map.h"

#include "base/str.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

static const int32_t states[_DOMAIN_STATE_MAX] = {
        [DOMAIN_SHUTOFF] = VIR_DOMAIN_SHUTOFF, [DOMAIN_RUNNING] = VIR_DOMAIN_RUNNING,
        [DOMAIN_PAUSED] = VIR_DOMAIN_PAUSED,   [DOMAIN_SHUTDOWN] = VIR_DOMAIN_SHUTDOWN,
        [DOMAIN_CRASHED] = VIR_DOMAIN_CRASHED, [DOMAIN_PMSUSPENDED] = VIR_DOMAIN_PMSUSPENDED,
};

static const int32_t reasons[_DOMAIN_STATE_MAX][_DOMAIN_REASON_MAX] = {
        [DOMAIN_RUNNING] =
                {
                        [REASON_BOOTED] = VIR_DOMAIN_RUNNING_BOOTED,
                        [REASON_RESTORED] = VIR_DOMAIN_RUNNING_RESTORED,
                        [REASON_UNPAUSED] = VIR_DOMAIN_RUNNING_UNPAUSED,
                        [REASON_SAVE_CANCELED] = VIR_DOMAIN_RUNNING_SAVE_CANCELED,
                        [REASON_WAKEUP] = VIR_DOMAIN_RUNNING_WAKEUP,
                        [REASON_CRASHED] = VIR_DOMAIN_RUNNING_CRASHED,
                },
        [DOMAIN_PAUSED] =
                {
                        [REASON_USER] = VIR_DOMAIN_PAUSED_USER,
                        [REASON_SAVE] = VIR_DOMAIN_PAUSED_SAVE,
                        [REASON_IOERROR] = VIR_DOMAIN_PAUSED_IOERROR,
                        [REASON_WATCHDOG] = VIR_DOMAIN_PAUSED_WATCHDOG,
                        [REASON_STARTING_UP] = VIR_DOMAIN_PAUSED_STARTING_UP,
                        [REASON_SHUTTING_DOWN] = VIR_DOMAIN_PAUSED_SHUTTING_DOWN,
                        [REASON_CRASHED] = VIR_DOMAIN_PAUSED_CRASHED,
                },
        [DOMAIN_SHUTDOWN] =
                {
                        [REASON_USER] = VIR_DOMAIN_SHUTDOWN_USER,
                },
        [DOMAIN_SHUTOFF] =
                {
                        [REASON_SHUTDOWN] = VIR_DOMAIN_SHUTOFF_SHUTDOWN,
                        [REASON_DESTROYED] = VIR_DOMAIN_SHUTOFF_DESTROYED,
                        [REASON_CRASHED] = VIR_DOMAIN_SHUTOFF_CRASHED,
                        [REASON_SAVED] = VIR_DOMAIN_SHUTOFF_SAVED,
                        [REASON_FAILED] = VIR_DOMAIN_SHUTOFF_FAILED,
                        [REASON_DAEMON] = VIR_DOMAIN_SHUTOFF_DAEMON,
                },
        [DOMAIN_CRASHED] =
                {
                        [REASON_PANICKED] = VIR_DOMAIN_CRASHED_PANICKED,
                },
};

#define LIFECYCLE(event, detail)                                                                   \
        {                                                                                          \
                VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_##event,                           \
                        VIR_DOMAIN_EVENT_##event##_##detail                                        \
        }

static const struct {
        int32_t id, event, detail;
} events[_DOMAIN_EVENT_MAX] = {
        [EVENT_DEFINED_ADDED] = LIFECYCLE(DEFINED, ADDED),
        [EVENT_DEFINED_UPDATED] = LIFECYCLE(DEFINED, UPDATED),
        [EVENT_DEFINED_RENAMED] = LIFECYCLE(DEFINED, RENAMED),
        [EVENT_UNDEFINED_RENAMED] = LIFECYCLE(UNDEFINED, RENAMED),
        [EVENT_UNDEFINED_REMOVED] = LIFECYCLE(UNDEFINED, REMOVED),
        [EVENT_STARTED_BOOTED] = LIFECYCLE(STARTED, BOOTED),
        [EVENT_STARTED_RESTORED] = LIFECYCLE(STARTED, RESTORED),
        [EVENT_STARTED_WAKEUP] = LIFECYCLE(STARTED, WAKEUP),
        [EVENT_SUSPENDED_PAUSED] = LIFECYCLE(SUSPENDED, PAUSED),
        [EVENT_SUSPENDED_IOERROR] = LIFECYCLE(SUSPENDED, IOERROR),
        [EVENT_SUSPENDED_WATCHDOG] = LIFECYCLE(SUSPENDED, WATCHDOG),
        [EVENT_SUSPENDED_RESTORED] = LIFECYCLE(SUSPENDED, RESTORED),
        [EVENT_SUSPENDED_API_ERROR] = LIFECYCLE(SUSPENDED, API_ERROR),
        [EVENT_RESUMED_UNPAUSED] = LIFECYCLE(RESUMED, UNPAUSED),
        [EVENT_RESUMED_RESTORED] = LIFECYCLE(RESUMED, FROM_SNAPSHOT),
        [EVENT_STOPPED_SHUTDOWN] = LIFECYCLE(STOPPED, SHUTDOWN),
        [EVENT_STOPPED_DESTROYED] = LIFECYCLE(STOPPED, DESTROYED),
        [EVENT_STOPPED_CRASHED] = LIFECYCLE(STOPPED, CRASHED),
        [EVENT_STOPPED_SAVED] = LIFECYCLE(STOPPED, SAVED),
        [EVENT_STOPPED_FAILED] = LIFECYCLE(STOPPED, FAILED),
        [EVENT_SHUTDOWN_GUEST] = LIFECYCLE(SHUTDOWN, GUEST),
        [EVENT_SHUTDOWN_HOST] = LIFECYCLE(SHUTDOWN, HOST),
        [EVENT_PMSUSPENDED_MEMORY] = LIFECYCLE(PMSUSPENDED, MEMORY),
        [EVENT_CRASHED_PANICKED] = LIFECYCLE(CRASHED, PANICKED),
        [EVENT_REBOOT] = {VIR_DOMAIN_EVENT_ID_REBOOT, 0, 0},
        [EVENT_JOB_COMPLETED] = {VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, 0, 0},
        [EVENT_BALLOON_CHANGED] = {VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, 0, 0},
        [EVENT_METADATA_CHANGED] = {VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, 0, 0},
};

static const struct {
        const char *driver;
        int32_t domain;
} error_domains[] = {
        {"qemu", VIR_FROM_QEMU},
        {"test", VIR_FROM_TEST},
        {"xen", VIR_FROM_LIBXL},
};

int32_t word_map_state(DomainState state)
{
        return states[state];
}

int32_t word_map_reason(DomainState state, DomainReason reason)
{
        return reasons[state][reason];
}

int32_t word_map_event_id(DomainEventKind kind)
{
        return events[kind].id;
}

bool word_map_lifecycle(DomainEventKind kind, int32_t *ret_event, int32_t *ret_detail)
{
        if (events[kind].id != VIR_DOMAIN_EVENT_ID_LIFECYCLE)
                return false;
        *ret_event = events[kind].event;
        *ret_detail = events[kind].detail;
        return true;
}

int32_t word_map_job_operation(DomainVerb verb)
{
        switch (verb) {
        case VERB_CREATE:
        case VERB_START:
                return VIR_DOMAIN_JOB_OPERATION_START;
        case VERB_SAVE:
        case VERB_MANAGED_SAVE:
                return VIR_DOMAIN_JOB_OPERATION_SAVE;
        case VERB_RESTORE:
                return VIR_DOMAIN_JOB_OPERATION_RESTORE;
        default:
                return VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
        }
}

int32_t word_map_error_domain(const char *driver_name)
{
        for (size_t i = 0; i < ELEMENTSOF(error_domains); i++)
                if (str_eq(error_domains[i].driver, driver_name))
                        return error_domains[i].domain;
        return VIR_FROM_NONE;
}
