#include "config/schema.h"

#include "config-random.h"
#include "config/config.h"
#include "config/op-args.h"
#include "unit.h"

static void defaults_are_those_of_the_schema(void **state _unused_)
{
        Disk disk;

        disk_init(&disk);
        assert_int_equal(disk.type, DISK_TYPE_FILE);
        assert_int_equal(disk.device, DISK_DEVICE_DISK);
        assert_int_equal(disk.bus, DISK_BUS_UNSET);
        assert_null(disk.target);
        assert_false(disk.readonly);
        disk_done(&disk);
        assert_int_equal(disk.type, 0);
}

static void a_copy_is_equal_and_its_own(void **state _unused_)
{
        for (uint64_t seed = 0; seed < 1000; seed++) {
                Random random = {.state = seed};
                DomainConfig a, b;
                random_struct(&random, &domain_config_schema, &a);
                schema_copy(&domain_config_schema, &b, &a);
                assert_true(schema_equal(&domain_config_schema, &a, &b));
                schema_done(&domain_config_schema, &a);
                _cleanup_(free_ptr) char *json = schema_to_json(&domain_config_schema, &b);
                assert_non_null(json);
                schema_done(&domain_config_schema, &b);
        }
}

static void equality_sees_every_field(void **state _unused_)
{
        size_t seen = 0;

        for (uint64_t seed = 0; seed < 300; seed++) {
                Random random = {.state = seed}, other = {.state = seed + 10000};
                Disk a, b;
                random_struct(&random, &disk_schema, &a);
                disk_copy(&b, &a);
                const SchemaField *f = &disk_schema.fields[seed % disk_schema.n];
                if (f->kind != KIND_STRUCT && (f->flags & FIELD_OPTIONAL)) {
                        *field_has(f, &b) ^= true;
                } else if (f->kind == KIND_BOOL) {
                        *(bool *) field_at(f, &b) ^= true;
                } else if (f->kind == KIND_STR) {
                        free(*(char **) field_at(f, &b));
                        *(char **) field_at(f, &b) = xasprintf("%zu", (size_t) seed);
                } else if (f->kind == KIND_ENUM && !str_eq(f->name, "type")) {
                        unsigned *at = field_at(f, &b);
                        *at = *at == 1 ? 2 : 1;
                } else {
                        disk_done(&b);
                        random_struct(&other, &disk_schema, &b);
                        free(b.target);
                        b.target = xstrdup("another");
                }
                assert_false(disk_equal(&a, &b));
                seen++;
                disk_done(&a);
                disk_done(&b);
        }
        assert_int_equal(seen, 300);
}

static void json_brings_back_what_was_written(void **state _unused_)
{
        for (uint64_t seed = 0; seed < 1000; seed++) {
                Random random = {.state = seed};
                DomainConfig a;
                DomainConfig *b = NULL;
                Error err = {};
                random_struct(&random, &domain_config_schema, &a);
                _cleanup_(free_ptr) char *json = domain_config_to_json(&a);
                if (domain_config_from_json(json, &b, &err) < 0)
                        fail_msg("seed %u: %s\n%s", (unsigned) seed, error_text(&err), json);
                if (!schema_equal(&domain_config_schema, &a, b))
                        fail_msg("seed %u: not equal\n%s", (unsigned) seed, json);
                schema_done(&domain_config_schema, &a);
                domain_config_free(b);
        }
}

static void op_args_come_back(void **state _unused_)
{
        for (uint64_t seed = 0; seed < 200; seed++) {
                Random random = {.state = seed};
                OpArgs a, b;
                random_struct(&random, &op_args_schema, &a);
                _cleanup_(free_ptr) char *json = op_args_to_json(&a);
                assert_int_equal(op_args_from_json(json, &b, NULL), 0);
                assert_true(op_args_equal(&a, &b));
                op_args_done(&a);
                op_args_done(&b);
        }
}

static void a_path_that_is_no_utf8_comes_back(void **state _unused_)
{
        OpArgs a = {.path = xstrdup("/tmp/\xff\xfe x")}, b;
        _cleanup_(free_ptr) char *json = op_args_to_json(&a);

        assert_int_equal(op_args_from_json(json, &b, NULL), 0);
        assert_string_equal(b.path, "/tmp/\xff\xfe x");
        op_args_done(&a);
        op_args_done(&b);
}

static void bad_json_is_refused_with_the_place(void **state _unused_)
{
        static const struct {
                const char *json, *error;
        } cases[] = {
                {"", "stored JSON: '[' or '{' expected near end of file, line 1 column 0"},
                {"[]", "stored JSON is no object"},
                {"{\"nme\":\"x\",\"type\":\"q\"}", "stored JSON: an unknown key in 'the document'"},
                {"{\"name\":\"x\"}", "stored JSON: nothing in 'type'"},
                {"{\"type\":\"q\",\"name\":5}", "stored JSON: no string in 'name'"},
                {"{\"type\":\"q\",\"uuid\":\"5\"}", "stored JSON: no UUID in 'uuid'"},
                {"{\"type\":\"q\",\"vcpus\":5000}",
                 "stored JSON: no number within bounds in 'vcpus'"},
                {"{\"type\":\"q\",\"vcpus\":-1}",
                 "stored JSON: no number within bounds in 'vcpus'"},
                {"{\"type\":\"q\",\"disks\":{}}", "stored JSON: no list within bounds in 'disks'"},
                {"{\"type\":\"q\",\"disks\":[{\"target\":\"vda\"},{\"target\":\"vdb\",\"bus\":"
                 "\"x\"}]}",
                 "stored JSON: an unknown word in 'disks[1].bus'"},
                {"{\"type\":\"q\",\"disks\":[{\"target\":\"vda\",\"readonly\":1}]}",
                 "stored JSON: neither true nor false in 'disks[0].readonly'"},
                {"{\"type\":\"q\",\"disks\":[{\"target\":\"vda\",\"source\":{\"dev\":\"/\"}}]}",
                 "stored JSON: an unknown key in 'disks[0].source'"},
                {"{\"type\":\"q\",\"metadata\":\"</metadata><name>y</name><metadata>\"}",
                 "stored JSON: XML that is not well formed in 'metadata'"},
                {"{\"type\":\"q\",\"title\":\"a\\u0000b\"}",
                 "stored JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near '\"a\\u0000b\"', "
                 "line 1 column 30"},
                {"{\"type\":\"q\",\"title\":{\"bytes\":\"6\"}}",
                 "stored JSON: no bytes in hex in 'title'"},
                {"{\"type\":\"q\",\"title\":{\"bytes\":\"6100\"}}",
                 "stored JSON: no bytes in hex in 'title'"},
                {"{\"type\":\"q\",\"type\":\"r\"}",
                 "stored JSON: duplicate object key near '\"type\"', line 1 column 18"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                DomainConfig *config = NULL;
                Error err = {};
                assert_int_equal(domain_config_from_json(cases[i].json, &config, &err),
                                 -ERROR_INTERNAL);
                assert_string_equal(error_text(&err), cases[i].error);
                assert_null(config);
                error_done(&err);
        }
}

static void words_of_an_enum_go_both_ways(void **state _unused_)
{
        for (int i = 1; i < _CONTROLLER_MODEL_MAX; i++) {
                int back = 0;
                assert_true(schema_enum_parse(&controller_model_words,
                                              controller_model_text((ControllerModel) i), &back));
                assert_int_equal(back, i);
        }
        assert_null(controller_model_text(CONTROLLER_MODEL_UNSET));
        assert_null(controller_model_text(_CONTROLLER_MODEL_MAX));
        assert_false(schema_enum_parse(&controller_model_words, "", &(int){0}));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(defaults_are_those_of_the_schema),
                cmocka_unit_test(a_copy_is_equal_and_its_own),
                cmocka_unit_test(equality_sees_every_field),
                cmocka_unit_test(json_brings_back_what_was_written),
                cmocka_unit_test(op_args_come_back),
                cmocka_unit_test(a_path_that_is_no_utf8_comes_back),
                cmocka_unit_test(bad_json_is_refused_with_the_place),
                cmocka_unit_test(words_of_an_enum_go_both_ways),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
