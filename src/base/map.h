/* A hash map from byte strings to pointers. Keys are copied; values are borrowed.
 *
 * Hashing is seeded per process, so a client cannot choose names that collide. */
#pragma once

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct MapEntry {
        void *key;
        uint32_t key_len, hash;
        void *value;
} MapEntry;

/* Starts zeroed. */
typedef struct Map {
        size_t len; /* readable */
        /* private */
        MapEntry *slots;
        size_t cap;
} Map;

/* The value, or NULL. */
void *map_get(const Map *map, const void *key, size_t key_len);
/* Sets or replaces; value is not NULL. Returns the value that was there before, or NULL. */
void *map_put(Map *map, const void *key, size_t key_len, void *value);
/* Returns the value that was there, or NULL. */
void *map_remove(Map *map, const void *key, size_t key_len);
void map_done(Map *map);

void *map_get_str(const Map *map, const char *key);
void *map_put_str(Map *map, const char *key, void *value);
void *map_remove_str(Map *map, const char *key);

/* Walks in no particular order; *cursor starts at 0. NULL at the end. No change during the walk. */
const MapEntry *map_next(const Map *map, size_t *cursor);
