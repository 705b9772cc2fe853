/* Errors: what was tried, on what, and what the system said.
 *
 * A function that can fail returns 0 or a negative ErrorCode and fills the Error its caller passed
 * last. Raise and return in one line:
 *
 *         return error_set(err, ERROR_OPERATION_INVALID, "domain '%s' is already active", name);
 *
 * The message is one phrase without a full stop. An Error starts zeroed (`Error err = {}`), owns its
 * message, and is released with error_done(), usually by _cleanup_(error_done). A NULL Error pointer
 * is allowed everywhere: the caller then learns the code alone. */
#pragma once

#include "base/alloc.h"

#include <stdarg.h>
#include <stdbool.h>

/* NAME, what it means to the user who meets it. The wire maps each to libvirt's number in one table. */
#define ERROR_CODES(X)                                                                             \
        X(INTERNAL, "internal error")                                                              \
        X(SYSTEM, "the system refused")                                                            \
        X(NOT_SUPPORTED, "this function is not supported")                                         \
        X(INVALID_ARGUMENT, "invalid argument")                                                    \
        X(NO_CONNECT, "no driver for this URI")                                                    \
        X(DENIED, "operation forbidden")                                                           \
        X(PROTOCOL, "protocol violation")                                                          \
        X(XML_SYNTAX, "document is not well formed")                                               \
        X(XML_INVALID, "document has impossible content")                                          \
        X(NO_NAME, "name is missing")                                                              \
        X(NO_OS, "operating system part is missing")                                               \
        X(CONFIG_UNSUPPORTED, "unsupported configuration")                                         \
        X(EXISTS, "object exists already")                                                         \
        X(NO_DOMAIN, "domain not found")                                                           \
        X(NO_METADATA, "metadata not found")                                                       \
        X(OPERATION_INVALID, "not valid in this state")                                            \
        X(OPERATION_FAILED, "operation failed")                                                    \
        X(UNSUPPORTED, "operation not supported")                                                  \
        X(ARGUMENT_UNSUPPORTED, "argument not supported")                                          \
        X(AGENT_SILENT, "guest agent does not answer")                                             \
        X(NO_HOSTNAME, "host name not known")                                                      \
        X(TIMEOUT, "timed out")                                                                    \
        X(ABORTED, "operation aborted")                                                            \
        X(BUSY, "resource busy")                                                                   \
        X(BAD_IMAGE, "save image does not match")

typedef enum ErrorCode {
        ERROR_OK = 0,
#define X(name, text) ERROR_##name,
        ERROR_CODES(X)
#undef X
                _ERROR_CODE_MAX,
} ErrorCode;

typedef struct Error {
        ErrorCode code;
        int sys_errno; /* errno behind the error, or 0 */
        char *message; /* owned; NULL while code is ERROR_OK */
} Error;

/* Fills err and returns -code. What err held before is replaced. */
int error_set(Error *err, ErrorCode code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
int error_setv(Error *err, ErrorCode code, const char *format, va_list ap)
        __attribute__((format(printf, 3, 0)));

/* As error_set(ERROR_SYSTEM), with ": " and the text of sys_errno appended. */
int error_set_errno(Error *err, int sys_errno, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Puts "<phrase>: " before the message of an error already set; returns its negative code, some
 * negative code where err is NULL. */
int error_prefix(Error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* dst becomes a copy of src, or takes it over and leaves src empty; both return -code. */
int error_copy(Error *dst, const Error *src);
int error_move(Error *dst, Error *src);

static inline bool error_is_set(const Error *err)
{
        return err && err->code != ERROR_OK;
}

/* The message, or the code's own text where there is none. Never NULL. */
const char *error_text(const Error *err);
const char *error_code_name(ErrorCode code);

/* Releases the message; the Error can be used again. */
void error_done(Error *err);
