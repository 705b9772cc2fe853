/* Strings: duplicates, a growing buffer, and strict number parsing. */
#pragma once

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrdup_null(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...)
        __attribute__((format(printf, 1, 2), malloc, returns_nonnull));
char *xvasprintf(const char *format, va_list ap)
        __attribute__((format(printf, 1, 0), returns_nonnull));

/* Equality where NULL equals NULL alone. */
bool str_eq(const char *a, const char *b);
/* The rest of s after the prefix, or NULL where s does not start with it. */
const char *str_after(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* Whole-string decimal numbers; false on anything else (blanks, sign, overflow, rest). */
bool str_to_u64(const char *s, uint64_t *ret);
bool str_to_u32(const char *s, uint32_t *ret);
bool str_to_i64(const char *s, int64_t *ret);

/* A growing, always terminated buffer. Starts zeroed; `text` is NULL until something was added. */
typedef struct Str {
        char *text;
        size_t len;
        /* private */
        size_t cap;
} Str;

void str_add(Str *s, const char *text);
void str_addn(Str *s, const char *bytes, size_t n);
void str_addc(Str *s, char c);
void str_addf(Str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empties the buffer and keeps its memory. */
void str_clear(Str *s);
/* Hands the text over ("" where nothing was added); the buffer is empty again. */
char *str_take(Str *s) __attribute__((returns_nonnull));
void str_done(Str *s);

/* NULL-terminated string lists, owned with their strings. */
size_t strv_len(char *const *strv);
void strv_add(char ***strv, char *owned);
void strv_addf(char ***strv, const char *format, ...) __attribute__((format(printf, 2, 3)));
char **strv_free(char **strv);
DEFINE_CLEANUP(char *, strv_free)
