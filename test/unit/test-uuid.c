/* base/uuid: text and bytes there and back, and nothing else accepted. */
#include "unit.h"

#include "base/uuid.h"

static const Uuid SAMPLE = {{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66,
                             0x14, 0x17, 0x40, 0xfF}};

static void there_and_back(void **state)
{
        Uuid uuid;

        (void) state;
        assert_string_equal(UUID_TEXT(&SAMPLE), "123e4567-e89b-12d3-a456-4266141740ff");
        for (int i = 0; i < 200; i++) {
                Uuid fresh = uuid_new();

                assert_true(uuid_parse(UUID_TEXT(&fresh), &uuid));
                assert_true(uuid_equal(&uuid, &fresh));
                assert_int_equal(fresh.bytes[6] >> 4, 4);
                assert_int_equal(fresh.bytes[8] >> 6, 2);
        }
}

static void accepted_forms(void **state)
{
        static const char *const good[] = {
                "123e4567-e89b-12d3-a456-4266141740ff",
                "123E4567-E89B-12D3-A456-4266141740FF",
                "123e4567e89b12d3a4564266141740ff",
                "12-3e-4567e89b12d3a45642661417-40ff",
        };
        Uuid uuid;

        (void) state;
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
                assert_true(uuid_parse(good[i], &uuid));
                assert_true(uuid_equal(&uuid, &SAMPLE));
        }
}

static void refused_forms(void **state)
{
        static const char *const bad[] = {
                "",
                "1",
                "123e4567-e89b-12d3-a456-4266141740f",
                "123e4567-e89b-12d3-a456-4266141740ff0",
                "123e4567-e89b-12d3-a456-4266141740ff ",
                "123e4567-e89b-12d3-a456-4266141740ff-",
                "-123e4567-e89b-12d3-a456-4266141740ff",
                "123e4567--e89b-12d3-a456-4266141740ff",
                "1-23e4567-e89b-12d3-a456-4266141740ff",
                "{123e4567-e89b-12d3-a456-4266141740ff}",
                "g23e4567-e89b-12d3-a456-4266141740ff",
                "123e4567 e89b-12d3-a456-4266141740ff",
        };
        Uuid uuid = SAMPLE;

        (void) state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                assert_false(uuid_parse(bad[i], &uuid));
                assert_true(uuid_equal(&uuid, &SAMPLE));
        }
}

static void null_and_new(void **state)
{
        Uuid a = uuid_new(), b = uuid_new();

        (void) state;
        assert_true(uuid_is_null(&(Uuid){}));
        assert_false(uuid_is_null(&a));
        assert_false(uuid_equal(&a, &b));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(there_and_back),
                cmocka_unit_test(accepted_forms),
                cmocka_unit_test(refused_forms),
                cmocka_unit_test(null_and_new),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
