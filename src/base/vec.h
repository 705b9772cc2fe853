/* A growing array of any type: `VEC(Disk) disks = {};  *vec_push(&disks) = disk;`
 *
 * `items`, `len` are readable. Elements move when the array grows: keep no pointer across a push. */
#pragma once

#include "base/alloc.h"

#include <string.h>

#define VEC(type)                                                                                  \
        struct {                                                                                   \
                type *items;                                                                       \
                size_t len, cap;                                                                   \
        }

/* A pointer to a new zeroed element at the end. */
#define vec_push(v)                                                                                \
        ({                                                                                         \
                if ((v)->len == (v)->cap) {                                                        \
                        (v)->cap = (v)->cap ? 2 * (v)->cap : 8;                                    \
                        (v)->items = xrealloc((v)->items, (v)->cap, sizeof(*(v)->items));          \
                }                                                                                  \
                memset(&(v)->items[(v)->len], 0, sizeof(*(v)->items));                             \
                &(v)->items[(v)->len++];                                                           \
        })

/* Removes element i and keeps the order of the others. */
#define vec_remove(v, i)                                                                           \
        ({                                                                                         \
                size_t _i = (i);                                                                   \
                memmove(&(v)->items[_i], &(v)->items[_i + 1],                                      \
                        ((v)->len - _i - 1) * sizeof(*(v)->items));                                \
                (v)->len--;                                                                        \
        })

/* Frees the array alone; what the elements own is the caller's to release first. */
#define vec_done(v)                                                                                \
        ({                                                                                         \
                free((v)->items);                                                                  \
                memset((v), 0, sizeof(*(v)));                                                      \
        })
