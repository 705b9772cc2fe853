/* What libxl says: a line each into the guest's log, and the last errors kept for ours. One thread.
 */
#pragma once

#include "xen/xl.h"

#include <stdio.h>
#include <xentoollog.h>

enum {
        XEN_WORDS_MAX = 600, /* bytes kept of libxl's errors */
};

typedef struct XenLogger {
        xentoollog_logger xtl; /* first: libxl hands it back */
        FILE *file;            /* NULL: none */
        char words[XEN_WORDS_MAX];
        char text[XEN_WORDS_MAX + 64];
} XenLogger;

void xen_logger_init(XenLogger *logger);
/* From here on into that file, NULL: none; until it is closed. */
void xen_logger_open(XenLogger *logger, const char *path);
void xen_logger_close(XenLogger *logger);
/* What was said before belongs to another call. */
void xen_logger_forget(XenLogger *logger);
/* "libxl error -3: domain g: ...": good until the next call of it. */
const char *xen_logger_words(XenLogger *logger, int rc);
