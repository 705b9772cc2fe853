/* The words for what a domain is and what happens to it. Numbers of other programs are not here: the
 * wire maps each of these to libvirt's. */
#pragma once

#define DOMAIN_STATES(X)                                                                           \
        X(SHUTOFF, "shut off")                                                                     \
        X(RUNNING, "running")                                                                      \
        X(PAUSED, "paused")                                                                        \
        X(SHUTDOWN, "in shutdown")                                                                 \
        X(CRASHED, "crashed")                                                                      \
        X(PMSUSPENDED, "pmsuspended")

typedef enum DomainState {
#define X(name, text) DOMAIN_##name,
        DOMAIN_STATES(X)
#undef X
                _DOMAIN_STATE_MAX,
} DomainState;

/* Why it is in that state. Each is used with the states that libvirt knows it for. */
#define DOMAIN_REASONS(X)                                                                          \
        X(UNKNOWN, "unknown")                                                                      \
        X(BOOTED, "booted")                                                                        \
        X(RESTORED, "restored")                                                                    \
        X(UNPAUSED, "unpaused")                                                                    \
        X(SAVE_CANCELED, "save canceled")                                                          \
        X(WAKEUP, "event wakeup")                                                                  \
        X(USER, "user")                                                                            \
        X(SAVE, "save")                                                                            \
        X(IOERROR, "I/O error")                                                                    \
        X(WATCHDOG, "watchdog")                                                                    \
        X(STARTING_UP, "starting up")                                                              \
        X(SHUTTING_DOWN, "shutting down")                                                          \
        X(CRASHED, "crashed")                                                                      \
        X(SHUTDOWN, "shutdown")                                                                    \
        X(DESTROYED, "destroyed")                                                                  \
        X(SAVED, "saved")                                                                          \
        X(FAILED, "failed")                                                                        \
        X(DAEMON, "daemon")                                                                        \
        X(PANICKED, "panicked")

typedef enum DomainReason {
#define X(name, text) REASON_##name,
        DOMAIN_REASONS(X)
#undef X
                _DOMAIN_REASON_MAX,
} DomainReason;

/* What happened: the kind and its detail in one word. */
#define DOMAIN_EVENTS(X)                                                                           \
        X(DEFINED_ADDED)                                                                           \
        X(DEFINED_UPDATED)                                                                         \
        X(DEFINED_RENAMED)                                                                         \
        X(UNDEFINED_RENAMED)                                                                       \
        X(UNDEFINED_REMOVED)                                                                       \
        X(STARTED_BOOTED)                                                                          \
        X(STARTED_RESTORED)                                                                        \
        X(STARTED_WAKEUP)                                                                          \
        X(SUSPENDED_PAUSED)                                                                        \
        X(SUSPENDED_IOERROR)                                                                       \
        X(SUSPENDED_WATCHDOG)                                                                      \
        X(SUSPENDED_RESTORED)                                                                      \
        X(SUSPENDED_API_ERROR)                                                                     \
        X(RESUMED_UNPAUSED)                                                                        \
        X(RESUMED_RESTORED)                                                                        \
        X(STOPPED_SHUTDOWN)                                                                        \
        X(STOPPED_DESTROYED)                                                                       \
        X(STOPPED_CRASHED)                                                                         \
        X(STOPPED_SAVED)                                                                           \
        X(STOPPED_FAILED)                                                                          \
        X(SHUTDOWN_GUEST)                                                                          \
        X(SHUTDOWN_HOST)                                                                           \
        X(PMSUSPENDED_MEMORY)                                                                      \
        X(CRASHED_PANICKED)                                                                        \
        X(REBOOT)                                                                                  \
        X(JOB_COMPLETED)                                                                           \
        X(METADATA_CHANGED)                                                                        \
        X(BALLOON_CHANGED)

typedef enum DomainEventKind {
#define X(name) EVENT_##name,
        DOMAIN_EVENTS(X)
#undef X
                _DOMAIN_EVENT_MAX,
} DomainEventKind;

/* Verbs that change a domain; each is an operation, of the engine or of the driver.
 * Where each may begin is the table in domain/verb.c. */
#define DOMAIN_VERBS(X)                                                                            \
        X(DEFINE, "define")                                                                        \
        X(UNDEFINE, "undefine")                                                                    \
        X(CREATE, "create")                                                                        \
        X(START, "start")                                                                          \
        X(RESTORE, "restore")                                                                      \
        X(SHUTDOWN, "shutdown")                                                                    \
        X(REBOOT, "reboot")                                                                        \
        X(DESTROY, "destroy")                                                                      \
        X(SUSPEND, "suspend")                                                                      \
        X(RESUME, "resume")                                                                        \
        X(SAVE, "save")                                                                            \
        X(MANAGED_SAVE, "managed save")                                                            \
        X(MANAGED_SAVE_REMOVE, "managed save remove")                                              \
        X(SET_AUTOSTART, "set autostart")                                                          \
        X(LEARN, "learn about")                                                                    \
        X(EDIT, "edit")                                                                            \
        X(RENAME, "rename")                                                                        \
        X(RESET, "reset")

typedef enum DomainVerb {
#define X(name, text) VERB_##name,
        DOMAIN_VERBS(X)
#undef X
                _VERB_MAX,
} DomainVerb;

const char *domain_state_text(DomainState state);
const char *domain_reason_text(DomainReason reason);
const char *domain_event_text(DomainEventKind kind);
const char *domain_verb_text(DomainVerb verb);
