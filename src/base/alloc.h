/* Memory and the ownership idioms.
 *
 * Allocations never return NULL: a process out of memory for its own small objects ends with a
 * message. Whatever size a client, a guest or a file names is checked against a bound before it
 * reaches these functions, so that an outsider cannot cause that end. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

/* Runs `f(&variable)` when the variable goes out of scope, which may be all that it is for. */
#define _cleanup_(f) __attribute__((cleanup(f), unused))
#define _unused_     __attribute__((unused))

/* The value, with the variable emptied: hands over what a cleanup would release. */
#define TAKE(var, empty)                                                                           \
        ({                                                                                         \
                __typeof__(var) _taken = (var);                                                    \
                (var) = (empty);                                                                   \
                _taken;                                                                            \
        })
#define TAKE_PTR(var) TAKE(var, NULL)
#define TAKE_FD(var)  TAKE(var, -1)

/* Defines the cleanup function `name##p` for a pointer type that has `type *name(type *)`. */
#define DEFINE_CLEANUP(type, name)                                                                 \
        _unused_ static inline void name##p(type **p)                                              \
        {                                                                                          \
                if (*p)                                                                            \
                        name(*p);                                                                  \
        }

#define container_of(ptr, type, member)                                                            \
        ((type *) ((char *) (ptr) - offsetof(type, member)))
#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))

/* Zeroed memory for `n` objects of a type; never NULL. */
#define xnew0(type, n) ((type *) xcalloc((n), sizeof(type)))

void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
void *xmemdup(const void *p, size_t len) __attribute__((returns_nonnull));

/* For _cleanup_(free_ptr) on any pointer variable. */
static inline void free_ptr(void *pointer_variable)
{
        free(*(void **) pointer_variable);
}
