#include "base/error.h"

#include "base/str.h"

#include <string.h>

static const char *const code_texts[] = {
        [ERROR_OK] = "no error",
#define X(name, text) [ERROR_##name] = text,
        ERROR_CODES(X)
#undef X
};

static const char *const code_names[] = {
        [ERROR_OK] = "OK",
#define X(name, text) [ERROR_##name] = #name,
        ERROR_CODES(X)
#undef X
};

static void replace(Error *err, ErrorCode code, int sys_errno, char *message)
{
        if (!err) {
                free(message);
                return;
        }
        free(err->message);
        *err = (Error){.code = code, .sys_errno = sys_errno, .message = message};
}

int error_setv(Error *err, ErrorCode code, const char *format, va_list ap)
{
        replace(err, code, 0, err ? xvasprintf(format, ap) : NULL);
        return -(int) code;
}

int error_set(Error *err, ErrorCode code, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        int r = error_setv(err, code, format, ap);
        va_end(ap);
        return r;
}

int error_set_errno(Error *err, int sys_errno, const char *format, ...)
{
        va_list ap;

        if (!err)
                return -ERROR_SYSTEM;

        va_start(ap, format);
        _cleanup_(free_ptr) char *tried = xvasprintf(format, ap);
        va_end(ap);
        replace(err, ERROR_SYSTEM, sys_errno, xasprintf("%s: %s", tried, strerror(sys_errno)));
        return -ERROR_SYSTEM;
}

int error_prefix(Error *err, const char *format, ...)
{
        va_list ap;

        if (!err)
                return -ERROR_INTERNAL; /* which code it was, the caller did not want to know */
        if (!error_is_set(err))
                return 0;

        va_start(ap, format);
        _cleanup_(free_ptr) char *phrase = xvasprintf(format, ap);
        va_end(ap);
        replace(err, err->code, err->sys_errno, xasprintf("%s: %s", phrase, error_text(err)));
        return -(int) err->code;
}

int error_copy(Error *dst, const Error *src)
{
        replace(dst, src->code, src->sys_errno,
                dst && src->message ? xstrdup(src->message) : NULL);
        return -(int) src->code;
}

int error_move(Error *dst, Error *src)
{
        int r = -(int) src->code;

        replace(dst, src->code, src->sys_errno, TAKE_PTR(src->message));
        *src = (Error){};
        return r;
}

const char *error_text(const Error *err)
{
        return err->message ? err->message : code_texts[err->code];
}

const char *error_code_name(ErrorCode code)
{
        return (unsigned) code < _ERROR_CODE_MAX ? code_names[code] : "?";
}

void error_done(Error *err)
{
        replace(err, ERROR_OK, 0, NULL);
}
