#include "wire/dispatch.h"

#include <assert.h>

static const WireHandler *const tables[] = {
        handlers_connect,     handlers_list,       handlers_domain_read,     handlers_domain_verbs,
        handlers_domain_save, handlers_domain_job, handlers_domain_metadata, handlers_stats,
        handlers_domain_stats, handlers_ask, handlers_screenshot, handlers_agent,
        handlers_events,      handlers_console,    handlers_capabilities,    handlers_node,
        handlers_domain_edit,
        handlers_domain_threads,
};

void dispatch_init(WireDispatch *dispatch)
{
        *dispatch = (WireDispatch){};
        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                for (const WireHandler *handler = tables[i]; handler->fn; handler++) {
                        const WireProc *proc =
                                &wire_programs[handler->program].procs[handler->number - 1];

                        assert(proc->kind == WIRE_CALL && !dispatch->handlers[proc->index]);
                        dispatch->handlers[proc->index] = handler;
                }
}

static const WireProgramInfo *find_program(const WireHeader *header)
{
        for (size_t i = 0; i < _WIRE_PROGRAM_MAX; i++)
                if (i != WIRE_KEEPALIVE && wire_programs[i].number == header->program &&
                    wire_programs[i].version == header->version)
                        return &wire_programs[i];
        return NULL;
}

int dispatch_find(const WireDispatch *dispatch, const WireHeader *header, const WireProc **ret_proc,
                  const WireHandler **ret_handler, Error *err)
{
        const WireProgramInfo *program = find_program(header);
        const WireProc *proc;

        if (!program)
                return error_set(err, ERROR_PROTOCOL, "Cannot find program %u version %u",
                                 header->program, header->version);
        if (header->status != WIRE_STATUS_OK)
                return error_set(err, ERROR_PROTOCOL, "Unexpected message status %u",
                                 header->status);
        proc = header->procedure > 0 && (uint32_t) header->procedure <= program->n_procs
                       ? &program->procs[header->procedure - 1]
                       : NULL;
        if (!proc || proc->kind != WIRE_CALL)
                return error_set(err, ERROR_PROTOCOL, "unknown procedure: %d", header->procedure);
        if (!dispatch->handlers[proc->index])
                return error_set(err, ERROR_NOT_SUPPORTED, "%s", proc->api);
        *ret_proc = proc;
        *ret_handler = dispatch->handlers[proc->index];
        return 0;
}

int dispatch_check_access(const WireProc *proc, const void *args, bool readonly, Error *err)
{
        const char *at = args;
        uint32_t word = 0;

        if (!readonly || proc->access == WIRE_READ)
                return 0;
        if (proc->access_mask)
                memcpy(&word, at + proc->access_offset, sizeof(word));
        if (proc->access == WIRE_SECURE_IF && (word & proc->access_mask))
                return error_set(err, ERROR_DENIED, "%s with secure flag", proc->api);
        if (proc->access == WIRE_WRITE ||
            (proc->access == WIRE_WRITE_IF && (word & proc->access_mask)))
                return error_set(err, ERROR_DENIED, "read only access prevents %s", proc->api);
        return 0;
}
