/* libostler as a program sees it: the public header alone. */
#include <ostler/ostler.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char vm_xml[] = "<domain type='test'><name>vm</name><memory unit='MiB'>16</memory>"
                             "<os><type>hvm</type></os></domain>";

typedef struct Fixture {
        char root[64];
        Ostler *o;
        int ended;
        int code;
        char name[64];
        char events[512];
} Fixture;

static void reopen(Fixture *f)
{
        OstlerError err = {};

        ostler_close(f->o);
        f->o = NULL;
        if (ostler_open(f->root, "test", &f->o, &err) < 0)
                fail_msg("%s", err.message);
}

static int set_up(void **state)
{
        Fixture *f = calloc(1, sizeof(*f));

        strcpy(f->root, "/tmp/ostler-lib-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        reopen(f);
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        Fixture *f = *state;
        char command[128];

        ostler_close(f->o);
        snprintf(command, sizeof(command), "rm -rf '%s'", f->root);
        assert_int_equal(system(command), 0);
        free(f);
        return 0;
}

static void done(void *data, const char *name, const OstlerError *err)
{
        Fixture *f = data;

        f->ended++;
        f->code = err ? err->code : 0;
        snprintf(f->name, sizeof(f->name), "%s", name ? name : "");
}

/* Waits for the verb that was just asked, in a loop of the program's own. */
static void finish(Fixture *f, int r)
{
        assert_int_equal(r, 0);
        for (int before = f->ended; f->ended == before;) {
                struct pollfd fd = {.fd = ostler_fd(f->o), .events = POLLIN};

                assert_true(poll(&fd, 1, ostler_timeout(f->o)) >= 0);
                ostler_turn(f->o, false);
        }
}

static void heard(void *data, const char *name, const char *event)
{
        Fixture *f = data;

        assert_string_equal(name, "vm");
        strcat(strcat(f->events, event), " ");
}

static void test_a_guest_s_story(void **state)
{
        Fixture *f = *state;
        OstlerWatch *watch = ostler_watch(f->o, heard, f);
        OstlerInfo info;
        char **names;

        finish(f, ostler_define(f->o, vm_xml, done, f, NULL));
        assert_string_equal(f->name, "vm");
        finish(f, ostler_start(f->o, "vm", OSTLER_PAUSED, done, f, NULL));
        finish(f, ostler_resume(f->o, "vm", done, f, NULL));
        finish(f, ostler_managed_save(f->o, "vm", done, f, NULL));
        assert_int_equal(ostler_info(f->o, "vm", &info, NULL), 0);
        assert_string_equal(info.state, "shut off");
        assert_true(info.managed_save && info.persistent);
        assert_int_equal(info.memory_kib, 16384);
        assert_int_equal(info.id, -1);
        ostler_unwatch(watch);
        assert_string_equal(f->events,
                            "DEFINED_ADDED STARTED_BOOTED SUSPENDED_PAUSED RESUMED_UNPAUSED "
                            "SUSPENDED_PAUSED JOB_COMPLETED STOPPED_SAVED ");

        reopen(f);
        finish(f, ostler_start(f->o, "vm", 0, done, f, NULL));
        assert_int_equal(ostler_info(f->o, "vm", &info, NULL), 0);
        assert_string_equal(info.state, "running");
        assert_string_equal(info.reason, "restored");
        finish(f, ostler_destroy(f->o, "vm", done, f, NULL));
        finish(f, ostler_undefine(f->o, "vm", 0, done, f, NULL));
        names = ostler_names(f->o);
        assert_null(names[0]);
        ostler_names_free(names);
}

static void test_a_guest_runs_on_without_the_handle(void **state)
{
        Fixture *f = *state;
        OstlerInfo info;
        char *xml;

        finish(f, ostler_create(f->o, vm_xml, 0, done, f, NULL));
        reopen(f);
        assert_int_equal(ostler_info(f->o, "vm", &info, NULL), 0);
        assert_string_equal(info.state, "running");
        assert_false(info.persistent);
        assert_int_equal(ostler_xml(f->o, "vm", &xml, NULL), 0);
        assert_non_null(strstr(xml, "<name>vm</name>"));
        free(xml);
        finish(f, ostler_destroy(f->o, "vm", done, f, NULL));
}

static void test_errors_tell_code_and_words(void **state)
{
        Fixture *f = *state;
        OstlerError err = {};

        assert_int_equal(ostler_start(f->o, "nobody", 0, done, f, &err), -OSTLER_NO_DOMAIN);
        assert_non_null(strstr(err.message, "nobody"));
        assert_int_equal(f->ended, 0); /* refused at once, never called */
        finish(f, ostler_define(f->o, "<domain", done, f, &err));
        assert_int_equal(f->code, OSTLER_XML_SYNTAX);
        finish(f, ostler_restore(f->o, "/nowhere/x", 0, done, f, &err));
        assert_int_equal(f->code, OSTLER_SYSTEM);
        assert_string_equal(ostler_code_text(-OSTLER_BUSY), "BUSY");
}

static void test_bad_roots_are_refused(void **state)
{
        Fixture *f = *state;
        OstlerError err = {};
        Ostler *other = NULL;

        assert_int_equal(ostler_open("relative", "test", &other, &err), -OSTLER_INVALID_ARGUMENT);
        assert_int_equal(ostler_open("/dev/null", "test", &other, &err), -OSTLER_SYSTEM);
        ostler_close(f->o);
        f->o = NULL;
        assert_int_equal(ostler_open(f->root, "vmware", &other, &err), -OSTLER_NO_CONNECT);
        assert_null(other);
}

static void test_close_in_the_middle_is_quiet(void **state)
{
        Fixture *f = *state;

        finish(f, ostler_define(f->o, vm_xml, done, f, NULL));
        f->ended = 0;
        assert_int_equal(ostler_start(f->o, "vm", 0, done, f, NULL), 0);
        ostler_turn(f->o, false);
        reopen(f);
        assert_int_equal(f->ended, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                T(a_guest_s_story),
                T(a_guest_runs_on_without_the_handle),
                T(errors_tell_code_and_words),
                T(bad_roots_are_refused),
                T(close_in_the_middle_is_quiet),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
