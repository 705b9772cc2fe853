/* Title, description, and what other programs keep with a domain. */
#include "wire/handler.h"

#include "base/str.h"

#include <libvirt/libvirt.h>

static int get_metadata(WireCall *call, Error *err)
{
        const RemoteDomainGetMetadataArgs *args = call->args;
        RemoteDomainGetMetadataRet *ret = call->ret;
        const DomainConfig *config = NULL;
        char *text = NULL;
        Domain *d;
        int r = call_flags(call, args->flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG,
                           err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r >= 0)
                r = call_choose_config(call, d, args->flags, &config, err);
        if (r < 0)
                return r;
        switch (args->type) {
        case VIR_DOMAIN_METADATA_DESCRIPTION:
                text = xstrdup_null(config->description);
                break;
        case VIR_DOMAIN_METADATA_TITLE:
                text = xstrdup_null(config->title);
                break;
        case VIR_DOMAIN_METADATA_ELEMENT:
                if (!args->uri)
                        return call_bad_argument(call, "uri", err, "uri in %s must not be NULL",
                                                 call->proc->api);
                text = domain_config_metadata(config, args->uri);
                break;
        default:
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown metadata type %d",
                                 args->type);
        }
        if (!text)
                return error_set(err, ERROR_NO_METADATA,
                                 "Requested metadata element is not present");
        ret->metadata = text;
        return WIRE_DONE;
}

const WireHandler handlers_domain_metadata[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_METADATA, get_metadata, 0},
        {},
};
