/* Restore: bring back the guest in a save image (args.path), whose XML says which domain it is.
 *
 * Before: no domain of that name and uuid, or one that is off. After: it runs as it was saved. On
 * error or cancel: as before; the image stays in any case. Loading is the driver's operation, with
 * the journal; this one only finds its domain. args.xml replaces the image's XML. */
#include "engine/engine-internal.h"

#include "base/fd.h"
#include "base/str.h"
#include "image/image.h"
#include "op/job-leaf.h"

typedef struct RestoreState {
        DomainConfig *config;
        Domain *d; /* referenced */
        EngineCall *load;
} RestoreState;

static OpStepFn image_read, domain_claim, domain_unclaim, guest_load, load_cancel;

static void release(Op *op)
{
        RestoreState *s = op->state;

        domain_config_free(s->config);
        domain_unref(s->d);
}

static const OpStep steps[] = {
        {.name = "read image", .run = image_read},
        {.name = "claim domain", .run = domain_claim, .undo = domain_unclaim},
        {.name = "load guest", .run = guest_load, .cancel = load_cancel},
        {},
};

const OpType restore_op = {
        .name = "restore image",
        .steps = steps,
        .state_size = sizeof(RestoreState),
        .release = release,
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
        RestoreState *s = op->state;
        const char *xml = op->args.xml ? op->args.xml : h->info.xml;
        const char *driver = call_of(op)->driver->type->name;
        int r;

        if (!str_eq(h->info.driver, driver))
                return error_set(err, ERROR_BAD_IMAGE,
                                 "image '%s' was saved by the %s driver, not by %s", h->path,
                                 h->info.driver, driver);
        r = domain_config_from_xml(xml, strlen(xml), &s->config, err);
        if (r < 0)
                return error_prefix(err, "configuration in image '%s'", h->path);
        return domain_config_finish(s->config, err);
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

/* --- the domain --- */

static int domain_claim(Op *op, Error *err)
{
        RestoreState *s = op->state;

        return engine_claim(call_of(op)->driver, s->config, &s->d, err);
}

static int domain_unclaim(Op *op, Error *err)
{
        RestoreState *s = op->state;

        (void) err;
        engine_unclaim(s->d);
        return OP_NEXT;
}

static void loaded(void *data, Domain *d, const Error *err)
{
        Op *op = data;
        RestoreState *s = op->state;
        EngineCall *call = call_of(op);

        s->load = NULL;
        if (!call->d && !error_is_set(err))
                call->d = domain_ref(d);
        op_wake(op, err);
}

static int guest_load(Op *op, Error *err)
{
        RestoreState *s = op->state;
        EngineCall *call = call_of(op);
        OpArgs args;
        int r;

        op_args_copy(&args, &op->args);
        op->waits_for = "the guest's memory";
        r = engine_submit(call->engine, call->driver, s->d, VERB_RESTORE, &args, loaded, op,
                          &s->load, err);
        op_args_done(&args);
        return r < 0 ? r : OP_WAIT;
}

static int load_cancel(Op *op, Error *err)
{
        RestoreState *s = op->state;

        (void) err;
        if (s->load)
                engine_cancel(s->load);
        return OP_NEXT;
}
