/* Domains: the guests of one driver, as the daemon knows them. Everything here is answered from
 * memory. All of it belongs to the loop thread.
 *
 * A domain is persistent (config set), active (live set), or both; one that is neither is removed
 * from its list. Changes come through the functions below, so that state, record and event agree:
 *
 *   domain_list_add()      a new domain, off, neither persistent nor active yet
 *   domain_set_config()    becomes persistent, or has its template replaced
 *   domain_clear_config()  becomes transient, or goes
 *   domain_began()         becomes active: id given, live configuration set
 *   domain_set_state()     runs, pauses, shuts down
 *   domain_ended()         is off; a transient one goes
 *
 * The record functions put the same facts into a store transaction. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "base/uuid.h"
#include "config/config.h"
#include "domain/state.h"
#include "domain/stats.h"
#include "image/image.h"
#include "op/op.h"

#include <stdint.h>

typedef struct Domain Domain;
typedef struct DomainList DomainList;
typedef struct Driver Driver;

/* A managed save image. */
typedef struct DomainImage {
        char *path; /* NULL: there is none */
        uint64_t size;
        uint64_t created; /* ms since 1970 */
        bool paused;      /* the guest was paused when it was saved */
} DomainImage;

/* What was done to a running guest behind the daemon's back. */
typedef enum DomainTaint {
        TAINT_MONITOR = 1 << 0, /* commands of a client's own to the hypervisor */
} DomainTaint;

struct Domain {
        /* readable */
        DomainList *list;
        Uuid uuid;
        char *name;
        DomainConfig *config; /* the template; NULL while transient */
        DomainConfig *live;   /* what runs; NULL while off */
        int64_t id;           /* -1 while off */
        DomainState state;
        DomainReason reason;
        uint64_t state_since_ms; /* loop time */
        bool autostart;
        bool removed;             /* in no list any more; only references keep it */
        unsigned defining;        /* operations that are about to replace the template */
        unsigned template_serial; /* another one for each template that was shown */
        bool reconnecting;        /* a guest of an earlier daemon that has not answered yet */
        unsigned taints;          /* bits of DomainTaint: while active */
        DomainImage image;
        DomainStats stats;

        /* the driver's: its process and connections while active; see DriverType.release */
        void *driver_state;

        /* the engine's: who may change the domain now, who waits (ListNode of requests), and the
         * renewal of the statistics that is under way */
        Op *holder;
        ListNode queue;
        struct Refresh *refresh;

        /* the console's holder (wire), called when another one forces it away or the guest ends */
        void (*console_lost)(void *data);
        void *console_data;

        /* private */
        unsigned refs;
        ListNode node;
};

/* A change that clients may hear of. Good during the call. */
typedef struct DomainEvent {
        Domain *domain;
        DomainEventKind kind;
        int64_t id;   /* of the domain when it happened */
        const Op *op; /* that holds the domain, or NULL */
} DomainEvent;

typedef void DomainEventFn(void *data, const DomainEvent *event);

/* The domains of one driver. */
struct DomainList {
        /* set by the owner, before domain_list_init() */
        Driver *driver;
        const char *driver_name;    /* the key of the rows */
        void (*release)(Domain *d); /* frees d->driver_state */
        Loop *loop;
        DomainEventFn *emit;
        void *emit_data;
        /* readable */
        ListNode domains; /* Domain.node, in the order of their making; see domain_visible() */
        size_t len;
        /* private */
        Map by_name, by_uuid, by_id;
        int64_t last_id;
};

void domain_list_init(DomainList *list);
void domain_list_done(DomainList *list);

/* NULL when there is none, or none that was shown yet (domain_visible). */
Domain *domain_list_by_name(const DomainList *list, const char *name);
Domain *domain_list_by_uuid(const DomainList *list, const Uuid *uuid);
Domain *domain_list_by_id(const DomainList *list, int64_t id);

/* ERROR_EXISTS, in libvirt's words, when the name or the uuid belongs to another domain. */
int domain_list_check_free(const DomainList *list, const char *name, const Uuid *uuid, Error *err);
int domain_list_add(DomainList *list, const char *name, const Uuid *uuid, Domain **ret, Error *err);

/* A second name of a domain, for one that is being renamed; false when another has it. Nobody sees
 * it until domain_set_renamed(). */
bool domain_list_claim_name(Domain *d, const char *name);
void domain_list_release_name(Domain *d, const char *name);

Domain *domain_ref(Domain *d);
Domain *domain_unref(Domain *d); /* returns NULL */
DEFINE_CLEANUP(Domain, domain_unref)

static inline bool domain_active(const Domain *d)
{
        return d->live != NULL;
}
static inline bool domain_persistent(const Domain *d)
{
        return d->config != NULL;
}
/* Whether clients may see it: a domain in the making is neither persistent nor active. */
static inline bool domain_visible(const Domain *d)
{
        return !d->removed && (d->config || d->live);
}
/* The live configuration while active, else the template. */
const DomainConfig *domain_current_config(const Domain *d);

/* The configuration is taken over. Emits DEFINED_ADDED or DEFINED_UPDATED. */
void domain_set_config(Domain *d, DomainConfig *config);
/* Both as they are after an edit, taken over; NULL leaves one as it is. No event. */
void domain_set_edited(Domain *d, DomainConfig *config, DomainConfig *live);
/* The template under the name that was claimed, taken over. Emits UNDEFINED_RENAMED with the old
 * name and DEFINED_RENAMED with the new one. */
void domain_set_renamed(Domain *d, DomainConfig *config);
/* Emits UNDEFINED_REMOVED; a domain that is off goes. */
void domain_clear_config(Domain *d);
/* Gives the next id and the live configuration, taken over; PAUSED for STARTING_UP, no event. `id`
 * is -1 for a new guest, or what the guest had under the last daemon. */
void domain_began(Domain *d, DomainConfig *live, int64_t id);
/* Emits the event unless it is _DOMAIN_EVENT_MAX. Nothing happens, not even the event, when state
 * and reason are what they were. */
void domain_set_state(Domain *d, DomainState state, DomainReason reason, DomainEventKind event);
/* Off: live configuration, id and the console's holder go; event; a transient domain is removed. */
void domain_ended(Domain *d, DomainReason reason, DomainEventKind event);
/* Nothing of it was ever told: a start that failed before the guest was shown. No event. */
void domain_discard(Domain *d);
void domain_emit(Domain *d, DomainEventKind kind);
/* The image's path is taken over; {} removes it. */
void domain_set_image(Domain *d, DomainImage image);

/* The configuration to start with, the caller's: the one given with the verb as XML, else a copy of
 * the template. */
int domain_start_config(const Domain *d, const OpArgs *args, DomainConfig **ret, Error *err);

/* The configuration to go on with from an image, the caller's: the one given with the verb, else the
 * image's. ERROR_BAD_IMAGE where it is another driver's or another domain's. */
int domain_image_config(const Domain *d, const OpArgs *args, const char *driver,
                        const ImageInfo *info, DomainConfig **ret, Error *err);

/* Records: the domain's facts as rows of a transaction. */
void domain_record_config(StoreTx *tx, const Domain *d, const DomainConfig *config);
void domain_record_runtime(StoreTx *tx, const Domain *d, const DomainConfig *live, int64_t pid,
                           uint64_t start_time, const char *driver_state_json);
void domain_record_ended(StoreTx *tx, const Domain *d);

/* Whether a verb may begin in the domain's state; libvirt's words in the error (the state x verb
 * table in verb.c). */
int domain_check_verb(const Domain *d, DomainVerb verb, Error *err);

/* Conditions of steps: OpStep.needs. */
enum {
        DOMAIN_NEEDS_ACTIVE = 1 << 0,
        DOMAIN_NEEDS_OFF = 1 << 1,
        DOMAIN_NEEDS_PERSISTENT = 1 << 2,
};
int domain_check_needs(const Domain *d, unsigned needs, Error *err);
