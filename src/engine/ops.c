/* Which operation serves a verb, and the domain of one that finds its own. */
#include "engine/engine-internal.h"

#include "base/str.h"

/* Verbs that need no hypervisor, and those that find their domain first. */
static const struct {
        const OpType *type;
        bool without_domain; /* serves the verb only where no domain was given */
} own[_VERB_MAX] = {
        [VERB_DEFINE] = {&define_op, true},
        [VERB_UNDEFINE] = {&undefine_op, false},
        [VERB_CREATE] = {&create_op, true},
        [VERB_RESTORE] = {&restore_op, true},
        [VERB_MANAGED_SAVE_REMOVE] = {&image_remove_op, false},
        [VERB_SET_AUTOSTART] = {&set_autostart_op, false},
        [VERB_LEARN] = {&learn_op, true},
        [VERB_EDIT] = {&edit_op, false},
        [VERB_RENAME] = {&rename_op, false},
};

const OpType *engine_op_type(DomainVerb verb, bool has_domain)
{
        return own[verb].without_domain && has_domain ? NULL : own[verb].type;
}

const OpType *engine_op_by_name(const Driver *driver, const char *name, DomainVerb *ret_verb)
{
        for (DomainVerb verb = 0; verb < _VERB_MAX; verb++) {
                const OpType *const types[] = {driver->type->ops[verb], own[verb].type};

                for (size_t i = 0; i < ELEMENTSOF(types); i++)
                        if (types[i] && str_eq(types[i]->name, name)) {
                                *ret_verb = verb;
                                return types[i];
                        }
        }
        return NULL;
}

void engine_unclaim(Domain *d)
{
        if (d && !d->removed && !domain_visible(d))
                domain_discard(d);
}
