/* Handlers: what stands behind a procedure. They are small: arguments are decoded, access is
 * checked; a handler finds the domain, asks the engine or reads its memory, and fills the result.
 * What the result owns is freed by the codec. */
#pragma once

#include "engine/ask.h"
#include "loop/job.h"
#include "wire/protocol.gen.h"

typedef struct WireClient WireClient;
typedef struct WireCall WireCall;
typedef struct WireHandler WireHandler;

enum {
        WIRE_DONE = 0,  /* call->ret is the answer */
        WIRE_LATER = 1, /* call_end() follows; call_submit() sees to it */
};

/* < 0: the error is the answer. */
typedef int WireHandlerFn(WireCall *call, Error *err);
/* Fills call->ret from the domain that a verb ended with. */
typedef void WireFillFn(WireCall *call, Domain *d);

enum {
        WIRE_EARLY = 1 << 0,  /* served before open */
        WIRE_SLOW = 1 << 1,   /* may return WIRE_LATER; a client has a bounded number of these */
        WIRE_URGENT = 1 << 2, /* with WIRE_SLOW: has a number of its own */
};

struct WireHandler {
        WireProgram program;
        int32_t number;
        WireHandlerFn *fn; /* NULL ends a table */
        unsigned flags;
};

struct WireCall {
        /* readable */
        WireClient *client;
        const WireProc *proc;
        void *args; /* the struct of proc->args */
        void *ret;  /* the struct of proc->ret, zeroed */
        uint32_t serial;
        int *fds; /* that came with the call; one that is taken is replaced by -1 */
        uint32_t n_fds;

        /* private to call.c */
        const WireHandler *handler;
        uint32_t program, version;
        uint8_t *payload;
        size_t bytes;
        bool running;
        const char *argument; /* see call_bad_argument() */
        EngineCall *engine_call;
        Job *job;
        WireFillFn *fill;
        struct StatsWait *stats_wait;
        bool stats_waited;
        EngineAsk *ask;
        ListNode node;
};

extern const WireHandler handlers_connect[], handlers_list[], handlers_domain_read[],
        handlers_domain_verbs[], handlers_domain_save[], handlers_domain_job[],
        handlers_domain_metadata[], handlers_domain_edit[], handlers_domain_threads[], handlers_stats[], handlers_domain_stats[], handlers_ask[], handlers_screenshot[], handlers_agent[], handlers_capabilities[], handlers_node[], handlers_events[], handlers_console[];

Driver *call_driver(const WireCall *call);
Engine *call_engine(const WireCall *call);
/* The domain of a handle, known by its uuid alone. ERROR_NO_DOMAIN. */
int call_domain(WireCall *call, const WireDomain *dom, Domain **ret, Error *err);
/* ERROR_INVALID_ARGUMENT when bits beyond those supported are set. */
int call_flags(WireCall *call, uint32_t flags, uint32_t supported, Error *err);
/* ERROR_INVALID_ARGUMENT, told as libvirt tells of a caller's mistake. */
int call_bad_argument(WireCall *call, const char *argument, Error *err, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* The configuration that VIR_DOMAIN_AFFECT_* mean for a read: what runs, or the template. */
int call_choose_config(WireCall *call, const Domain *d, uint32_t flags, const DomainConfig **ret,
                       Error *err);

/* Asks the engine for a verb and answers when it has ended: WIRE_LATER. `args` is emptied; `fill`
 * may be NULL. */
int call_submit(WireCall *call, Domain *d, DomainVerb verb, OpArgs *args, WireFillFn *fill,
                Error *err);

/* Asks for an edit of what VIR_DOMAIN_AFFECT_* mean and answers when it is made: WIRE_LATER. What
 * `edit` owns is taken over. */
int call_edit(WireCall *call, const WireDomain *dom, uint32_t flags, Edit *edit, Error *err);

/* Sees to it that the statistics of domains are good: WIRE_DONE when they are, else WIRE_LATER, and
 * the handler is called again when they are, or when a short deadline is over. */
int call_stats(WireCall *call, Domain *const *domains, size_t n);
/* Asks the hypervisor and answers when it has: WIRE_LATER. */
int call_ask(WireCall *call, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
             Error *err);

/* The handle of a domain as it is now. */
void fill_domain(WireDomain *ret, const Domain *d);
