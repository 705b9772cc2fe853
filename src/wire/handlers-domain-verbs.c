/* Changes of a domain's life: define, start, stop and what lies between. Each asks the engine. */
#include "wire/handler.h"

#include "base/str.h"

#include <libvirt/libvirt.h>

/* A verb on the domain of a handle, with arguments that are taken over. */
static int submit_on(WireCall *call, const WireDomain *dom, DomainVerb verb, OpArgs *args,
                     WireFillFn *fill, Error *err)
{
        OpArgs none;
        Domain *d;
        int r = call_domain(call, dom, &d, err);

        op_args_init(&none);
        if (r >= 0)
                r = call_submit(call, d, verb, args ? args : &none, fill, err);
        if (args)
                op_args_done(args);
        return r;
}

/* --- define --- */

static void fill_defined(WireCall *call, Domain *d)
{
        RemoteDomainDefineXmlRet *ret = call->ret;

        fill_domain(&ret->dom, d);
}

static int submit_define(WireCall *call, const char *xml, Error *err)
{
        OpArgs args;

        op_args_init(&args);
        args.xml = xstrdup(xml);
        return call_submit(call, NULL, VERB_DEFINE, &args, fill_defined, err);
}

static int define_xml(WireCall *call, Error *err)
{
        const RemoteDomainDefineXmlArgs *args = call->args;

        return submit_define(call, args->xml, err);
}

/* Both results are one handle. */
_Static_assert(sizeof(RemoteDomainDefineXmlRet) == sizeof(RemoteDomainDefineXmlFlagsRet) &&
                       sizeof(RemoteDomainDefineXmlRet) == sizeof(RemoteDomainCreateXmlRet) &&
                       sizeof(RemoteDomainDefineXmlRet) == sizeof(RemoteDomainCreateWithFlagsRet),
               "results of define and create differ");

static int define_xml_flags(WireCall *call, Error *err)
{
        const RemoteDomainDefineXmlFlagsArgs *args = call->args;
        int r = call_flags(call, args->flags, VIR_DOMAIN_DEFINE_VALIDATE, err);

        return r < 0 ? r : submit_define(call, args->xml, err);
}

static int undefine(WireCall *call, Error *err)
{
        const RemoteDomainUndefineArgs *args = call->args;

        return submit_on(call, &args->dom, VERB_UNDEFINE, NULL, NULL, err);
}

static int undefine_flags(WireCall *call, Error *err)
{
        const RemoteDomainUndefineFlagsArgs *args = call->args;
        const uint32_t supported = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                                   VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                                   VIR_DOMAIN_UNDEFINE_NVRAM | VIR_DOMAIN_UNDEFINE_KEEP_NVRAM |
                                   VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA |
                                   VIR_DOMAIN_UNDEFINE_TPM | VIR_DOMAIN_UNDEFINE_KEEP_TPM;
        OpArgs verb;
        int r = call_flags(call, args->flags, supported, err);

        if (r < 0)
                return r;
        op_args_init(&verb);
        verb.discard_save = args->flags & VIR_DOMAIN_UNDEFINE_MANAGED_SAVE;
        return submit_on(call, &args->dom, VERB_UNDEFINE, &verb, NULL, err);
}

/* --- start --- */

enum {
        START_FLAGS = VIR_DOMAIN_START_PAUSED | VIR_DOMAIN_START_BYPASS_CACHE |
                      VIR_DOMAIN_START_FORCE_BOOT | VIR_DOMAIN_START_VALIDATE,
};

static void start_args(OpArgs *verb, uint32_t flags)
{
        op_args_init(verb);
        verb->paused = flags & VIR_DOMAIN_START_PAUSED;
        verb->bypass_cache = flags & VIR_DOMAIN_START_BYPASS_CACHE;
        verb->force_boot = flags & VIR_DOMAIN_START_FORCE_BOOT;
}

static int create(WireCall *call, Error *err)
{
        const RemoteDomainCreateArgs *args = call->args;

        return submit_on(call, &args->dom, VERB_START, NULL, NULL, err);
}

static int create_with_flags(WireCall *call, Error *err)
{
        const RemoteDomainCreateWithFlagsArgs *args = call->args;
        OpArgs verb;
        int r = call_flags(call, args->flags, START_FLAGS, err);

        if (r < 0)
                return r;
        start_args(&verb, args->flags);
        return submit_on(call, &args->dom, VERB_START, &verb, fill_defined, err);
}

static int create_xml(WireCall *call, Error *err)
{
        const RemoteDomainCreateXmlArgs *args = call->args;
        OpArgs verb;
        int r = call_flags(call, args->flags, START_FLAGS, err);

        if (r < 0)
                return r;
        start_args(&verb, args->flags);
        verb.xml = xstrdup(args->xml_desc);
        verb.transient = true;
        return call_submit(call, NULL, VERB_CREATE, &verb, fill_defined, err);
}

/* --- stop --- */

static int destroy(WireCall *call, Error *err)
{
        const RemoteDomainDestroyArgs *args = call->args;

        return submit_on(call, &args->dom, VERB_DESTROY, NULL, NULL, err);
}

static int destroy_flags(WireCall *call, Error *err)
{
        const RemoteDomainDestroyFlagsArgs *args = call->args;
        int r = call_flags(call, args->flags, VIR_DOMAIN_DESTROY_GRACEFUL, err);

        return r < 0 ? r : submit_on(call, &args->dom, VERB_DESTROY, NULL, NULL, err);
}

/* The ways to ask a guest; shutdown and reboot number them alike. */
_Static_assert((int) VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN == (int) VIR_DOMAIN_REBOOT_ACPI_POWER_BTN &&
                       (int) VIR_DOMAIN_SHUTDOWN_GUEST_AGENT == (int) VIR_DOMAIN_REBOOT_GUEST_AGENT,
               "modes of shutdown and reboot differ");

static int submit_mode(WireCall *call, const WireDomain *dom, DomainVerb verb, uint32_t flags,
                       Error *err)
{
        OpArgs args;
        int r = call_flags(call, flags,
                           VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN | VIR_DOMAIN_SHUTDOWN_GUEST_AGENT,
                           err);

        if (r < 0)
                return r;
        op_args_init(&args);
        if (flags == VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
                args.mode = xstrdup("acpi");
        if (flags == VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)
                args.mode = xstrdup("agent");
        return submit_on(call, dom, verb, &args, NULL, err);
}

static int shutdown_guest(WireCall *call, Error *err)
{
        const RemoteDomainShutdownArgs *args = call->args;

        return submit_mode(call, &args->dom, VERB_SHUTDOWN, 0, err);
}

static int shutdown_flags(WireCall *call, Error *err)
{
        const RemoteDomainShutdownFlagsArgs *args = call->args;

        return submit_mode(call, &args->dom, VERB_SHUTDOWN, args->flags, err);
}

static int reboot_guest(WireCall *call, Error *err)
{
        const RemoteDomainRebootArgs *args = call->args;

        return submit_mode(call, &args->dom, VERB_REBOOT, args->flags, err);
}

/* --- between --- */

static int reset_guest(WireCall *call, Error *err)
{
        const RemoteDomainResetArgs *args = call->args;
        int r = call_flags(call, args->flags, 0, err);

        return r < 0 ? r : submit_on(call, &args->dom, VERB_RESET, NULL, NULL, err);
}

static int suspend(WireCall *call, Error *err)
{
        const RemoteDomainSuspendArgs *args = call->args;

        return submit_on(call, &args->dom, VERB_SUSPEND, NULL, NULL, err);
}

static int resume(WireCall *call, Error *err)
{
        const RemoteDomainResumeArgs *args = call->args;

        return submit_on(call, &args->dom, VERB_RESUME, NULL, NULL, err);
}

static int set_autostart(WireCall *call, Error *err)
{
        const RemoteDomainSetAutostartArgs *args = call->args;
        OpArgs verb;

        op_args_init(&verb);
        verb.autostart = args->autostart != 0;
        return submit_on(call, &args->dom, VERB_SET_AUTOSTART, &verb, NULL, err);
}

const WireHandler handlers_domain_verbs[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_DEFINE_XML, define_xml, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_DEFINE_XML_FLAGS, define_xml_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_UNDEFINE, undefine, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_UNDEFINE_FLAGS, undefine_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_CREATE, create, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_CREATE_WITH_FLAGS, create_with_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_CREATE_XML, create_xml, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_DESTROY, destroy, WIRE_SLOW | WIRE_URGENT},
        {WIRE_REMOTE, REMOTE_DOMAIN_DESTROY_FLAGS, destroy_flags, WIRE_SLOW | WIRE_URGENT},
        {WIRE_REMOTE, REMOTE_DOMAIN_SHUTDOWN, shutdown_guest, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SHUTDOWN_FLAGS, shutdown_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_REBOOT, reboot_guest, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_RESET, reset_guest, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SUSPEND, suspend, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_RESUME, resume, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_AUTOSTART, set_autostart, WIRE_SLOW},
        {},
};
