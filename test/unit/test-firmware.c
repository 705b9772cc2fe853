/* The choice among described firmware, and the file of variables. */
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "qemu/firmware.h"
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

static char *root, *first, *second;

static void write_file(const char *dir, const char *name, const char *text)
{
        _cleanup_(free_ptr) char *path = path_join(dir, name);
        Error err = {};

        assert_ok(file_write_atomic(path, text, strlen(text), 0644, &err));
}

static void describe(const char *dir, const char *name, const char *code, const char *features)
{
        _cleanup_(free_ptr) char *text =
                xasprintf("{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\","
                          "\"executable\":{\"filename\":\"%s\"},\"nvram-template\":{\"filename\":"
                          "\"%s/vars\"}},"
                          "\"targets\":[{\"architecture\":\"x86_64\",\"machines\":[\"pc-q35-*\"]}],"
                          "\"features\":[%s]}",
                          code, root, features);

        write_file(dir, name, text);
}

static int set_up(void **state)
{
        char template[] = "/tmp/ostler-firmware-XXXXXX";

        (void) state;
        root = xstrdup(mkdtemp(template));
        first = path_join(root, "first");
        second = path_join(root, "second");
        mkdir(first, 0755);
        mkdir(second, 0755);
        write_file(root, "vars", "variables");
        write_file(first, "10-broken.json", "{");
        describe(first, "40-secure.json", "/secure", "\"secure-boot\",\"requires-smm\"");
        describe(first, "60-plain.json", "/hidden", "");
        describe(second, "60-plain.json", "/plain", "");
        return 0;
}

static int tear_down(void **state)
{
        _cleanup_(free_ptr) char *command = xasprintf("rm -r '%s'", root);

        (void) state;
        free(root);
        free(first);
        free(second);
        return system(command);
}

static FirmwareWant *want_of(const char *machine, const char *feature, bool enabled)
{
        _cleanup_(free_ptr) char *nvram = xasprintf("%s/nvram/guest.fd", root);
        DomainConfig config = {.os = {.arch = (char *) "x86_64",
                                      .machine = (char *) machine,
                                      .firmware = FIRMWARE_EFI}};
        FirmwareFeature item = {.name = FIRMWARE_FEATURE_NAME_SECURE_BOOT, .enabled = enabled};

        if (feature) {
                config.os.firmware_features.items = &item;
                config.os.firmware_features.len = 1;
        }
        return firmware_want(&config, nvram);
}

static void the_first_that_fits_is_taken(void **state)
{
        const char *folders[] = {first, second, NULL};
        const struct {
                const char *feature;
                bool enabled;
                const char *code;
        } cases[] = {{NULL, false, "/plain"},
                     {"secure-boot", true, "/secure"},
                     {"secure-boot", false, "/plain"}};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FirmwareWant *want = want_of("pc-q35-7.2", cases[i].feature, cases[i].enabled);
                Error err = {};

                assert_ok(firmware_choose(want, folders, &err));
                assert_string_equal(want->loader, cases[i].code);
                firmware_want_free(want);
        }
}

static void where_none_fits_it_is_told(void **state)
{
        const char *folders[] = {first, NULL};
        FirmwareWant *want = want_of("pc-i440fx-7.2", NULL, false);
        _cleanup_(error_done) Error err = {};

        (void) state;
        assert_int_equal(firmware_choose(want, folders, &err), -ERROR_CONFIG_UNSUPPORTED);
        assert_non_null(strstr(err.message, "pc-i440fx-7.2"));
        assert_null(want->loader);
        firmware_want_free(want);
}

static void variables_are_made_once_and_then_kept(void **state)
{
        const char *folders[] = {first, second, NULL};
        FirmwareWant *want = want_of("pc-q35-7.2", NULL, false);
        _cleanup_(free_ptr) char *path = xstrdup(want->nvram), *text = NULL;
        DomainConfig *config = xnew0(DomainConfig, 1);
        Error err = {};

        (void) state;
        schema_init(&domain_config_schema, config);
        assert_ok(firmware_choose(want, folders, &err));
        assert_ok(firmware_make_nvram(want, &err));
        assert_ok(file_write_atomic(path, "changed", 7, 0600, &err));
        assert_ok(firmware_make_nvram(want, &err));
        assert_ok(file_read(path, 100, &text, NULL, &err));
        assert_string_equal(text, "changed");

        firmware_apply(want, config);
        assert_string_equal(config->os.loader, "/plain");
        assert_int_equal(config->os.loader_type, LOADER_TYPE_PFLASH);
        assert_string_equal(config->os.nvram, path);
        firmware_want_free(want);
        domain_config_free(config);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_that_fits_is_taken),
                cmocka_unit_test(where_none_fits_it_is_told),
                cmocka_unit_test(variables_are_made_once_and_then_kept),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
