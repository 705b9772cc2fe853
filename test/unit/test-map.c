/* base/map: the same answers as a plain table, after any sequence of changes. */
#include "unit.h"

#include "base/map.h"
#include "base/str.h"

enum {
        KEYS = 300,
        ROUNDS = 60000,
};

/* Keys of several lengths, with NUL bytes and common prefixes. */
static size_t make_key(unsigned i, uint8_t key[8])
{
        memset(key, 0, 8);
        key[0] = (uint8_t) i;
        key[1] = (uint8_t) (i >> 8);
        return 2 + i % 6;
}

static void check_walk(const Map *map, void *const model[KEYS])
{
        bool seen[KEYS] = {};
        size_t cursor = 0, count = 0;

        for (const MapEntry *e; (e = map_next(map, &cursor));) {
                const uint8_t *bytes = e->key;
                unsigned i = bytes[0] | (unsigned) bytes[1] << 8;
                uint8_t key[8];

                assert_true(i < KEYS);
                assert_false(seen[i]);
                assert_int_equal(e->key_len, make_key(i, key));
                assert_ptr_equal(e->value, model[i]);
                seen[i] = true;
                count++;
        }
        assert_int_equal(count, map->len);
        for (unsigned i = 0; i < KEYS; i++)
                assert_int_equal(seen[i], model[i] != NULL);
}

static void agrees_with_a_model(void **state)
{
        _cleanup_(map_done) Map map = {};
        void *model[KEYS] = {};
        static char values[16];
        size_t len = 0;

        (void) state;
        srandom(1);
        for (int round = 0; round < ROUNDS; round++) {
                /* Long stretches that grow and long ones that shrink. */
                bool growing = round / 5000 % 2 == 0;
                unsigned i = (unsigned) random() % KEYS;
                unsigned dice = (unsigned) random() % 10;
                void *value = &values[random() % 16];
                uint8_t key[8];
                size_t key_len = make_key(i, key);

                if (dice < 3)
                        assert_ptr_equal(map_get(&map, key, key_len), model[i]);
                else if ((dice < 8) == growing) {
                        assert_ptr_equal(map_put(&map, key, key_len, value), model[i]);
                        len += !model[i];
                        model[i] = value;
                } else {
                        assert_ptr_equal(map_remove(&map, key, key_len), model[i]);
                        len -= model[i] != NULL;
                        model[i] = NULL;
                }
                assert_int_equal(map.len, len);
                if (round % 1000 == 0)
                        check_walk(&map, model);
        }
        check_walk(&map, model);
}

static void empty_map(void **state)
{
        Map map = {};
        size_t cursor = 0;

        (void) state;
        assert_null(map_get_str(&map, "a"));
        assert_null(map_remove_str(&map, "a"));
        assert_null(map_next(&map, &cursor));
        map_done(&map);
        map_done(&map);
}

static void keys_are_copied(void **state)
{
        _cleanup_(map_done) Map map = {};
        char key[] = "name";
        int value;

        (void) state;
        assert_null(map_put_str(&map, key, &value));
        key[0] = 'x';
        assert_null(map_get_str(&map, key));
        assert_ptr_equal(map_get_str(&map, "name"), &value);
        assert_null(map_get_str(&map, ""));
        assert_null(map_put_str(&map, "", &value));
        assert_ptr_equal(map_remove_str(&map, ""), &value);
        assert_ptr_equal(map_remove_str(&map, "name"), &value);
        assert_int_equal(map.len, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(agrees_with_a_model),
                cmocka_unit_test(empty_map),
                cmocka_unit_test(keys_are_copied),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
