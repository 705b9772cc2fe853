/* Errors as clients of libvirt know them: number, domain, and the phrase before the message. */
#pragma once

#include "base/error.h"
#include "wire/protocol.gen.h"

/* Where the error came from; everything may be NULL. */
typedef struct ErrorContext {
        const char *driver;   /* name of the connection's driver */
        const char *function; /* virXxx, with `argument` */
        const char *argument; /* the one that was wrong: the message then stands for itself */
        const char *detail;   /* for programmers */
} ErrorContext;

/* The payload of an error reply; release with xdr_release(&wire_layout_error, ret). */
void error_map(const Error *err, const ErrorContext *context, WireError *ret);
