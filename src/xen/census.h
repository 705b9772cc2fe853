/* The census: which domains Xen has and how they stand, told anew whenever one came, stopped or
 * went.
 *
 * It has a thread and a context of its own, and looks at xenstore's word of a change. Each
 * telling is the whole picture, so none that was missed matters, and what others do with a guest
 * (xl destroy) is seen as what we do. */
#pragma once

#include "base/uuid.h"
#include "loop/loop.h"
#include "xen/xl.h"

typedef struct XenCensus XenCensus;

typedef struct XenDomain {
        uint32_t domid;
        Uuid uuid;
        bool paused;
        bool shutdown; /* it stopped, and stays until somebody destroys it */
        bool dying;
        uint64_t cpu_time_ns;
        libxl_shutdown_reason reason; /* where it stopped */
} XenDomain;

/* On the loop. dom0 is not among them. Good during the call. `as_of`: the ticket of the last
 * xen_census_look() that came before it. */
typedef void XenCensusFn(void *data, const XenDomain *domains, size_t n, uint64_t as_of);

/* The first telling comes on a later turn. It waits
 * for Xen's answer, for which a driver's open is the place. */
int xen_census_new(Loop *loop, XenCensusFn *fn, void *data, XenCensus **ret, Error *err);
/* Asks for a look. What was told before a telling with this ticket may be older than now. */
uint64_t xen_census_look(XenCensus *census);
XenCensus *xen_census_free(XenCensus *census);
DEFINE_CLEANUP(XenCensus, xen_census_free)
