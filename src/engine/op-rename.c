/* Rename: give a domain that is off another name (args.name).
 *
 * Before: no other domain has that name. After: the domain has it, stored. On error or cancel: as
 * before. A managed save image holds the guest's old name: there must be none. */
#include "engine/engine-internal.h"

#include "base/path.h"
#include "base/str.h"

static OpStepFn name_claim, name_release, name_record, name_show;

static const OpStep steps[] = {
        {.name = "claim name", .run = name_claim, .undo = name_release, .needs = DOMAIN_NEEDS_OFF},
        {.name = "record", .run = name_record, .flags = OP_COMMITS},
        {.name = "show", .run = name_show},
        {},
};

const OpType rename_op = {.name = "rename", .steps = steps, .flags = OP_UNJOURNALLED};

static int name_claim(Op *op, Error *err)
{
        Domain *d = op->subject;
        const char *name = op->args.name;

        if (str_eq(name, d->name))
                return error_set(err, ERROR_OPERATION_INVALID, "Can't rename domain to itself");
        if (!path_is_component(name) || strchr(name, '\n'))
                return error_set(err, ERROR_INVALID_ARGUMENT, "'%s' cannot be a domain's name",
                                 name);
        if (d->image.path)
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "domain with a managed saved state can't be renamed");
        if (!domain_list_claim_name(d, name))
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "domain with name '%s' already exists", name);
        return OP_NEXT;
}

static int name_release(Op *op, Error *err)
{
        (void) err;
        domain_list_release_name(op->subject, op->args.name);
        return OP_NEXT;
}

/* The template under its new name; the caller's. */
static DomainConfig *renamed(const Op *op)
{
        const Domain *d = op->subject;
        DomainConfig *config = domain_config_copy(d->config);

        free(config->name);
        config->name = xstrdup(op->args.name);
        return config;
}

static int name_record(Op *op, Error *err)
{
        const Domain *d = op->subject;
        DomainConfig *config;
        StoreTx *tx;

        if (d->defining)
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "domain '%s' is being defined anew at the same time", d->name);
        config = renamed(op);
        tx = store_tx_new(op_store(op));
        domain_record_config(tx, d, config);
        domain_config_free(config);
        return op_commit(op, tx, err);
}

static int name_show(Op *op, Error *err)
{
        (void) err;
        domain_set_renamed(op->subject, renamed(op));
        return OP_NEXT;
}
