/* What is known of a domain, answered from memory. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/word-map.h"

#include <libvirt/libvirt.h>

static int get_info(WireCall *call, Error *err)
{
        const RemoteDomainGetInfoArgs *args = call->args;
        RemoteDomainGetInfoRet *ret = call->ret;
        Driver *driver = call_driver(call);
        const DomainConfig *config;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        if (domain_active(d) && driver->type->sample)
                driver->type->sample(driver, d);
        config = domain_current_config(d);
        ret->state = (uint8_t) word_map_state(d->state);
        ret->max_mem = config->memory;
        ret->memory = config_current_memory(config);
        if (domain_active(d) && d->stats.balloon_kib > 0)
                ret->memory = d->stats.balloon_kib;
        ret->nr_virt_cpu = (uint16_t) config_current_vcpus(config);
        ret->cpu_time = d->stats.cpu_time_ns;
        return WIRE_DONE;
}

static int get_state(WireCall *call, Error *err)
{
        const RemoteDomainGetStateArgs *args = call->args;
        RemoteDomainGetStateRet *ret = call->ret;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        ret->state = word_map_state(d->state);
        ret->reason = word_map_reason(d->state, d->reason);
        return WIRE_DONE;
}

static int get_xml_desc(WireCall *call, Error *err)
{
        const RemoteDomainGetXmlDescArgs *args = call->args;
        RemoteDomainGetXmlDescRet *ret = call->ret;
        const uint32_t supported = VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE |
                                   VIR_DOMAIN_XML_UPDATE_CPU | VIR_DOMAIN_XML_MIGRATABLE;
        unsigned secure = 0;
        Domain *d;
        int r = call_flags(call, args->flags, supported, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        if (args->flags & (VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_MIGRATABLE))
                secure = CONFIG_XML_SECURE;
        if (domain_active(d) && !(args->flags & VIR_DOMAIN_XML_INACTIVE))
                ret->xml = domain_config_to_xml(d->live, (long) d->id, secure);
        else
                ret->xml = domain_config_to_xml(d->config ? d->config : d->live, -1, secure);
        return WIRE_DONE;
}

static int get_autostart(WireCall *call, Error *err)
{
        const RemoteDomainGetAutostartArgs *args = call->args;
        RemoteDomainGetAutostartRet *ret = call->ret;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        ret->autostart = d->autostart;
        return WIRE_DONE;
}

static int get_max_memory(WireCall *call, Error *err)
{
        const RemoteDomainGetMaxMemoryArgs *args = call->args;
        RemoteDomainGetMaxMemoryRet *ret = call->ret;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        ret->memory = domain_current_config(d)->memory;
        return WIRE_DONE;
}

static int get_max_vcpus(WireCall *call, Error *err)
{
        const RemoteDomainGetMaxVcpusArgs *args = call->args;
        RemoteDomainGetMaxVcpusRet *ret = call->ret;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        ret->num = (int32_t) domain_current_config(d)->vcpus;
        return WIRE_DONE;
}

static int get_os_type(WireCall *call, Error *err)
{
        const RemoteDomainGetOsTypeArgs *args = call->args;
        RemoteDomainGetOsTypeRet *ret = call->ret;
        const char *type;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        type = os_type_text(domain_current_config(d)->os.type);
        ret->type = xstrdup(type ? type : "hvm");
        return WIRE_DONE;
}

static int is_active(WireCall *call, Error *err)
{
        const RemoteDomainIsActiveArgs *args = call->args;
        RemoteDomainIsActiveRet *ret = call->ret;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        ret->active = domain_active(d);
        return WIRE_DONE;
}

static int is_persistent(WireCall *call, Error *err)
{
        const RemoteDomainIsPersistentArgs *args = call->args;
        RemoteDomainIsPersistentRet *ret = call->ret;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        ret->persistent = domain_persistent(d);
        return WIRE_DONE;
}

/* Whether the stored configuration was changed behind the running guest's. */
static int is_updated(WireCall *call, Error *err)
{
        const RemoteDomainIsUpdatedArgs *args = call->args;
        RemoteDomainIsUpdatedRet *ret = call->ret;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        ret->updated = 0;
        return WIRE_DONE;
}

/* How far a call to the hypervisor would get: what the domain waits for, and how long. */
static int get_control_info(WireCall *call, Error *err)
{
        const RemoteDomainGetControlInfoArgs *args = call->args;
        RemoteDomainGetControlInfoRet *ret = call->ret;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        if (!domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        ret->state = VIR_DOMAIN_CONTROL_OK;
        if (d->holder) {
                ret->state = VIR_DOMAIN_CONTROL_JOB;
                ret->state_time = loop_now_ms(call_driver(call)->host.loop) - d->holder->started_ms;
        } else if (engine_stalled_ms(d) > 0) {
                ret->state = VIR_DOMAIN_CONTROL_OCCUPIED;
                ret->state_time = engine_stalled_ms(d);
        }
        return WIRE_DONE;
}

static int snapshot_num(WireCall *call, Error *err)
{
        const RemoteDomainSnapshotNumArgs *args = call->args;
        RemoteDomainSnapshotNumRet *ret = call->ret;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        ret->num = 0;
        return WIRE_DONE;
}

static int get_security_label(WireCall *call, Error *err)
{
        const RemoteDomainGetSecurityLabelArgs *args = call->args;
        RemoteDomainGetSecurityLabelRet *ret = call->ret;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        ret->label = xstrdup("");
        ret->n_label = sizeof("");
        return WIRE_DONE;
}

static int get_messages(WireCall *call, Error *err)
{
        const RemoteDomainGetMessagesArgs *args = call->args;
        RemoteDomainGetMessagesRet *ret = call->ret;
        const uint32_t supported = VIR_DOMAIN_MESSAGE_DEPRECATION | VIR_DOMAIN_MESSAGE_TAINTING;
        Domain *d;
        int r = call_flags(call, args->flags, supported, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        if ((d->taints & TAINT_MONITOR) &&
            (!args->flags || (args->flags & VIR_DOMAIN_MESSAGE_TAINTING))) {
                ret->msgs = xnew0(char *, 1);
                ret->msgs[ret->n_msgs++] =
                        xstrdup("tainted: custom monitor control commands issued");
        }
        return WIRE_DONE;
}

const WireHandler handlers_domain_read[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_INFO, get_info, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_STATE, get_state, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_XML_DESC, get_xml_desc, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_AUTOSTART, get_autostart, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_MAX_MEMORY, get_max_memory, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_MAX_VCPUS, get_max_vcpus, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_OS_TYPE, get_os_type, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_IS_ACTIVE, is_active, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_IS_PERSISTENT, is_persistent, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_IS_UPDATED, is_updated, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_CONTROL_INFO, get_control_info, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_SNAPSHOT_NUM, snapshot_num, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_SECURITY_LABEL, get_security_label, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_MESSAGES, get_messages, 0},
        {},
};
