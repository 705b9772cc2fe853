#include "base/map.h"

#include <string.h>
#include <sys/random.h>

/* FNV-1a over a seed, finished with a multiply-shift mix. */
static uint32_t hash_bytes(const void *key, size_t len)
{
        static uint64_t seed;
        const uint8_t *p = key;

        if (seed == 0) {
                if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
                        seed = (uintptr_t) &seed;
                seed |= 1;
        }

        uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed;
        for (size_t i = 0; i < len; i++)
                h = (h ^ p[i]) * UINT64_C(0x100000001b3);
        h ^= h >> 29;
        h *= seed;
        return (uint32_t) (h >> 32);
}

/* The slot that holds the key, or the empty slot where it belongs. */
static MapEntry *find(const Map *map, const void *key, size_t len, uint32_t hash)
{
        for (size_t i = hash & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
                MapEntry *e = &map->slots[i];

                if (!e->value ||
                    (e->hash == hash && e->key_len == len && memcmp(e->key, key, len) == 0))
                        return e;
        }
}

static void grow(Map *map)
{
        Map old = *map;

        map->cap = old.cap ? 2 * old.cap : 16;
        map->slots = xnew0(MapEntry, map->cap);
        for (size_t i = 0; i < old.cap; i++) {
                const MapEntry *e = &old.slots[i];

                if (e->value)
                        *find(map, e->key, e->key_len, e->hash) = *e;
        }
        free(old.slots);
}

void *map_get(const Map *map, const void *key, size_t key_len)
{
        if (map->len == 0)
                return NULL;
        return find(map, key, key_len, hash_bytes(key, key_len))->value;
}

void *map_put(Map *map, const void *key, size_t key_len, void *value)
{
        if (4 * (map->len + 1) > 3 * map->cap)
                grow(map);

        uint32_t hash = hash_bytes(key, key_len);
        MapEntry *e = find(map, key, key_len, hash);
        void *before = e->value;

        if (!before) {
                *e = (MapEntry){xmemdup(key, key_len), (uint32_t) key_len, hash, NULL};
                map->len++;
        }
        e->value = value;
        return before;
}

void *map_remove(Map *map, const void *key, size_t key_len)
{
        if (map->len == 0)
                return NULL;

        MapEntry *e = find(map, key, key_len, hash_bytes(key, key_len));
        void *value = e->value;
        if (!value)
                return NULL;

        free(e->key);
        *e = (MapEntry){};
        map->len--;

        /* Move up whatever a probe would no longer reach across the gap. */
        size_t mask = map->cap - 1, gap = (size_t) (e - map->slots);
        for (size_t i = (gap + 1) & mask; map->slots[i].value; i = (i + 1) & mask) {
                size_t home = map->slots[i].hash & mask;

                if (((i - home) & mask) < ((i - gap) & mask))
                        continue;
                map->slots[gap] = map->slots[i];
                map->slots[i] = (MapEntry){};
                gap = i;
        }
        return value;
}

void map_done(Map *map)
{
        for (size_t i = 0; i < map->cap; i++)
                free(map->slots[i].key);
        free(map->slots);
        *map = (Map){};
}

void *map_get_str(const Map *map, const char *key)
{
        return map_get(map, key, strlen(key));
}

void *map_put_str(Map *map, const char *key, void *value)
{
        return map_put(map, key, strlen(key), value);
}

void *map_remove_str(Map *map, const char *key)
{
        return map_remove(map, key, strlen(key));
}

const MapEntry *map_next(const Map *map, size_t *cursor)
{
        while (*cursor < map->cap) {
                const MapEntry *e = &map->slots[(*cursor)++];

                if (e->value)
                        return e;
        }
        return NULL;
}
