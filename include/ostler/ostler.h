/* libostler: run QEMU guests from a program, with the engine that ostlerd runs.
 *
 * A program opens a root, a folder that keeps everything below it, and asks verbs of the domains in
 * it. Every verb is asynchronous: it returns at once, and its callback tells the end. Reads answer
 * at once from memory. Guests and operations that are under way outlive the handle: the next one
 * that opens the root takes them up.
 *
 * Threads: a handle belongs to one thread at a time. Callbacks run inside ostler_turn() and nowhere
 * else; none runs after ostler_close().
 *
 * Driving it: call ostler_turn(), or put ostler_fd() and ostler_timeout() into a loop of your own
 * and call ostler_turn(o, false) when either says so.
 *
 * Results: 0, or a negative OstlerCode with the message in the OstlerError, which may be NULL.
 * A message is one phrase that says what was tried, on what, and what the system said.
 *
 * Configurations are libvirt's domain XML (docs/config.md). Names, states and reasons are
 * libvirt's. */
#ifndef OSTLER_H
#define OSTLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OSTLER_API __attribute__((visibility("default")))

typedef struct Ostler Ostler;
typedef struct OstlerWatch OstlerWatch;

/* Codes as negative results; the names are those of ostler_code_text(). */
typedef enum OstlerCode {
        OSTLER_OK = 0,
        OSTLER_INTERNAL,
        OSTLER_SYSTEM, /* the system refused; sys_errno says how */
        OSTLER_NOT_SUPPORTED,
        OSTLER_INVALID_ARGUMENT,
        OSTLER_NO_CONNECT,
        OSTLER_DENIED,
        OSTLER_PROTOCOL,
        OSTLER_XML_SYNTAX,  /* not well formed */
        OSTLER_XML_INVALID, /* well formed, with impossible content */
        OSTLER_NO_NAME,
        OSTLER_NO_OS,
        OSTLER_CONFIG_UNSUPPORTED,
        OSTLER_EXISTS, /* the name or uuid belongs to another domain */
        OSTLER_NO_DOMAIN,
        OSTLER_NO_METADATA,
        OSTLER_OPERATION_INVALID, /* not in this state of the domain */
        OSTLER_OPERATION_FAILED,
        OSTLER_UNSUPPORTED,
        OSTLER_ARGUMENT_UNSUPPORTED,
        OSTLER_AGENT_SILENT, /* the guest's agent does not answer */
        OSTLER_NO_HOSTNAME,
        OSTLER_TIMEOUT,
        OSTLER_ABORTED, /* cancelled */
        OSTLER_BUSY,
        OSTLER_BAD_IMAGE /* the save image is partial, damaged or foreign */
} OstlerCode;

typedef struct OstlerError {
        int code;          /* OstlerCode */
        int sys_errno;     /* or 0 */
        char message[512]; /* terminated; cut where it is longer */
} OstlerError;

OSTLER_API const char *ostler_code_text(int code);
OSTLER_API const char *ostler_version(void);

/* Opens `root`, which is made if it is missing, for one driver: "qemu", or "test" for a hypervisor
 * in memory. A root that another handle or an ostlerd has open is refused (OSTLER_BUSY). Guests
 * that ran are found again during the first turns. Blocks for as long as its files take to read. */
OSTLER_API int ostler_open(const char *root, const char *driver, Ostler **ret, OstlerError *err);
/* No callback comes any more, verbs that have not ended are taken up by the next handle, guests run
 * on. NULL is fine. */
OSTLER_API void ostler_close(Ostler *o);

/* A descriptor that becomes readable when a turn has something to do. It stays the handle's. */
OSTLER_API int ostler_fd(const Ostler *o);
/* Milliseconds after which a turn is due in any case; -1: none. Ask anew before each wait. */
OSTLER_API int ostler_timeout(Ostler *o);
/* Calls back what is due; with `wait`, sleeps until there is something. */
OSTLER_API void ostler_turn(Ostler *o, bool wait);

/* --- reads: answered from memory --- */

typedef struct OstlerInfo {
        char name[256];
        char uuid[37];
        int64_t id;         /* -1 while off */
        const char *state;  /* "running", "paused", "shut off", ...: static text */
        const char *reason; /* why: static text */
        bool persistent, autostart, managed_save;
        uint64_t memory_kib; /* the most it may have */
        unsigned vcpus;
        const char *operation; /* what changes it now, or NULL: good until the next turn */
        const char *step;      /* how far that is, or NULL: good until the next turn */
        uint64_t done_bytes, total_bytes; /* of it; total 0: not known */
} OstlerInfo;

/* The names of all domains as a NULL-terminated list, for ostler_names_free(). */
OSTLER_API char **ostler_names(Ostler *o);
OSTLER_API void ostler_names_free(char **names);
OSTLER_API int ostler_info(Ostler *o, const char *name, OstlerInfo *ret, OstlerError *err);
/* The configuration that runs, else the stored one, for free(). */
OSTLER_API int ostler_xml(Ostler *o, const char *name, char **ret, OstlerError *err);

/* --- verbs --- */

/* Called once, inside ostler_turn(). `name` is the domain's, NULL where there is none; `err` is
 * NULL on success. Both are good during the call. */
typedef void OstlerDoneFn(void *data, const char *name, const OstlerError *err);

enum {
        OSTLER_PAUSED = 1 << 0,       /* start, create, restore: leave the guest paused */
        OSTLER_FORCE_BOOT = 1 << 1,   /* start: discard a managed save image */
        OSTLER_MANAGED_SAVE = 1 << 2, /* undefine: remove a managed save image too */
};

/* A negative result refuses at once, and `done` is not called. `done` may be NULL. */
OSTLER_API int ostler_define(Ostler *o, const char *xml, OstlerDoneFn *done, void *data,
                             OstlerError *err);
OSTLER_API int ostler_create(Ostler *o, const char *xml, unsigned flags, OstlerDoneFn *done,
                             void *data, OstlerError *err);
OSTLER_API int ostler_undefine(Ostler *o, const char *name, unsigned flags, OstlerDoneFn *done,
                               void *data, OstlerError *err);
/* Goes on from a managed save image where there is one. */
OSTLER_API int ostler_start(Ostler *o, const char *name, unsigned flags, OstlerDoneFn *done,
                            void *data, OstlerError *err);
/* Asks the guest; done when it was asked. */
OSTLER_API int ostler_shutdown(Ostler *o, const char *name, OstlerDoneFn *done, void *data,
                               OstlerError *err);
/* Ends the guest at once, whatever else is under way. */
OSTLER_API int ostler_destroy(Ostler *o, const char *name, OstlerDoneFn *done, void *data,
                              OstlerError *err);
OSTLER_API int ostler_suspend(Ostler *o, const char *name, OstlerDoneFn *done, void *data,
                              OstlerError *err);
OSTLER_API int ostler_resume(Ostler *o, const char *name, OstlerDoneFn *done, void *data,
                             OstlerError *err);
/* Memory to an image that the next start goes on from; or to a file (absolute path). */
OSTLER_API int ostler_managed_save(Ostler *o, const char *name, OstlerDoneFn *done, void *data,
                                   OstlerError *err);
OSTLER_API int ostler_save(Ostler *o, const char *name, const char *path, OstlerDoneFn *done,
                           void *data, OstlerError *err);
OSTLER_API int ostler_restore(Ostler *o, const char *path, unsigned flags, OstlerDoneFn *done,
                              void *data, OstlerError *err);
/* Cancels a save, managed save or restore that has not committed: the guest is as before, and the
 * callback of that verb tells OSTLER_ABORTED. */
OSTLER_API int ostler_abort(Ostler *o, const char *name, OstlerError *err);

/* --- events --- */

/* `event` is static text, as "STARTED_BOOTED" (docs/events.md); `name` is good during the call. */
typedef void OstlerEventFn(void *data, const char *name, const char *event);

/* From now on, until ostler_unwatch() or ostler_close(). */
OSTLER_API OstlerWatch *ostler_watch(Ostler *o, OstlerEventFn *fn, void *data);
OSTLER_API void ostler_unwatch(OstlerWatch *watch);

#ifdef __cplusplus
}
#endif

#endif
