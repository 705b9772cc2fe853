/* Lists and look-ups of domains. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/list-filter.h"

static const DomainList *list_of(const WireCall *call)
{
        return call_driver(call)->host.domains;
}

static unsigned count(const DomainList *list, bool active)
{
        unsigned n = 0;

        LIST_FOREACH(d, &list->domains, Domain, node)
                n += domain_active(d) == active;
        return n;
}

static int list_all_domains(WireCall *call, Error *err)
{
        const RemoteConnectListAllDomainsArgs *args = call->args;
        RemoteConnectListAllDomainsRet *ret = call->ret;
        const DomainList *list = list_of(call);
        uint32_t n = 0;
        int r = call_flags(call, args->flags, list_filter_flags, err);

        if (r < 0)
                return r;
        LIST_FOREACH(d, &list->domains, Domain, node)
                n += list_filter_matches(d, args->flags);
        if (args->need_results && n > WIRE_DOMAIN_LIST_MAX)
                return error_set(err, ERROR_PROTOCOL, "Too many domains '%u' for limit '%u'", n,
                                 WIRE_DOMAIN_LIST_MAX);
        ret->ret = n;
        if (!args->need_results || n == 0)
                return WIRE_DONE;
        ret->domains = xnew0(WireDomain, n);
        LIST_FOREACH(d, &list->domains, Domain, node)
                if (list_filter_matches(d, args->flags))
                        fill_domain(&ret->domains[ret->n_domains++], d);
        return WIRE_DONE;
}

static int num_of_domains(WireCall *call, Error *err)
{
        RemoteConnectNumOfDomainsRet *ret = call->ret;

        (void) err;
        ret->num = (int32_t) count(list_of(call), true);
        return WIRE_DONE;
}

static int num_of_defined_domains(WireCall *call, Error *err)
{
        RemoteConnectNumOfDefinedDomainsRet *ret = call->ret;

        (void) err;
        ret->num = (int32_t) count(list_of(call), false);
        return WIRE_DONE;
}

static int check_capacity(const char *name, int32_t capacity, Error *err)
{
        if (capacity < 0)
                return error_set(err, ERROR_PROTOCOL, "%s must be non-negative", name);
        if (capacity > WIRE_DOMAIN_LIST_MAX)
                return error_set(err, ERROR_PROTOCOL, "%s > REMOTE_DOMAIN_LIST_MAX", name);
        return 0;
}

static int list_domains(WireCall *call, Error *err)
{
        const RemoteConnectListDomainsArgs *args = call->args;
        RemoteConnectListDomainsRet *ret = call->ret;
        int r = check_capacity("maxids", args->maxids, err);

        if (r < 0)
                return r;
        ret->ids = xnew0(int32_t, (size_t) args->maxids + 1);
        LIST_FOREACH(d, &list_of(call)->domains, Domain, node)
                if (domain_active(d) && ret->n_ids < (uint32_t) args->maxids)
                        ret->ids[ret->n_ids++] = (int32_t) d->id;
        return WIRE_DONE;
}

static int list_defined_domains(WireCall *call, Error *err)
{
        const RemoteConnectListDefinedDomainsArgs *args = call->args;
        RemoteConnectListDefinedDomainsRet *ret = call->ret;
        int r = check_capacity("maxnames", args->maxnames, err);

        if (r < 0)
                return r;
        ret->names = xnew0(char *, (size_t) args->maxnames + 1);
        LIST_FOREACH(d, &list_of(call)->domains, Domain, node)
                if (!domain_active(d) && ret->n_names < (uint32_t) args->maxnames)
                        ret->names[ret->n_names++] = xstrdup(d->name);
        return WIRE_DONE;
}

static int lookup_by_id(WireCall *call, Error *err)
{
        const RemoteDomainLookupByIdArgs *args = call->args;
        RemoteDomainLookupByIdRet *ret = call->ret;
        Domain *d;

        if (args->id < 0)
                return call_bad_argument(call, "id", err, "id in %s must be zero or greater",
                                         call->proc->api);
        d = domain_list_by_id(list_of(call), args->id);
        if (!d)
                return error_set(err, ERROR_NO_DOMAIN, "no domain with matching id %d", args->id);
        fill_domain(&ret->dom, d);
        return WIRE_DONE;
}

static int lookup_by_name(WireCall *call, Error *err)
{
        const RemoteDomainLookupByNameArgs *args = call->args;
        RemoteDomainLookupByNameRet *ret = call->ret;
        Domain *d = domain_list_by_name(list_of(call), args->name);

        if (!d)
                return error_set(err, ERROR_NO_DOMAIN, "no domain with matching name '%s'",
                                 args->name);
        fill_domain(&ret->dom, d);
        return WIRE_DONE;
}

static int lookup_by_uuid(WireCall *call, Error *err)
{
        const RemoteDomainLookupByUuidArgs *args = call->args;
        RemoteDomainLookupByUuidRet *ret = call->ret;
        Domain *d = domain_list_by_uuid(list_of(call), &args->uuid);

        if (!d)
                return error_set(err, ERROR_NO_DOMAIN, "no domain with matching uuid '%s'",
                                 UUID_TEXT(&args->uuid));
        fill_domain(&ret->dom, d);
        return WIRE_DONE;
}

const WireHandler handlers_list[] = {
        {WIRE_REMOTE, REMOTE_CONNECT_LIST_ALL_DOMAINS, list_all_domains, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_NUM_OF_DOMAINS, num_of_domains, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_NUM_OF_DEFINED_DOMAINS, num_of_defined_domains, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_LIST_DOMAINS, list_domains, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_LIST_DEFINED_DOMAINS, list_defined_domains, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_LOOKUP_BY_ID, lookup_by_id, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_LOOKUP_BY_NAME, lookup_by_name, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_LOOKUP_BY_UUID, lookup_by_uuid, 0},
        {},
};
