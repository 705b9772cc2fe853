/* Edit: make one described change (args.edit) of the template, of what runs, or of both.
 *
 * Before: the domain has what is to be changed. After: the change is stored and shown, and a
 * running guest follows it. On error, cancel or crash before "record": as before; a guest that
 * followed already is told to follow the live configuration again, which still is the old one. */
#include "engine/engine-internal.h"

#include "config/edit.h"

typedef struct EditState {
        DomainConfig *config, *live; /* changed copies, NULL: not affected */
        unsigned template_serial;    /* of what `config` is a copy of */
        bool told;                   /* the guest has followed, at least in part */
} EditState;

static OpStepFn edit_apply, guest_follow, guest_go_back, edit_record, edit_show;

static const OpStep steps[] = {
        {.name = "apply edit", .run = edit_apply, .undo = guest_go_back},
        {.name = "tell guest", .run = guest_follow},
        {.name = "record", .run = edit_record, .flags = OP_COMMITS},
        {.name = "show", .run = edit_show},
        {},
};

static void edit_release(Op *op)
{
        EditState *state = op->state;

        domain_config_free(state->config);
        domain_config_free(state->live);
}

const OpType edit_op = {
        .name = "edit",
        .steps = steps,
        .state_size = sizeof(EditState),
        .release = edit_release,
};

/* --- what is changed --- */

static int choose(Op *op, Error *err)
{
        EditState *state = op->state;
        const Domain *d = op->subject;
        EditAffect affect = op->args.edit->affect;
        bool current = affect == EDIT_AFFECT_CURRENT;
        bool live = affect == EDIT_AFFECT_LIVE || affect == EDIT_AFFECT_BOTH ||
                    (current && domain_active(d));
        bool config = affect == EDIT_AFFECT_CONFIG || affect == EDIT_AFFECT_BOTH ||
                      (current && !domain_active(d));

        if (live && !domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        if (config && !domain_persistent(d))
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "transient domains do not have any persistent config");
        if (live)
                state->live = domain_config_copy(d->live);
        if (config)
                state->config = domain_config_copy(d->config);
        state->template_serial = d->template_serial;
        return 0;
}

static int edit_apply(Op *op, Error *err)
{
        EditState *state = op->state;
        const Domain *d = op->subject;
        Driver *driver = d->list->driver;
        const Edit *edit = op->args.edit;
        int r = choose(op, err);

        if (r >= 0 && state->live)
                r = config_edit(state->live, edit, true, err);
        if (r >= 0 && state->config)
                r = config_edit(state->config, edit, false, err);
        if (r >= 0 && state->config)
                r = domain_config_finish(state->config, err);
        if (r >= 0 && state->config)
                r = driver->type->validate(driver, state->config, err);
        return r < 0 ? r : OP_NEXT;
}

/* --- the guest --- */

static int follow(Op *op, const DomainConfig *to, Error *err)
{
        const Driver *driver = ((Domain *) op->subject)->list->driver;

        if (!config_edit_moves_guest(op->args.edit))
                return OP_NEXT;
        if (!driver->type->edit_guest)
                return error_set(err, ERROR_UNSUPPORTED,
                                 "the %s driver cannot change a running guest", driver->type->kind);
        return driver->type->edit_guest(op, to, err);
}

static int guest_follow(Op *op, Error *err)
{
        EditState *state = op->state;
        int r;

        if (!state->live)
                return OP_NEXT;
        if (!domain_active(op->subject))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        r = follow(op, state->live, err);
        state->told |= r >= 0;
        return r;
}

/* Also where "tell guest" failed half way. What was told before a crash nobody knows. */
static int guest_go_back(Op *op, Error *err)
{
        const EditState *state = op->state;
        const Domain *d = op->subject;
        bool recovered = !state->live && !state->config;
        bool told = recovered ? op->args.edit->affect != EDIT_AFFECT_CONFIG : state->told;

        return told && domain_active(d) ? follow(op, d->live, err) : OP_NEXT;
}

/* --- the record --- */

static int edit_record(Op *op, Error *err)
{
        EditState *state = op->state;
        const Domain *d = op->subject;
        StoreTx *tx;

        if (state->live && !domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        if (state->config && (d->defining || d->template_serial != state->template_serial))
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "domain '%s' was defined anew at the same time", d->name);
        tx = store_tx_new(op_store(op));
        if (state->config)
                domain_record_config(tx, d, state->config);
        if (state->live)
                d->list->driver->type->record(tx, d, state->live);
        return op_commit(op, tx, err);
}

static bool is_metadata(EditKind kind)
{
        return kind == EDIT_KIND_TITLE || kind == EDIT_KIND_DESCRIPTION ||
               kind == EDIT_KIND_ELEMENT;
}

static int edit_show(Op *op, Error *err)
{
        EditState *state = op->state;
        Domain *d = op->subject;

        (void) err;
        domain_set_edited(d, TAKE_PTR(state->config),
                          domain_active(d) ? TAKE_PTR(state->live) : NULL);
        if (is_metadata(op->args.edit->kind))
                domain_emit(d, EVENT_METADATA_CHANGED);
        return OP_NEXT;
}
