/* The engine over the fake hypervisor: verbs, events, queues, restart. */
#include "engine-fixture.h"

#include <unistd.h>

static Domain *define(EngineFixture *f, const char *name)
{
        if (!verb_xml(f, VERB_DEFINE, name))
                fail_msg("%s", error_text(&f->error));
        return named(f, name);
}

static void test_define_makes_a_persistent_domain(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");

        assert_non_null(d);
        assert_true(domain_persistent(d));
        assert_false(domain_active(d));
        assert_string_equal(f->domain, "vm1");
        assert_string_equal(f->events.text, "DEFINED_ADDED ");
        fixture_restart(f);
        assert_non_null(named(f, "vm1"));
}

static void test_a_second_uuid_for_a_name_is_refused(void **state)
{
        EngineFixture *f = *state;

        define(f, "vm1");
        assert_verb_fails(f, verb_xml(f, VERB_DEFINE, "vm1"), EXISTS,
                          "domain 'vm1' already exists with uuid");
        assert_int_equal(f->driver->host.domains->len, 1);
}

static void test_a_bad_document_changes_nothing(void **state)
{
        EngineFixture *f = *state;
        OpArgs args;

        op_args_init(&args);
        args.xml = xstrdup("<domain type='test'><name>x</name><bogus/></domain>");
        assert_verb_fails(f, verb(f, NULL, VERB_DEFINE, &args), XML_INVALID, "bogus");
        assert_int_equal(f->driver->host.domains->len, 0);
}

/* Counts the ends of calls, by whether they succeeded. */
typedef struct Ends {
        int ok, failed;
} Ends;

static void count_end(void *data, Domain *d, const Error *err)
{
        Ends *ends = data;

        (void) d;
        if (error_is_set(err))
                ends->failed++;
        else
                ends->ok++;
}

static void test_two_defines_of_one_name_at_once_make_one(void **state)
{
        EngineFixture *f = *state;
        Ends ends = {};

        for (int i = 0; i < 2; i++) {
                OpArgs args;

                op_args_init(&args);
                args.xml = xml_of("twin"); /* each will get a uuid of its own */
                assert_int_equal(engine_submit(f->engine, f->driver, NULL, VERB_DEFINE, &args,
                                               count_end, &ends, NULL, NULL),
                                 0);
        }
        while (ends.ok + ends.failed < 2)
                loop_turn(f->loop, true);
        assert_int_equal(ends.ok, 1);
        assert_int_equal(f->driver->host.domains->len, 1);
}

static void test_start_suspend_resume_destroy(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");

        str_clear(&f->events);
        assert_true(verb(f, d, VERB_START, NULL));
        assert_int_equal(d->state, DOMAIN_RUNNING);
        assert_int_equal(d->id, 1);
        assert_true(verb(f, d, VERB_SUSPEND, NULL));
        assert_true(verb(f, d, VERB_SUSPEND, NULL)); /* no-op */
        assert_int_equal(d->state, DOMAIN_PAUSED);
        assert_true(verb(f, d, VERB_RESUME, NULL));
        assert_verb_fails(f, verb(f, d, VERB_RESUME, NULL), OPERATION_INVALID,
                          "domain is already running");
        assert_true(verb(f, d, VERB_DESTROY, NULL));
        assert_int_equal(d->state, DOMAIN_SHUTOFF);
        assert_int_equal(d->id, -1);
        assert_string_equal(f->events.text,
                            "RESUMED_UNPAUSED STARTED_BOOTED SUSPENDED_PAUSED RESUMED_UNPAUSED "
                            "STOPPED_DESTROYED ");
        assert_verb_fails(f, verb(f, d, VERB_DESTROY, NULL), OPERATION_INVALID,
                          "domain is not running");
}

static void test_create_makes_a_transient_domain_that_goes(void **state)
{
        EngineFixture *f = *state;
        Domain *d;

        assert_true(verb_xml(f, VERB_CREATE, "fly"));
        d = named(f, "fly");
        assert_non_null(d);
        assert_false(domain_persistent(d));
        assert_verb_fails(f, verb(f, d, VERB_MANAGED_SAVE, NULL), OPERATION_INVALID,
                          "cannot do managed save for transient domain");
        assert_true(verb(f, d, VERB_DESTROY, NULL));
        assert_null(named(f, "fly"));
        assert_int_equal(f->driver->host.domains->len, 0);
}

static void test_a_transient_guest_lives_through_a_restart(void **state)
{
        EngineFixture *f = *state;

        assert_true(verb_xml(f, VERB_CREATE, "fly"));
        fixture_restart(f);
        assert_non_null(named(f, "fly"));
        assert_int_equal(named(f, "fly")->state, DOMAIN_RUNNING);
        assert_int_equal(named(f, "fly")->id, 1);
        assert_string_equal(f->events.text ? f->events.text : "", "");
}

static void test_undefine_of_a_running_domain_makes_it_transient(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");

        assert_true(verb(f, d, VERB_START, NULL));
        assert_true(verb(f, d, VERB_UNDEFINE, NULL));
        assert_ptr_equal(named(f, "vm1"), d);
        assert_false(domain_persistent(d));
        assert_true(verb(f, d, VERB_DESTROY, NULL));
        assert_null(named(f, "vm1"));
}

static void test_managed_save_and_start_from_it(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");
        _cleanup_(free_ptr) char *path = path_join(f->root, "lib/save/vm1.save");

        assert_true(verb(f, d, VERB_START, NULL));
        str_clear(&f->events);
        assert_true(verb(f, d, VERB_MANAGED_SAVE, NULL));
        assert_string_equal(f->events.text, "SUSPENDED_PAUSED JOB_COMPLETED STOPPED_SAVED ");
        assert_string_equal(d->image.path, path);
        assert_int_equal(access(path, F_OK), 0);
        assert_verb_fails(f, verb(f, d, VERB_UNDEFINE, NULL), OPERATION_INVALID,
                          "Refusing to undefine while domain managed save image exists");

        fixture_restart(f);
        d = named(f, "vm1");
        assert_non_null(d->image.path);
        assert_true(verb(f, d, VERB_START, NULL));
        assert_string_equal(f->events.text, "STARTED_RESTORED RESUMED_RESTORED ");
        assert_null(d->image.path);
        assert_int_not_equal(access(path, F_OK), 0);
}

static void test_managed_save_remove(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");

        assert_verb_fails(f, verb(f, d, VERB_MANAGED_SAVE_REMOVE, NULL), SYSTEM, "No such file");
        assert_true(verb(f, d, VERB_START, NULL));
        assert_true(verb(f, d, VERB_MANAGED_SAVE, NULL));
        assert_true(verb(f, d, VERB_MANAGED_SAVE_REMOVE, NULL));
        assert_null(d->image.path);
        assert_true(verb(f, d, VERB_UNDEFINE, NULL));
}

static void test_restore_of_a_missing_image_names_it(void **state)
{
        EngineFixture *f = *state;
        OpArgs args;

        op_args_init(&args);
        args.path = xstrdup("/nowhere/vm1.sav");
        assert_verb_fails(f, verb(f, NULL, VERB_RESTORE, &args), SYSTEM, "/nowhere/vm1.sav");
}

static void test_a_second_change_waits_for_the_first(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");

        assert_int_equal(engine_submit(f->engine, f->driver, d, VERB_START, NULL, NULL, NULL,
                                       NULL, NULL),
                         0);
        assert_non_null(d->holder);
        assert_true(verb(f, d, VERB_SUSPEND, NULL)); /* waited for the start */
        assert_int_equal(d->state, DOMAIN_PAUSED);
}

static void test_the_queue_of_a_domain_is_bounded(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");
        Error err = {};
        int r = 0, n = 0;

        while (r == 0 && n < 1000) {
                r = engine_submit(f->engine, f->driver, d, VERB_START, NULL, NULL, NULL, NULL,
                                  &err);
                n++;
        }
        assert_int_equal(r, -ERROR_BUSY);
        assert_true(n < 1000);
        error_done(&err);
        while (d->holder)
                loop_turn(f->loop, true);
}

static void test_a_forgotten_call_is_never_told(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");
        EngineCall *call;

        f->waiting = true;
        assert_int_equal(engine_submit(f->engine, f->driver, d, VERB_START, NULL,
                                       fixture_verb_done, f, &call, NULL),
                         0);
        engine_forget(call);
        while (d->holder)
                loop_turn(f->loop, true);
        assert_true(f->waiting);
        assert_int_equal(d->state, DOMAIN_RUNNING); /* the operation went on */
}

static void test_no_job_to_abort(void **state)
{
        EngineFixture *f = *state;
        Domain *d = define(f, "vm1");
        Error err = {};

        assert_true(verb(f, d, VERB_START, NULL));
        assert_error(engine_abort_job(d, &err), OPERATION_INVALID);
}

static void test_autostart_is_kept_and_served_once_a_boot(void **state)
{
        EngineFixture *f = *state;
        _cleanup_(free_ptr) char *marker = path_join(f->root, "run/autostarted");
        Domain *d = define(f, "vm1");
        OpArgs args;

        op_args_init(&args);
        args.autostart = true;
        assert_true(verb(f, d, VERB_SET_AUTOSTART, &args));
        fixture_restart(f);
        assert_true(named(f, "vm1")->autostart);
        assert_false(domain_active(named(f, "vm1"))); /* this boot was served */

        assert_int_equal(unlink(marker), 0); /* the host starts again */
        fixture_restart(f);
        assert_int_equal(named(f, "vm1")->state, DOMAIN_RUNNING);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, engine_set_up, engine_tear_down)
        const struct CMUnitTest tests[] = {
                T(define_makes_a_persistent_domain),
                T(a_second_uuid_for_a_name_is_refused),
                T(a_bad_document_changes_nothing),
                T(two_defines_of_one_name_at_once_make_one),
                T(start_suspend_resume_destroy),
                T(create_makes_a_transient_domain_that_goes),
                T(a_transient_guest_lives_through_a_restart),
                T(undefine_of_a_running_domain_makes_it_transient),
                T(managed_save_and_start_from_it),
                T(managed_save_remove),
                T(restore_of_a_missing_image_names_it),
                T(a_second_change_waits_for_the_first),
                T(the_queue_of_a_domain_is_bounded),
                T(a_forgotten_call_is_never_told),
                T(no_job_to_abort),
                T(autostart_is_kept_and_served_once_a_boot),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
