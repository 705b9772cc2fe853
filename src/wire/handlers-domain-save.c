/* Save images: to a file, from one, the managed one, and the XML inside. */
#include "wire/handler.h"

#include "base/fd.h"
#include "base/str.h"
#include "image/image.h"
#include "wire/call.h"
#include "wire/typed-params.h"

#include <errno.h>
#include <libvirt/libvirt.h>

enum {
        SAVE_FLAGS =
                VIR_DOMAIN_SAVE_BYPASS_CACHE | VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED,
};

/* What the flags and strings of a save or restore say. */
static int image_args(WireCall *call, uint32_t flags, const char *path, const char *xml,
                      OpArgs *ret, Error *err)
{
        int r = call_flags(call, flags, SAVE_FLAGS, err);

        if (r < 0)
                return r;
        if ((flags & VIR_DOMAIN_SAVE_RUNNING) && (flags & VIR_DOMAIN_SAVE_PAUSED))
                return call_bad_argument(call, "flags", err,
                                         "flags RUNNING and PAUSED in %s exclude one another",
                                         call->proc->api);
        if (path && path[0] != '/')
                return call_bad_argument(call, "file", err, "path '%s' in %s must be absolute",
                                         path, call->proc->api);
        op_args_init(ret);
        ret->path = xstrdup_null(path);
        ret->xml = xstrdup_null(xml);
        ret->running = flags & VIR_DOMAIN_SAVE_RUNNING;
        ret->paused = flags & VIR_DOMAIN_SAVE_PAUSED;
        ret->bypass_cache = flags & VIR_DOMAIN_SAVE_BYPASS_CACHE;
        return 0;
}

/* --- save --- */

static int submit_save(WireCall *call, const WireDomain *dom, DomainVerb verb, uint32_t flags,
                       const char *path, const char *xml, Error *err)
{
        OpArgs args;
        Domain *d;
        int r = call_domain(call, dom, &d, err);

        if (r >= 0)
                r = image_args(call, flags, path, xml, &args, err);
        if (r < 0)
                return r;
        args.managed = verb == VERB_MANAGED_SAVE;
        return call_submit(call, d, verb, &args, NULL, err);
}

static int save(WireCall *call, Error *err)
{
        const RemoteDomainSaveArgs *args = call->args;

        return submit_save(call, &args->dom, VERB_SAVE, 0, args->to, NULL, err);
}

static int save_flags(WireCall *call, Error *err)
{
        const RemoteDomainSaveFlagsArgs *args = call->args;

        return submit_save(call, &args->dom, VERB_SAVE, args->flags, args->to, args->dxml, err);
}

static const char *const image_params[] = {VIR_DOMAIN_SAVE_PARAM_FILE, VIR_DOMAIN_SAVE_PARAM_DXML,
                                           NULL};

static int save_params(WireCall *call, Error *err)
{
        const RemoteDomainSaveParamsArgs *args = call->args;
        const char *path;
        int r = params_check_strings(args->params, args->n_params, image_params, err);

        if (r < 0)
                return r;
        path = params_string(args->params, args->n_params, VIR_DOMAIN_SAVE_PARAM_FILE);
        if (!path)
                return error_set(err, ERROR_UNSUPPORTED, "save without a file is managed save");
        return submit_save(call, &args->dom, VERB_SAVE, args->flags, path,
                           params_string(args->params, args->n_params, VIR_DOMAIN_SAVE_PARAM_DXML),
                           err);
}

static int managed_save(WireCall *call, Error *err)
{
        const RemoteDomainManagedSaveArgs *args = call->args;

        return submit_save(call, &args->dom, VERB_MANAGED_SAVE, args->flags, NULL, NULL, err);
}

/* --- restore --- */

static int submit_restore(WireCall *call, uint32_t flags, const char *path, const char *xml,
                          Error *err)
{
        OpArgs args;
        int r = image_args(call, flags, path, xml, &args, err);

        return r < 0 ? r : call_submit(call, NULL, VERB_RESTORE, &args, NULL, err);
}

static int restore(WireCall *call, Error *err)
{
        const RemoteDomainRestoreArgs *args = call->args;

        return submit_restore(call, 0, args->from, NULL, err);
}

static int restore_flags(WireCall *call, Error *err)
{
        const RemoteDomainRestoreFlagsArgs *args = call->args;

        return submit_restore(call, args->flags, args->from, args->dxml, err);
}

static int restore_params(WireCall *call, Error *err)
{
        const RemoteDomainRestoreParamsArgs *args = call->args;
        const char *path;
        int r = params_check_strings(args->params, args->n_params, image_params, err);

        if (r < 0)
                return r;
        path = params_string(args->params, args->n_params, VIR_DOMAIN_SAVE_PARAM_FILE);
        if (!path)
                return error_set(err, ERROR_INVALID_ARGUMENT, "missing parameter '%s'",
                                 VIR_DOMAIN_SAVE_PARAM_FILE);
        return submit_restore(
                call, args->flags, path,
                params_string(args->params, args->n_params, VIR_DOMAIN_SAVE_PARAM_DXML), err);
}

/* --- the managed image --- */

static int has_managed_save_image(WireCall *call, Error *err)
{
        const RemoteDomainHasManagedSaveImageArgs *args = call->args;
        RemoteDomainHasManagedSaveImageRet *ret = call->ret;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        ret->result = d->image.path != NULL;
        return WIRE_DONE;
}

static int managed_save_remove(WireCall *call, Error *err)
{
        const RemoteDomainManagedSaveRemoveArgs *args = call->args;
        OpArgs none;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        op_args_init(&none);
        return call_submit(call, d, VERB_MANAGED_SAVE_REMOVE, &none, NULL, err);
}

/* --- the XML in an image: read on a thread, for the path is a user's --- */

typedef struct ImageRead {
        WireCall *call;
        char *path;
        char **ret_xml; /* in the call's result */
        ImageInfo info;
        int r;
        Error err;
} ImageRead;

static void image_read(void *data)
{
        ImageRead *read = data;
        int fd = -1;

        read->r = image_open(read->path, &read->info, &fd, &read->err);
        fd_close(fd);
}

static void image_was_read(void *data, bool abandoned)
{
        ImageRead *read = data;

        if (!abandoned) {
                if (read->r >= 0)
                        *read->ret_xml = TAKE_PTR(read->info.xml);
                call_end(read->call, &read->err);
        }
        if (read->r >= 0)
                image_info_done(&read->info);
        error_done(&read->err);
        free(read->path);
        free(read);
}

static int read_image_xml(WireCall *call, const char *path, char **ret_xml)
{
        ImageRead *read = xnew0(ImageRead, 1);

        read->call = call;
        read->path = xstrdup(path);
        read->ret_xml = ret_xml;
        call->job = job_start(call_driver(call)->host.loop, image_read, image_was_read, read);
        return WIRE_LATER;
}

static int save_image_get_xml_desc(WireCall *call, Error *err)
{
        const RemoteDomainSaveImageGetXmlDescArgs *args = call->args;
        RemoteDomainSaveImageGetXmlDescRet *ret = call->ret;
        int r = call_flags(call, args->flags, VIR_DOMAIN_SAVE_IMAGE_XML_SECURE, err);

        if (r < 0)
                return r;
        if (args->file[0] != '/')
                return call_bad_argument(call, "file", err, "path '%s' in %s must be absolute",
                                         args->file, call->proc->api);
        return read_image_xml(call, args->file, &ret->xml);
}

static int managed_save_get_xml_desc(WireCall *call, Error *err)
{
        const RemoteDomainManagedSaveGetXmlDescArgs *args = call->args;
        RemoteDomainManagedSaveGetXmlDescRet *ret = call->ret;
        Domain *d;
        int r = call_flags(call, args->flags, VIR_DOMAIN_SAVE_IMAGE_XML_SECURE, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        if (!d->image.path)
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "domain does not have managed save image");
        return read_image_xml(call, d->image.path, &ret->xml);
}

const WireHandler handlers_domain_save[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_SAVE, save, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SAVE_FLAGS, save_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SAVE_PARAMS, save_params, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_MANAGED_SAVE, managed_save, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_RESTORE, restore, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_RESTORE_FLAGS, restore_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_RESTORE_PARAMS, restore_params, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_HAS_MANAGED_SAVE_IMAGE, has_managed_save_image, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_MANAGED_SAVE_REMOVE, managed_save_remove, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SAVE_IMAGE_GET_XML_DESC, save_image_get_xml_desc, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_MANAGED_SAVE_GET_XML_DESC, managed_save_get_xml_desc,
         WIRE_SLOW},
        {},
};
