/* libxl's descriptors, timeouts and children on a loop of ours.
 *
 * libxl registers by its hooks what it waits for; each registration is an object here that lives
 * until libxl drops it, and no callback comes after that. What the hooks obey, beside libxl_event.h
 * (established against libxl 4.17 on a real host):
 *
 *  - libxl needs its descriptors as they are: the O_NONBLOCK that a watch sets is taken off again.
 *  - A descriptor that the kernel cannot watch (a regular file) is ready each turn, as for poll(2).
 *  - A descriptor that is registered twice is watched by a duplicate, and told by its own number.
 *  - A timeout that libxl moves to {0,0} must still be told, and never from inside a hook.
 *  - A timeout that the loop's clock lets fire early, or that a set of the host's clock moved,
 * waits for the rest.
 *  - Children are forked here, seen by pidfd, reaped by us alone, and told; nobody needs SIGCHLD.
 *
 * One thread: the loop's, on which every call into the context is made. */
#pragma once

#include "loop/loop.h"

#include "xen/xl.h"

typedef struct XenHooks XenHooks;

/* Before anything else is called on the context. */
XenHooks *xen_hooks_new(Loop *loop, libxl_ctx *ctx);
/* Something is still registered: the context cannot be freed yet. */
bool xen_hooks_busy(const XenHooks *hooks);
/* After libxl_ctx_free(), or when it was never used. Children that still run are reaped as they
 * end. */
XenHooks *xen_hooks_free(XenHooks *hooks);
DEFINE_CLEANUP(XenHooks, xen_hooks_free)
