/* Restore: bring back the guest in a save image (args.path), whose XML says which domain it is.
 *
 * Before: no domain of that name and uuid, or one that is off. After: it runs as it was saved. On
 * error or cancel: as before; the image stays in any case. Loading is the driver's operation, with
 * the journal; this one only finds its domain. args.xml replaces the image's XML. */
#include "engine/arrival.h"

#include "base/fd.h"
#include "base/str.h"
#include "image/image.h"
#include "op/job-leaf.h"

static OpStepFn image_read, guest_load;

static const OpStep steps[] = {
        {.name = "read image", .run = image_read},
        {.name = "claim domain", .run = arrival_claim, .undo = arrival_unclaim},
        {.name = "load guest", .run = guest_load, .cancel = arrival_cancel},
        {},
};

const OpType restore_op = {
        .name = "restore image",
        .steps = steps,
        .state_size = sizeof(Arrival),
        .release = arrival_release,
        .flags = OP_UNJOURNALLED,
};

/* --- reading the header, on a thread --- */

typedef struct HeaderRead {
        char *path;
        ImageInfo info;
} HeaderRead;

static int header_run(void *data, Error *err)
{
        HeaderRead *h = data;
        int fd;
        int r = image_open(h->path, &h->info, &fd, err);

        if (r == 0)
                fd_close(fd);
        return r;
}

/* The configuration of the guest, from the call or from the image. */
static int header_use(Op *op, void *data, Error *err)
{
        const HeaderRead *h = data;
        const char *xml = op->args.xml ? op->args.xml : h->info.xml;
        const char *driver = call_of(op)->driver->type->name;
        int r;

        if (!str_eq(h->info.driver, driver))
                return error_set(err, ERROR_BAD_IMAGE,
                                 "image '%s' was saved by the %s driver, not by %s", h->path,
                                 h->info.driver, driver);
        r = arrival_parse(op, xml, err);
        return r < 0 ? error_prefix(err, "configuration in image '%s'", h->path) : 0;
}

static void header_free(void *data)
{
        HeaderRead *h = data;

        image_info_done(&h->info);
        free(h->path);
        free(h);
}

static int image_read(Op *op, Error *err)
{
        HeaderRead *h = xnew0(HeaderRead, 1);

        (void) err;
        h->path = xstrdup(op->args.path);
        return op_job(op, header_run, header_use, header_free, h);
}

/* --- the guest --- */

static int guest_load(Op *op, Error *err)
{
        OpArgs args;

        op_args_copy(&args, &op->args);
        return arrival_hand_over(op, VERB_RESTORE, &args, err);
}
