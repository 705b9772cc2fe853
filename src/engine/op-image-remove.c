/* Managed save remove: discard the domain's managed save image.
 *
 * Before: there is one. After: there is none, the next start boots. On error, cancel or crash
 * before "record": as before. */
#include "engine/engine-internal.h"

#include "base/str.h"
#include "op/job-leaf.h"
#include "store/table-image.h"

#include <errno.h>

static OpStepFn remove_record, image_unlink, image_forget;

static const OpStep steps[] = {
        {.name = "record", .run = remove_record, .flags = OP_COMMITS},
        {.name = "remove image", .run = image_unlink},
        {.name = "forget image", .run = image_forget},
        {},
};

const OpType image_remove_op = {.name = "managed save remove", .steps = steps};

static int remove_record(Op *op, Error *err)
{
        Domain *d = op->subject;

        if (!d->image.path)
                return error_set_errno(err, ENOENT,
                                       "Failed to remove managed save image of "
                                       "domain '%s'",
                                       d->name);
        op->args.path = xstrdup(d->image.path);

        StoreTx *tx = store_tx_new(op_store(op));
        image_row_delete(tx, &d->uuid);
        return op_commit(op, tx, err);
}

static int image_unlink(Op *op, Error *err)
{
        (void) err;
        return op_unlink(op, op->args.path);
}

static int image_forget(Op *op, Error *err)
{
        (void) err;
        domain_set_image(op->subject, (DomainImage){});
        return OP_NEXT;
}
