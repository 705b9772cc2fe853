/* What only an agent in the guest could tell. There is none to speak with: each call says so in
 * libvirt's words, which tell apart a guest that has no channel for one. */
#include "wire/handler.h"

#include "base/str.h"

#include <libvirt/libvirt.h>

static bool has_agent_channel(const DomainConfig *config)
{
        for (size_t i = 0; i < config->channels.len; i++)
                if (str_eq(config->channels.items[i].name, "org.qemu.guest_agent.0"))
                        return true;
        return false;
}

static int no_agent(const Domain *d, Error *err)
{
        if (!domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        if (!has_agent_channel(d->live))
                return error_set(err, ERROR_ARGUMENT_UNSUPPORTED,
                                 "QEMU guest agent is not configured");
        return error_set(err, ERROR_AGENT_SILENT, "QEMU guest agent is not connected");
}

/* Every one of these calls begins with the domain. */
static int agent_call(WireCall *call, Error *err)
{
        const WireDomain *dom = call->args;
        Domain *d;
        int r = call_domain(call, dom, &d, err);

        return r < 0 ? r : no_agent(d, err);
}

#define BEGINS_WITH_DOMAIN(type)                                                                   \
        _Static_assert(offsetof(type, dom) == 0, #type " does not begin with its domain")
BEGINS_WITH_DOMAIN(QemuDomainAgentCommandArgs);
BEGINS_WITH_DOMAIN(RemoteDomainGetFsinfoArgs);
BEGINS_WITH_DOMAIN(RemoteDomainGetTimeArgs);
BEGINS_WITH_DOMAIN(RemoteDomainSetTimeArgs);
BEGINS_WITH_DOMAIN(RemoteDomainGetGuestInfoArgs);
BEGINS_WITH_DOMAIN(RemoteDomainGetGuestVcpusArgs);
BEGINS_WITH_DOMAIN(RemoteDomainSetGuestVcpusArgs);
BEGINS_WITH_DOMAIN(RemoteDomainFsfreezeArgs);
BEGINS_WITH_DOMAIN(RemoteDomainFsthawArgs);
BEGINS_WITH_DOMAIN(RemoteDomainFstrimArgs);
BEGINS_WITH_DOMAIN(RemoteDomainSetUserPasswordArgs);
BEGINS_WITH_DOMAIN(RemoteDomainAuthorizedSshKeysGetArgs);
BEGINS_WITH_DOMAIN(RemoteDomainAuthorizedSshKeysSetArgs);
BEGINS_WITH_DOMAIN(RemoteDomainPmSuspendForDurationArgs);

static int get_hostname(WireCall *call, Error *err)
{
        const RemoteDomainGetHostnameArgs *args = call->args;
        const uint32_t lease = VIR_DOMAIN_GET_HOSTNAME_LEASE, agent = VIR_DOMAIN_GET_HOSTNAME_AGENT;
        Domain *d;
        int r = call_flags(call, args->flags, lease | agent, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        if (domain_active(d) && args->flags == lease)
                return error_set(err, ERROR_NO_HOSTNAME, "no hostname found for domain %s",
                                 d->name);
        return no_agent(d, err);
}

/* The daemon gives out no leases, so a guest has none. */
static int interface_addresses(WireCall *call, Error *err)
{
        const RemoteDomainInterfaceAddressesArgs *args = call->args;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        if (!domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        switch (args->source) {
        case VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE:
                return WIRE_DONE;
        case VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT:
                return no_agent(d, err);
        case VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP:
                return error_set(err, ERROR_UNSUPPORTED,
                                 "addresses from the host's ARP table are not looked up");
        default:
                return error_set(err, ERROR_ARGUMENT_UNSUPPORTED,
                                 "Unknown IP address data source %u", args->source);
        }
}

const WireHandler handlers_agent[] = {
        {WIRE_QEMU, QEMU_DOMAIN_AGENT_COMMAND, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_FSINFO, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_TIME, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_TIME, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_GUEST_INFO, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_GUEST_VCPUS, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_GUEST_VCPUS, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_FSFREEZE, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_FSTHAW, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_FSTRIM, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_USER_PASSWORD, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_AUTHORIZED_SSH_KEYS_GET, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_AUTHORIZED_SSH_KEYS_SET, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_PM_SUSPEND_FOR_DURATION, agent_call, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_HOSTNAME, get_hostname, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_INTERFACE_ADDRESSES, interface_addresses, 0},
        {},
};
