/* A guest's memory on its way between libxl and an image: a task at one end of a pipe, a pump at
 * the other. One leaf of an operation; it ends when both ends are over.
 *
 * libxl 4.17 crashes when nobody reads what it saves, so the pipe keeps a reader until the task is
 * over, whatever became of the pump. The error tells the side that failed first. */
#pragma once

#include "image/image.h"
#include "xen/create.h"

typedef struct XenStream {
        /* readable */
        ImagePumpResult result; /* after a save */
        /* private */
        Op *op;
        ImagePump *pump;
        XenTask *task;
        XenCreate *create; /* of a restore: the task's while it runs */
        Timer *progress;
        int reader_plus_one;
        bool pump_over, task_over;
        uint64_t total;
        Error pump_error, task_error;
} XenStream;

/* Leaves, OP_WAIT. The image's descriptor is taken over. */
int xen_stream_save(Op *op, XenStream *s, int file_fd, uint64_t offset, Error *err);
/* The configuration is taken over too. After it the domain is active, paused, and the image's word
 * is still out: */
int xen_stream_load(Op *op, XenStream *s, DomainConfig *config, int file_fd, const ImageInfo *info,
                    Error *err);
/* Whether the whole image was read and matched its sum. */
int xen_stream_check(const XenStream *s, Error *err);
void xen_stream_cancel(XenStream *s);
void xen_stream_done(XenStream *s);
