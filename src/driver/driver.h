/* What a hypervisor driver is to the engine: operations for the verbs, and a few calls.
 *
 * A driver sees domain/, op/, store/, config/, image/ and below; never the engine. Its functions
 * run on the loop thread and never block it. It reports what its guests do by the functions of
 * domain/domain.h. */
#pragma once

#include "domain/domain.h"
#include "store/table-runtime.h"

typedef struct DriverType DriverType;
typedef void DriverDoneFn(void *data, const Error *err);

/* What can be asked of an active domain's hypervisor beside every operation: it holds no slot. */
typedef enum DriverQuestionKind {
        ASK_MONITOR,      /* text: a command in the hypervisor's own language; answered in it */
        ASK_MONITOR_LINE, /* text: a line for people; answered by text */
        ASK_SEND_KEYS,    /* keys, hold_ms */
        ASK_SCREENSHOT,   /* screen; answered by a picture: fd, text is its MIME type */
        ASK_NMI,
} DriverQuestionKind;

enum {
        DRIVER_KEYS_MAX = 16,
};

typedef struct DriverQuestion {
        DriverQuestionKind kind;
        const char *text;
        uint32_t keys[DRIVER_KEYS_MAX]; /* numbers of QEMU's own set: XT, 0x80 for extended ones */
        size_t n_keys;
        uint32_t hold_ms; /* 0: the hypervisor's choice */
        uint32_t screen;
} DriverQuestion;

typedef struct DriverAnswer {
        const char *text;
        int fd; /* -1: none; whoever takes it leaves -1 */
} DriverAnswer;

/* `answer` is good during the call, NULL when err is set. */
typedef void DriverAnswerFn(void *data, DriverAnswer *answer, const Error *err);

/* What the engine lends a driver while it is open. */
typedef struct DriverHost {
        Loop *loop;
        Store *store;
        OpRunner *runner;
        DomainList *domains;
        const char *lib_dir;  /* lasts: <root>/lib/<driver> */
        const char *run_dir;  /* until the host restarts: <root>/run/<driver> */
        const char *log_dir;  /* <root>/log/<driver> */
        const char *save_dir; /* managed save images */
} DriverHost;

struct Driver {
        /* readable */
        const DriverType *type;
        DriverHost host;
        void *instance; /* the driver's own */
};

/* The kind of guest that a question is about; what is NULL is the driver's choice. Borrowed. */
typedef struct DriverMachine {
        const char *emulator, *arch, *machine, *virt_type;
} DriverMachine;

struct DriverType {
        const char *name;              /* "qemu": scheme of the URI, key of the rows */
        const char *kind;              /* "QEMU": what a client is told the driver is */
        const char *const *virt_types; /* what <domain type=> may say; NULL-terminated */
        unsigned max_vcpus;            /* of a guest, at most */

        /* The operation of a verb, NULL where the driver has none. START boots; RESTORE brings an
         * image back (op->args.path), SAVE writes one (path; managed: it becomes the domain's).
         * They leave the domain as domain/domain.h says. */
        const OpType *ops[_VERB_MAX];

        /* Whether this host has the hypervisor; NULL: always. A driver that it has not is left out. */
        bool (*present)(void);

        /* Makes driver->instance. Rows of the store may be read; the loop does not run yet. */
        int (*open)(Driver *driver, Error *err);
        /* Guests keep running; no callback comes after it. */
        void (*close)(Driver *driver);

        /* A leaf: learns what is needed to judge a configuration (the emulator's capabilities). */
        void (*prepare)(Driver *driver, const DomainConfig *config, DriverDoneFn *done, void *data);
        /* After prepare: fills what the driver decides (emulator, machine) and refuses what it
         * cannot do, ERROR_CONFIG_UNSUPPORTED. Idempotent. */
        int (*validate)(Driver *driver, DomainConfig *config, Error *err);

        /* Takes up a guest of an earlier daemon: `row`, good during the call, is its record, the
         * domain is off. A guest whose process lives is active when the call returns
         * (domain_began). After `done` the domain is as it truly is: running, paused, or off with
         * the fitting event. Many run at once, and each is bounded by a deadline; an error means
         * that the guest is there and does not answer. */
        void (*reconnect)(Driver *driver, Domain *d, const RuntimeRow *row, DriverDoneFn *done,
                          void *data);

        /* Ends the guest's process now, whatever it is doing; the end is seen as any other. Makes
         * every wait on the guest end. For destroy, which must not wait behind an operation. */
        void (*kill)(Driver *driver, Domain *d);

        /* For a step of the engine's edit, as its run(): makes the running guest follow `to` in
         * what op->args.edit is about (a kind that config_edit_moves_guest()). Where the guest is
         * already so, nothing happens. `to` is good during the wait. ERROR_UNSUPPORTED for what the
         * driver cannot do. */
        int (*edit_guest)(Op *op, const DomainConfig *to, Error *err);
        /* Puts the runtime row of an active domain into a transaction, with that configuration. */
        void (*record)(StoreTx *tx, const Domain *d, const DomainConfig *live);

        /* Renews what costs nothing of d->stats: what can be read without waiting. May be NULL. */
        void (*sample)(Driver *driver, Domain *d);
        /* Renews the rest of it by asking the hypervisor of an active domain. At most one is under
         * way for a domain, as long as the hypervisor is silent; `done` comes on a later turn,
         * also when the guest ends. A negative return: it cannot be asked now. May be NULL. */
        int (*refresh)(Driver *driver, Domain *d, DriverDoneFn *done, void *data, Error *err);
        /* A question to the hypervisor of an active domain, with a deadline; `done` comes on a
         * later turn. A negative return refuses at once. May be NULL. */
        int (*ask)(Driver *driver, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
                   void *data, Error *err);

        /* A descriptor that speaks with the guest's console `device` (an alias; NULL: the first),
         * non-blocking, the caller's. */
        int (*open_console)(Driver *driver, Domain *d, const char *device, int *ret_fd, Error *err);

        /* The <guest> elements of libvirt's capabilities document, the caller's: what is known now.
         */
        char *(*capabilities)(Driver *driver);
        /* libvirt's domain capabilities document for such guests, the caller's. After prepare for
         * the emulator and architecture. ERROR_INVALID_ARGUMENT, in libvirt's words, for a machine
         * or kind that there is not. */
        int (*domain_capabilities)(Driver *driver, const DriverMachine *machine, char **ret,
                                   Error *err);
        /* Names of CPU models for an architecture, after prepare; the caller's strv, NULL for none.
         * ERROR_INVALID_ARGUMENT when the driver does not know the architecture. */
        int (*cpu_models)(Driver *driver, const char *arch, char ***ret, Error *err);
        /* major * 1000000 + minor * 1000 + micro of the hypervisor; 0 while it is not known. */
        unsigned long (*version)(Driver *driver);

        /* Frees d->driver_state. */
        void (*release)(Domain *d);
};
