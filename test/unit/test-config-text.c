#include "config/schema-text.h"

#include "config/domain.gen.h"
#include "unit.h"

static void sizes_have_units(void **state _unused_)
{
        static const struct {
                const char *text, *unit;
                uint64_t kib;
        } cases[] = {
                {"0", NULL, 0},
                {"1048576", NULL, 1048576},
                {"1", "b", 1},
                {"1024", "bytes", 1},
                {"1025", "B", 2},
                {"1", "KB", 1},
                {"1024", "KB", 1000},
                {"3", "k", 3},
                {"3", "KiB", 3},
                {"3", "kib", 3},
                {"512", "M", 524288},
                {"512", "MiB", 524288},
                {"512", "MB", 500000},
                {"2", "GiB", 2097152},
                {"2", "G", 2097152},
                {"1", "TiB", 1073741824},
                {"1", "PiB", 1ULL << 40},
                {"15", "EiB", 15ULL << 50},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(str_done) Str expected = {};
                uint64_t kib = 0;
                if (!size_parse(cases[i].text, cases[i].unit, &kib, &expected))
                        fail_msg("%s %s: %s", cases[i].text, cases[i].unit, expected.text);
                assert_int_equal(kib, cases[i].kib);
        }
}

static void bad_sizes_are_refused(void **state _unused_)
{
        static const char *const cases[][3] = {
                {"1", "XB", "a unit as bytes, KiB, MiB, GiB or TiB"},
                {"1", "", "a unit as bytes, KiB, MiB, GiB or TiB"},
                {"1", "KiBs", "a unit as bytes, KiB, MiB, GiB or TiB"},
                {"1", "kb ", "a unit as bytes, KiB, MiB, GiB or TiB"},
                {"-1", "KiB", "a whole number"},
                {"1.5", "GiB", "a whole number"},
                {"", NULL, "a whole number"},
                {"99999999999999999999", NULL, "a whole number"},
                {"16", "EiB", "a size below 16 EiB"},
                {"18446744073709551615", NULL, "a size below 16 EiB"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(str_done) Str expected = {};
                uint64_t kib = 77;
                assert_false(size_parse(cases[i][0], cases[i][1], &kib, &expected));
                assert_string_equal(expected.text, cases[i][2]);
                assert_int_equal(kib, 77);
        }
}

static const SchemaField *field(const Schema *schema, const char *name)
{
        for (size_t i = 0; i < schema->n; i++)
                if (str_eq(schema->fields[i].name, name))
                        return &schema->fields[i];
        fail_msg("no field %s", name);
        return NULL;
}

static void numbers_keep_their_bounds(void **state _unused_)
{
        static const struct {
                const char *text;
                bool ok;
                uint32_t value;
        } slots[] = {{"0x1f", true, 31}, {"31", true, 31},
                     {"037", true, 31},  {"0", true, 0},
                     {"0x20", false, 0}, {"32", false, 0},
                     {"-1", false, 0},   {"", false, 0},
                     {" 1", false, 0},   {"0x", false, 0},
                     {"1x", false, 0},   {"0x1f ", false, 0},
                     {"+1", false, 0},   {"99999999999999999999", false, 0}};

        for (size_t i = 0; i < ELEMENTSOF(slots); i++) {
                _cleanup_(str_done) Str expected = {};
                uint32_t value = 99;
                const SchemaField *slot = field(&pci_address_schema, "slot");
                assert_int_equal(scalar_parse(slot, slots[i].text, &value, &expected), slots[i].ok);
                assert_int_equal(value, slots[i].ok ? slots[i].value : 99);
                if (!slots[i].ok)
                        assert_string_equal(expected.text, "a number between 0 and 31");
        }
}

static void values_are_written_as_they_are_read(void **state _unused_)
{
        static const struct {
                const Schema *schema;
                const char *field, *text;
        } cases[] = {
                {&pci_address_schema, "domain", "0x0001"},
                {&pci_address_schema, "bus", "0x0a"},
                {&pci_address_schema, "function", "0x7"},
                {&pci_address_schema, "multifunction", "on"},
                {&graphics_vnc_schema, "port", "-1"},
                {&graphics_vnc_schema, "autoport", "no"},
                {&disk_schema, "bus", "virtio"},
                {&disk_schema, "serial", "any text"},
                {&domain_config_schema, "uuid", "01234567-89ab-cdef-0123-456789abcdef"},
                {&interface_schema, "mac", "52:54:00:0a:b0:01"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const SchemaField *f = field(cases[i].schema, cases[i].field);
                _cleanup_(str_done) Str expected = {};
                uint64_t value[2] = {};
                assert_true(scalar_parse(f, cases[i].text, value, &expected));
                _cleanup_(free_ptr) char *text = scalar_format(f, value);
                assert_string_equal(text, cases[i].text);
                if (f->kind == KIND_STR)
                        free(*(char **) value);
        }
}

static void words_that_are_expected_are_listed(void **state _unused_)
{
        _cleanup_(str_done) Str expected = {};

        assert_false(scalar_parse(field(&disk_schema, "type"), "x", &(unsigned){0}, &expected));
        assert_string_equal(expected.text, "file or block");
        str_clear(&expected);
        assert_false(scalar_parse(field(&disk_schema, "device"), "x", &(unsigned){0}, &expected));
        assert_string_equal(expected.text, "disk, cdrom, floppy or lun");
        str_clear(&expected);
        assert_false(scalar_parse(field(&disk_schema, "wwn"), "12345678901234567", &(char *){NULL},
                                  &expected));
        assert_string_equal(expected.text, "at most 16 bytes");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sizes_have_units),
                cmocka_unit_test(bad_sizes_are_refused),
                cmocka_unit_test(numbers_keep_their_bounds),
                cmocka_unit_test(values_are_written_as_they_are_read),
                cmocka_unit_test(words_that_are_expected_are_listed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
