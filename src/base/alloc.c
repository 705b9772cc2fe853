#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

static void *checked(void *p, size_t n, size_t size)
{
        if (!p) {
                fprintf(stderr, "out of memory for %zu x %zu bytes\n", n, size);
                abort();
        }
        return p;
}

void *xcalloc(size_t n, size_t size)
{
        return checked(calloc(n ? n : 1, size ? size : 1), n, size);
}

void *xrealloc(void *p, size_t n, size_t size)
{
        if (n == 0 || size == 0)
                n = size = 1;
        return checked(reallocarray(p, n, size), n, size);
}

void *xmemdup(const void *p, size_t len)
{
        void *copy = xcalloc(1, len);

        if (len > 0)
                memcpy(copy, p, len);
        return copy;
}
