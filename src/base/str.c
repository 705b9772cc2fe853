#include "base/str.h"

#include <errno.h>
#include <stdio.h>

char *xstrdup(const char *s)
{
        return xmemdup(s, strlen(s) + 1);
}

char *xstrdup_null(const char *s)
{
        return s ? xstrdup(s) : NULL;
}

char *xstrndup(const char *s, size_t n)
{
        size_t len = strnlen(s, n);
        char *copy = xcalloc(1, len + 1);

        memcpy(copy, s, len);
        return copy;
}

char *xvasprintf(const char *format, va_list ap)
{
        char *text;

        if (vasprintf(&text, format, ap) < 0) {
                fprintf(stderr, "cannot format '%s'\n", format);
                abort();
        }
        return text;
}

char *xasprintf(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        char *text = xvasprintf(format, ap);
        va_end(ap);
        return text;
}

bool str_eq(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

const char *str_after(const char *s, const char *prefix)
{
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

bool str_ends(const char *s, const char *suffix)
{
        size_t n = strlen(s), k = strlen(suffix);

        return n >= k && strcmp(s + n - k, suffix) == 0;
}

bool str_to_u64(const char *s, uint64_t *ret)
{
        uint64_t value = 0;

        if (!*s)
                return false;
        for (; *s; s++) {
                if (*s < '0' || *s > '9')
                        return false;
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t) (*s - '0'), &value))
                        return false;
        }
        *ret = value;
        return true;
}

bool str_to_u32(const char *s, uint32_t *ret)
{
        uint64_t value;

        if (!str_to_u64(s, &value) || value > UINT32_MAX)
                return false;
        *ret = (uint32_t) value;
        return true;
}

bool str_to_i64(const char *s, int64_t *ret)
{
        bool negative = *s == '-';
        uint64_t value;

        if (!str_to_u64(s + negative, &value) || value > (uint64_t) INT64_MAX + negative)
                return false;
        *ret = negative ? (int64_t) (0 - value) : (int64_t) value;
        return true;
}

static void reserve(Str *s, size_t extra)
{
        size_t need = s->len + extra + 1;

        if (need <= s->cap)
                return;
        s->cap = need < 2 * s->cap ? 2 * s->cap : need < 64 ? 64 : need;
        s->text = xrealloc(s->text, s->cap, 1);
}

void str_addn(Str *s, const char *bytes, size_t n)
{
        reserve(s, n);
        if (n > 0)
                memcpy(s->text + s->len, bytes, n);
        s->len += n;
        s->text[s->len] = '\0';
}

void str_add(Str *s, const char *text)
{
        str_addn(s, text, strlen(text));
}

void str_addc(Str *s, char c)
{
        str_addn(s, &c, 1);
}

void str_addf(Str *s, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        _cleanup_(free_ptr) char *text = xvasprintf(format, ap);
        va_end(ap);
        str_add(s, text);
}

void str_clear(Str *s)
{
        s->len = 0;
        if (s->text)
                s->text[0] = '\0';
}

char *str_take(Str *s)
{
        char *text = s->text ? s->text : xstrdup("");

        *s = (Str){};
        return text;
}

void str_done(Str *s)
{
        free(s->text);
        *s = (Str){};
}

size_t strv_len(char *const *strv)
{
        size_t n = 0;

        while (strv && strv[n])
                n++;
        return n;
}

void strv_add(char ***strv, char *owned)
{
        size_t n = strv_len(*strv);

        *strv = xrealloc(*strv, n + 2, sizeof(char *));
        (*strv)[n] = owned;
        (*strv)[n + 1] = NULL;
}

void strv_addf(char ***strv, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        strv_add(strv, xvasprintf(format, ap));
        va_end(ap);
}

char **strv_free(char **strv)
{
        for (size_t i = 0; strv && strv[i]; i++)
                free(strv[i]);
        free(strv);
        return NULL;
}
