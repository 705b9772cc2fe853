/* Which procedure a header names, and who serves it. */
#pragma once

#include "wire/handler.h"
#include "wire/packet.h"

/* The handlers by WireProc.index; NULL: known and not served. */
typedef struct WireDispatch {
        const WireHandler *handlers[WIRE_PROC_COUNT];
} WireDispatch;

void dispatch_init(WireDispatch *dispatch);

/* ERROR_PROTOCOL, in the words that clients look for, when the header is none of a call that
 * exists; ERROR_NOT_SUPPORTED when it is not served. */
int dispatch_find(const WireDispatch *dispatch, const WireHeader *header, const WireProc **ret_proc,
                  const WireHandler **ret_handler, Error *err);

/* ERROR_DENIED when a read-only connection may not do this. `args` is decoded. */
int dispatch_check_access(const WireProc *proc, const void *args, bool readonly, Error *err);
