/* What is said to a running guest's hypervisor beside every operation: monitor commands, keys, NMI. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/call.h"
#include "wire/keys.h"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>

/* --- monitor commands --- */

static void monitor_answered(void *data, DriverAnswer *answer, const Error *err)
{
        WireCall *call = data;
        QemuDomainMonitorCommandRet *ret = call->ret;

        if (answer)
                ret->result = xstrdup(answer->text ? answer->text : "");
        call_end(call, err);
}

static int monitor_command(WireCall *call, Error *err)
{
        const QemuDomainMonitorCommandArgs *args = call->args;
        DriverQuestion question = {
                .kind = args->flags & VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP ? ASK_MONITOR_LINE
                                                                          : ASK_MONITOR,
                .text = args->cmd,
        };
        Domain *d;
        int r = call_flags(call, args->flags, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r >= 0)
                r = call_ask(call, d, &question, monitor_answered, err);
        return r;
}

/* --- without an answer --- */

static void done(void *data, DriverAnswer *answer, const Error *err)
{
        (void) answer;
        call_end(data, err);
}

static int send_key(WireCall *call, Error *err)
{
        const RemoteDomainSendKeyArgs *args = call->args;
        DriverQuestion question = {.kind = ASK_SEND_KEYS, .hold_ms = args->holdtime};
        const char *name = key_set_name(args->codeset);
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        if (!name)
                return error_set(err, ERROR_INVALID_ARGUMENT, "invalid codeset %u", args->codeset);
        for (uint32_t i = 0; i < args->n_keycodes && i < DRIVER_KEYS_MAX; i++)
                if (!key_number(args->codeset, args->keycodes[i],
                                &question.keys[question.n_keys++]))
                        return error_set(
                                err, ERROR_INTERNAL,
                                "cannot translate keycode %u of %s codeset to qnum keycode",
                                args->keycodes[i], name);
        return call_ask(call, d, &question, done, err);
}

static int inject_nmi(WireCall *call, Error *err)
{
        const RemoteDomainInjectNmiArgs *args = call->args;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        return r < 0 ? r : call_ask(call, d, &(DriverQuestion){.kind = ASK_NMI}, done, err);
}

const WireHandler handlers_ask[] = {
        {WIRE_QEMU, QEMU_DOMAIN_MONITOR_COMMAND, monitor_command, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SEND_KEY, send_key, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_INJECT_NMI, inject_nmi, WIRE_SLOW},
        {},
};
