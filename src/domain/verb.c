/* Which verb may begin in which state: one table, with the words libvirt's users know. */
#include "domain/domain.h"

/* Columns of the table: how the domain stands. */
typedef enum Standing {
        OFF,
        RUNS,
        PAUSED,
        OTHER, /* in shutdown, crashed, suspended by its own power management */
        _STANDING_MAX,
} Standing;

#define OK      NULL
#define NOT_RUN "domain is not running"
#define IS_RUN  "domain is already running"
#define IS_ACT  "domain is already active"
#define RENAMED "cannot rename active domain"

static const struct {
        const char *refused[_STANDING_MAX]; /* OK: may begin */
        const char *transient;              /* why not on a transient domain, or OK */
} verbs[_VERB_MAX] = {
        [VERB_DEFINE]              = {{OK, OK, OK, OK}, OK},
        [VERB_UNDEFINE]            = {{OK, OK, OK, OK}, "cannot undefine transient domain"},
        [VERB_CREATE]              = {{OK, IS_ACT, IS_ACT, IS_ACT}, OK},
        [VERB_START]               = {{OK, IS_RUN, IS_RUN, IS_RUN}, OK},
        [VERB_RESTORE]             = {{OK, IS_ACT, IS_ACT, IS_ACT}, OK},
        [VERB_SHUTDOWN]            = {{NOT_RUN, OK, OK, OK}, OK},
        [VERB_REBOOT]              = {{NOT_RUN, OK, OK, OK}, OK},
        [VERB_DESTROY]             = {{NOT_RUN, OK, OK, OK}, OK},
        [VERB_SUSPEND]             = {{NOT_RUN, OK, OK, OK}, OK},
        [VERB_RESUME]              = {{NOT_RUN, IS_RUN, OK, OK}, OK},
        [VERB_SAVE]                = {{NOT_RUN, OK, OK, OK}, OK},
        [VERB_MANAGED_SAVE]        = {{NOT_RUN, OK, OK, OK},
                                      "cannot do managed save for transient domain"},
        [VERB_MANAGED_SAVE_REMOVE] = {{OK, OK, OK, OK}, OK},
        [VERB_SET_AUTOSTART]       = {{OK, OK, OK, OK}, "cannot set autostart for transient domain"},
        [VERB_LEARN]               = {{OK, OK, OK, OK}, OK},
        [VERB_EDIT]                = {{OK, OK, OK, OK}, OK},
        [VERB_RENAME]              = {{OK, RENAMED, RENAMED, RENAMED}, RENAMED},
        [VERB_RESET]               = {{NOT_RUN, OK, OK, OK}, OK},
};

static Standing standing(const Domain *d)
{
        if (!domain_active(d))
                return OFF;
        return d->state == DOMAIN_RUNNING ? RUNS : d->state == DOMAIN_PAUSED ? PAUSED : OTHER;
}

int domain_check_verb(const Domain *d, DomainVerb verb, Error *err)
{
        const char *why = verbs[verb].refused[standing(d)];

        if (!why && !domain_persistent(d) && domain_active(d))
                why = verbs[verb].transient;
        if (why)
                return error_set(err, ERROR_OPERATION_INVALID, "%s", why);
        return 0;
}

int domain_check_needs(const Domain *d, unsigned needs, Error *err)
{
        if ((needs & DOMAIN_NEEDS_ACTIVE) && !domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, NOT_RUN);
        if ((needs & DOMAIN_NEEDS_OFF) && domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, IS_RUN);
        if ((needs & DOMAIN_NEEDS_PERSISTENT) && !domain_persistent(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain '%s' is transient",
                                 d->name);
        return 0;
}
