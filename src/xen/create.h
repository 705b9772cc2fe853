/* A domain's making in Xen, fresh or from a stream: what a task's thread does for start and
 * restore. */
#pragma once

#include "xen/guest.h"

typedef struct XenCreate {
        DomainConfig *config; /* owned */
        int stream;           /* owned; -1: a fresh boot */
        uint32_t domid;
        char *tty;
} XenCreate;

/* The configuration and the descriptor are taken over. */
XenCreate *xen_create_new(DomainConfig *config, int stream);
void xen_create_free(void *create);
/* XenRunFn: the domain is there, paused. */
int xen_create_run(XenTask *task, void *create, Error *err);
/* On the loop, after it: the guest's life here begins. */
void xen_create_began(Domain *d, XenCreate *create);
