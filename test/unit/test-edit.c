/* What each kind of edit makes of a configuration. */
#include "unit.h"

#include "base/str.h"
#include "config/edit.h"

static DomainConfig *parsed(const char *inside)
{
        _cleanup_(free_ptr) char *xml =
                xasprintf("<domain type='test'><name>vm</name><memory>4096</memory>"
                          "<currentMemory>2048</currentMemory><vcpu current='2'>4</vcpu>"
                          "<os><type>hvm</type></os>%s</domain>",
                          inside);
        DomainConfig *config;
        Error err = {};

        assert_ok(domain_config_from_xml(xml, strlen(xml), &config, &err));
        return config;
}

static void accepted(DomainConfig *config, Edit edit, bool live)
{
        Error err = {};

        assert_ok(config_edit(config, &edit, live, &err));
}

static void refused(DomainConfig *config, Edit edit, bool live, int code, const char *words)
{
        Error err = {};

        assert_int_equal(config_edit(config, &edit, live, &err), -code);
        assert_non_null(strstr(err.message, words));
        error_done(&err);
}

#define E(what, ...) ((Edit){.kind = EDIT_KIND_##what, __VA_ARGS__})

static void test_texts(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config = parsed("");

        (void) state;
        accepted(config, E(TITLE, .text = (char *) "a title"), false);
        accepted(config, E(DESCRIPTION, .text = (char *) "two\nlines"), true);
        assert_string_equal(config->title, "a title");
        assert_string_equal(config->description, "two\nlines");
        refused(config, E(TITLE, .text = (char *) "two\nlines"), false, ERROR_INVALID_ARGUMENT,
                "newlines");
        assert_string_equal(config->title, "a title");
        accepted(config, E(TITLE, .text = NULL), false);
        accepted(config, E(DESCRIPTION, .text = (char *) ""), false);
        assert_null(config->title);
        assert_null(config->description);
}

static void test_memory_stays_within_its_maximum(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config = parsed("");

        (void) state;
        accepted(config, E(MEMORY, .number = 4096), true);
        assert_int_equal(config->current_memory, 4096);
        refused(config, E(MEMORY, .number = 4097), true, ERROR_INVALID_ARGUMENT, "higher than max");
        refused(config, E(MEMORY, .number = 0), false, ERROR_INVALID_ARGUMENT, "zero");
        refused(config, E(MAX_MEMORY, .number = 8192), true, ERROR_OPERATION_INVALID,
                "on an active domain");
        refused(config, E(MAX_MEMORY, .number = 0), false, ERROR_INVALID_ARGUMENT, "zero");
        assert_int_equal(config->memory, 4096);
        accepted(config, E(MAX_MEMORY, .number = 1024), false);
        assert_int_equal(config->memory, 1024);
        assert_int_equal(config->current_memory, 1024);
}

static void test_processors_stay_within_their_maximum(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config = parsed("");

        (void) state;
        accepted(config, E(VCPUS, .number = 3), false);
        assert_int_equal(config->vcpu_current, 3);
        refused(config, E(VCPUS, .number = 5), false, ERROR_INVALID_ARGUMENT,
                "persistent domain: 5 > 4");
        refused(config, E(VCPUS, .number = 5), true, ERROR_INVALID_ARGUMENT, "live domain: 5 > 4");
        refused(config, E(MAX_VCPUS, .number = 5), true, ERROR_OPERATION_INVALID, "live domain");
        accepted(config, E(VCPUS, .number = 4), false);
        assert_false(config->has_vcpu_current);
        accepted(config, E(VCPUS, .number = 3), false);
        accepted(config, E(MAX_VCPUS, .number = 2), false);
        assert_int_equal(config->vcpus, 2);
        assert_false(config->has_vcpu_current);
}

static void test_a_topology_fixes_the_number_of_processors(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config =
                parsed("<cpu><topology sockets='2' cores='2' threads='1'/></cpu>");

        (void) state;
        refused(config, E(MAX_VCPUS, .number = 6), false, ERROR_INVALID_ARGUMENT, "topology");
        assert_int_equal(config->vcpus, 4);
        accepted(config, E(MAX_VCPUS, .number = 4), false);
}

static void test_an_element_of_another_program(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config =
                parsed("<metadata><b:kept xmlns:b='http://b'/></metadata>");

        (void) state;
        accepted(config,
                 E(ELEMENT, .uri = (char *) "http://a", .key = (char *) "a",
                   .text = (char *) "<x><y/></x>"),
                 false);
        assert_non_null(strstr(config->metadata, "<a:x xmlns:a=\"http://a\"><a:y/></a:x>"));
        assert_non_null(strstr(config->metadata, "kept"));
        accepted(config,
                 E(ELEMENT, .uri = (char *) "http://a", .key = (char *) "a",
                   .text = (char *) "<z/>"),
                 false);
        assert_null(strstr(config->metadata, "a:x"));
        assert_non_null(strstr(config->metadata, "<a:z"));
        refused(config,
                E(ELEMENT, .uri = (char *) "http://a", .key = (char *) "a",
                  .text = (char *) "<open>"),
                false, ERROR_XML_SYNTAX, "(metadata_xml):1:");
        refused(config,
                E(ELEMENT, .uri = (char *) "http://a", .key = (char *) "k",
                  .text = (char *) "<x xmlns:k='http://other'/>"),
                false, ERROR_XML_INVALID, "prefix 'k'");
        accepted(config, E(ELEMENT, .uri = (char *) "http://a"), false);
        accepted(config, E(ELEMENT, .uri = (char *) "http://b"), false);
        assert_null(config->metadata);
        accepted(config, E(ELEMENT, .uri = (char *) "http://nothing"), false);
}

static void test_which_edits_move_a_guest(void **state)
{
        const Edit title = E(TITLE, .text = NULL), memory = E(MEMORY, .number = 1);

        (void) state;
        assert_false(config_edit_moves_guest(&title));
        assert_true(config_edit_moves_guest(&memory));
}

static void test_pins(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config =
                parsed("<iothreads>2</iothreads><cputune><vcpupin vcpu='1' cpuset='2'/></cputune>");
        char *set = (char *) "0-1";

        (void) state;
        accepted(config, E(VCPU_PIN, .id = 1, .text = set), true);
        accepted(config, E(VCPU_PIN, .id = 3, .text = set), false);
        accepted(config, E(EMULATOR_PIN, .text = set), true);
        accepted(config, E(IOTHREAD_PIN, .id = 2, .text = set), true);
        assert_int_equal(config->cpu_tune->vcpu_pins.len, 2);
        assert_string_equal(config_vcpu_cpuset(config, 1), "0-1");
        assert_null(config_vcpu_cpuset(config, 0));
        assert_string_equal(config_emulator_cpuset(config), "0-1");
        assert_string_equal(config_iothread_cpuset(config, 2), "0-1");
        assert_null(config_iothread_cpuset(config, 1));
        refused(config, E(VCPU_PIN, .id = 2, .text = set), true, ERROR_INVALID_ARGUMENT,
                "vcpu 2 is out of range of live cpu count 2");
        refused(config, E(VCPU_PIN, .id = 4, .text = set), false, ERROR_INVALID_ARGUMENT,
                "out of range of persistent cpu count 4");
        refused(config, E(VCPU_PIN, .id = 0, .text = (char *) ""), false, ERROR_INVALID_ARGUMENT,
                "Empty cpu list");
        refused(config, E(IOTHREAD_PIN, .id = 3, .text = set), false, ERROR_INVALID_ARGUMENT,
                "iothreadid 3 not found");
}

static void test_iothreads(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config =
                parsed("<iothreads>2</iothreads><iothreadids><iothread id='4'/></iothreadids>"
                       "<cputune><iothreadpin iothread='4' cpuset='0'/></cputune>"
                       "<devices><disk type='file'><source file='/d'/><target dev='vda' "
                       "bus='virtio'/><driver name='qemu' iothread='1'/></disk></devices>");

        (void) state;
        accepted(config, E(IOTHREAD_ADD, .id = 2), true);
        assert_int_equal(config->iothreads, 3);
        assert_true(config_has_iothread(config, 1) && config_has_iothread(config, 2) &&
                    config_has_iothread(config, 4));
        refused(config, E(IOTHREAD_ADD, .id = 1), true, ERROR_INVALID_ARGUMENT,
                "already using iothread_id '1'");
        refused(config, E(IOTHREAD_DELETE, .id = 1), true, ERROR_INVALID_ARGUMENT,
                "being used by disk 'vda'");
        refused(config, E(IOTHREAD_DELETE, .id = 9), true, ERROR_INVALID_ARGUMENT,
                "cannot find IOThread '9'");
        accepted(config, E(IOTHREAD_DELETE, .id = 4), true);
        assert_int_equal(config->iothreads, 2);
        assert_int_equal(config->cpu_tune->iothread_pins.len, 0);
}

static void test_stats_period(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config =
                parsed("<devices><memballoon model='virtio'/></devices>");
        _cleanup_(domain_config_freep) DomainConfig *without = parsed("");

        (void) state;
        accepted(config, E(STATS_PERIOD, .number = 5), true);
        assert_int_equal(config->memballoon->stats_period, 5);
        accepted(config, E(STATS_PERIOD, .number = 0), true);
        assert_false(config->memballoon->has_stats_period);
        refused(without, E(STATS_PERIOD, .number = 5), false, ERROR_OPERATION_INVALID,
                "must be virtio");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_texts),
                cmocka_unit_test(test_memory_stays_within_its_maximum),
                cmocka_unit_test(test_processors_stay_within_their_maximum),
                cmocka_unit_test(test_a_topology_fixes_the_number_of_processors),
                cmocka_unit_test(test_an_element_of_another_program),
                cmocka_unit_test(test_which_edits_move_a_guest),
                cmocka_unit_test(test_pins),
                cmocka_unit_test(test_iothreads),
                cmocka_unit_test(test_stats_period),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
