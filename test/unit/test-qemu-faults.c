/* The QEMU driver against a QEMU that goes wrong: whatever it does and wherever, the domain is as
 * before or off, no process and no file is left over, and the error says what happened. */
#include "qemu-fixture.h"

#include "base/fd.h"
#include "qemu/guest.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>

/* Files below a folder of the root whose names are not those of the driver's own. */
static unsigned files_in(const QemuFixture *f, const char *folder)
{
        _cleanup_(free_ptr) char *path = path_join(f->root, folder);
        DIR *dir = opendir(path);
        struct dirent *entry;
        unsigned n = 0;

        assert_non_null(dir);
        while ((entry = readdir(dir)))
                n += entry->d_name[0] != '.';
        closedir(dir);
        return n;
}

/* Waits for the verb. Where QEMU falls silent on the way, time passes until it is given up. */
static void wait_in_time(QemuFixture *f)
{
        while (f->waiting) {
                loop_turn(f->loop, false);
                if (log_says(f, "silent at"))
                        loop_advance(f->loop, 1000);
                (void) poll(NULL, 0, 1); /* what the log will say makes no event */
        }
}

static bool verb_in_time(QemuFixture *f, Domain *d, DomainVerb which)
{
        error_done(&f->error);
        verb_begin(f, d, which, NULL);
        wait_in_time(f);
        return !error_is_set(&f->error);
}

static void remove_log(const QemuFixture *f)
{
        _cleanup_(free_ptr) char *path = path_join(f->root, "log/qemu/guest.log");

        (void) unlink(path);
}

/* One start that fails before it is told to anybody. */
static void start_fails(QemuFixture *f, const char *rules, ErrorCode code, const char *words)
{
        Domain *d = define_fake(f, rules);

        str_clear(&f->events);
        if (verb_in_time(f, d, VERB_START))
                fail_msg("start with %s succeeds", rules);
        if (f->error.code != code || !strstr(f->error.message, words))
                fail_msg("%s: %s: %s", rules, error_code_name(f->error.code), f->error.message);
        assert_events(f, "");
        assert_false(domain_active(d));
        assert_null(d->driver_state);
        assert_int_equal(files_in(f, "run/qemu"), 0);
        remove_log(f);
}

static void a_start_that_fails_leaves_nothing(void **state)
{
        static const char *const steps[] = {"greeting", "qmp_capabilities", "query-status",
                                            "query-chardev"};
        static const struct {
                const char *what;
                ErrorCode code;
                const char *words;
        } ways[] = {
                {"die", ERROR_OPERATION_FAILED, "(exit status 1): fake QEMU dies at "},
                {"crash", ERROR_OPERATION_FAILED, "killed by signal 9"},
                {"garbage", ERROR_PROTOCOL, "no QMP message"},
                {"half", ERROR_OPERATION_FAILED, "connection closed"},
                {"huge", ERROR_PROTOCOL, "longer than"},
                {"deep", ERROR_PROTOCOL, "nests deeper"},
                {"silence", ERROR_TIMEOUT, ""},
        };
        QemuFixture *f = *state;

        loop_use_fake_clock(f->loop);
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                for (size_t k = 0; k < ELEMENTSOF(ways); k++) {
                        _cleanup_(free_ptr) char *rule = xasprintf("%s:%s", steps[i], ways[k].what);

                        start_fails(f, rule, ways[k].code, ways[k].words);
                }
        start_fails(f, "query-chardev:error", ERROR_OPERATION_FAILED, "refused as told");
        start_fails(f, "qmp_capabilities:error", ERROR_PROTOCOL, "refused as told");
}

static void unknown_events_do_no_harm(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_fake(f, "query-status:events,cont:events");

        assert_verb(f, d, VERB_START, NULL);
        assert_int_equal(d->state, DOMAIN_RUNNING);
}

static void a_guest_that_dies_when_it_is_resumed_is_off(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_fake(f, "cont:die");

        (void) verb(f, d, VERB_START, NULL); /* it was begun, and may be told so */
        wait_until_off(f, d);
        assert_int_equal(files_in(f, "run/qemu"), 0);
}

static void the_fake_saves_and_restores(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_fake(f, "");

        assert_verb(f, d, VERB_START, NULL);
        assert_verb(f, d, VERB_MANAGED_SAVE, NULL);
        assert_int_equal(files_in(f, "lib/save"), 1);
        assert_int_equal(d->image.size / 1024 / 1024, 3);
        assert_verb(f, d, VERB_START, NULL);
        assert_int_equal(d->reason, REASON_RESTORED);
        assert_int_equal(files_in(f, "lib/save"), 0);
}

static void a_save_that_fails_resumes_the_guest(void **state)
{
        static const char *const rules[] = {
                "stop:error",
                "migrate-set-capabilities:error",
                "migrate-set-parameters:error",
                "getfd:error",
                "migrate:error",
                "migrate:fail",
        };
        QemuFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
                Domain *d = define_fake(f, rules[i]);

                assert_verb(f, d, VERB_START, NULL);
                str_clear(&f->events);
                if (verb(f, d, VERB_MANAGED_SAVE, NULL))
                        fail_msg("%s: saved", rules[i]);
                assert_non_null(strstr(f->error.message, "as told"));
                assert_int_equal(d->state, DOMAIN_RUNNING);
                assert_events(f, i == 0 ? "" : "SUSPENDED_PAUSED RESUMED_UNPAUSED ");
                assert_int_equal(files_in(f, "lib/save"), 0);
                assert_null(d->image.path);
                assert_verb(f, d, VERB_DESTROY, NULL);
        }
}

static void a_save_whose_qemu_dies_leaves_the_domain_off_without_an_image(void **state)
{
        static const char *const steps[] = {"stop", "migrate-set-capabilities",
                                            "migrate-set-parameters", "getfd", "migrate"};
        static const char *const ways[] = {"die", "crash"};
        QemuFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                for (size_t k = 0; k < ELEMENTSOF(ways); k++) {
                        _cleanup_(free_ptr) char *rule = xasprintf("%s:%s", steps[i], ways[k]);
                        Domain *d = define_fake(f, rule);

                        assert_verb(f, d, VERB_START, NULL);
                        if (verb(f, d, VERB_MANAGED_SAVE, NULL))
                                fail_msg("%s: saved", rule);
                        assert_non_null(strstr(f->error.message, "QEMU process of domain"));
                        wait_until_off(f, d);
                        assert_int_equal(files_in(f, "lib/save"), 0);
                        assert_null(d->image.path);
                        assert_int_equal(d->reason, REASON_CRASHED);
                }
}

static void a_save_whose_monitor_goes_wrong_ends(void **state)
{
        static const char *const steps[] = {"stop", "migrate-set-capabilities", "getfd", "migrate"};
        static const char *const ways[] = {"garbage", "half", "huge", "deep", "silence"};
        QemuFixture *f = *state;

        loop_use_fake_clock(f->loop);
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                for (size_t k = 0; k < ELEMENTSOF(ways); k++) {
                        _cleanup_(free_ptr) char *rule = xasprintf("%s:%s", steps[i], ways[k]);
                        Domain *d = define_fake(f, rule);

                        assert_verb(f, d, VERB_START, NULL);
                        if (verb_in_time(f, d, VERB_MANAGED_SAVE))
                                fail_msg("%s: saved", rule);
                        assert_true(domain_active(d)); /* its process lives, and so does it */
                        assert_int_equal(files_in(f, "lib/save"), 0);
                        assert_verb(f, d, VERB_DESTROY, NULL);
                        assert_int_equal(d->reason, REASON_DESTROYED);
                        remove_log(f);
                }
}

static void a_save_that_is_stuck_can_be_cancelled(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_fake(f, "migrate:stuck");
        Error err = {};

        assert_verb(f, d, VERB_START, NULL);
        error_done(&f->error);
        verb_begin(f, d, VERB_MANAGED_SAVE, NULL);
        while (!d->holder || !d->holder->progress.total)
                loop_turn(f->loop, true);
        assert_ok(engine_abort_job(d, &err));
        fixture_wait(f);
        assert_int_equal(f->error.code, ERROR_ABORTED);
        assert_int_equal(d->state, DOMAIN_RUNNING);
        assert_int_equal(files_in(f, "lib/save"), 0);
}

static void a_stuck_save_that_ignores_its_cancel_is_given_up(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_fake(f, "migrate:stuck,migrate_cancel:silence");
        Error err = {};

        loop_use_fake_clock(f->loop);
        assert_verb(f, d, VERB_START, NULL);
        error_done(&f->error);
        verb_begin(f, d, VERB_MANAGED_SAVE, NULL);
        while (!d->holder || !str_eq(op_current_step(d->holder)->name, "write memory") ||
               !qemu_guest(d)->migration)
                loop_turn(f->loop, true);
        assert_ok(engine_abort_job(d, &err));
        wait_in_time(f);
        assert_int_equal(f->error.code, ERROR_ABORTED);
        assert_int_equal(files_in(f, "lib/save"), 0);
        assert_verb(f, d, VERB_DESTROY, NULL);
}

/* Makes a managed save image, then a domain whose QEMU goes wrong. */
static Domain *saved_then(QemuFixture *f, const char *rules)
{
        Domain *d = define_fake(f, "");

        if (!d->image.path) {
                assert_verb(f, d, VERB_START, NULL);
                assert_verb(f, d, VERB_MANAGED_SAVE, NULL);
        }
        /* the image remembers its emulator: what it names goes wrong now */
        _cleanup_(free_ptr) char *named = fake_qemu(f, "");
        _cleanup_(free_ptr) char *bad = fake_qemu(f, rules);
        assert_int_equal(unlink(named), 0);
        _cleanup_(free_ptr) char *script = xasprintf("#!/bin/bash\nexec -a '%s' '%s' \"$@\"\n", bad,
                                                     getenv("OSTLER_FAKE_QEMU"));
        assert_int_equal(file_write_atomic(named, script, strlen(script), 0755, NULL), 0);
        return d;
}

static void a_restore_that_fails_keeps_the_image(void **state)
{
        static const char *const steps[] = {"query-status", "migrate-set-capabilities", "getfd",
                                            "migrate-incoming"};
        static const char *const ways[] = {"die", "crash", "error", "garbage", "half", "silence"};
        QemuFixture *f = *state;

        loop_use_fake_clock(f->loop);
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                for (size_t k = 0; k < ELEMENTSOF(ways); k++) {
                        _cleanup_(free_ptr) char *rule = xasprintf("%s:%s", steps[i], ways[k]);
                        Domain *d = saved_then(f, rule);

                        str_clear(&f->events);
                        if (verb_in_time(f, d, VERB_START))
                                fail_msg("%s: restored", rule);
                        assert_events(f, "");
                        assert_false(domain_active(d));
                        assert_non_null(d->image.path);
                        assert_int_equal(files_in(f, "lib/save"), 1);
                        assert_int_equal(files_in(f, "run/qemu"), 0);
                        remove_log(f);
                }
        Domain *d = saved_then(f, "migrate-incoming:fail");
        assert_false(verb(f, d, VERB_START, NULL));
        assert_non_null(strstr(f->error.message, "load of migration failed"));
        d = saved_then(f, "");
        assert_verb(f, d, VERB_START, NULL);
        assert_int_equal(d->reason, REASON_RESTORED);
}

static void a_restore_that_is_stuck_can_be_cancelled(void **state)
{
        QemuFixture *f = *state;
        Domain *d = saved_then(f, "migrate-incoming:stuck");
        Error err = {};

        error_done(&f->error);
        verb_begin(f, d, VERB_START, NULL);
        while (!d->holder || !d->holder->progress.total)
                loop_turn(f->loop, true);
        assert_ok(engine_abort_job(d, &err));
        fixture_wait(f);
        assert_int_equal(f->error.code, ERROR_ABORTED);
        assert_false(domain_active(d));
        assert_non_null(d->image.path);
}

static void a_guest_that_shuts_down_says_so(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_fake(f, "");

        assert_verb(f, d, VERB_START, NULL);
        str_clear(&f->events);
        assert_verb(f, d, VERB_SHUTDOWN, NULL);
        wait_until_off(f, d);
        assert_events(f, "SHUTDOWN_GUEST STOPPED_SHUTDOWN ");
        assert_int_equal(d->reason, REASON_SHUTDOWN);
}

static void a_binary_that_cannot_be_asked_is_refused_at_define(void **state)
{
        static const struct {
                const char *name, *words;
        } binaries[] = {
                {"probe,greeting:die", "fake QEMU dies at greeting"},
                {"probe,greeting:garbage", "no QMP message"},
                {"probe,qom-list-types:die", "fake QEMU dies at qom-list-types"},
                {"probe,query-machines:error", "refused as told"},
                {"probe,query-version:crash", "killed by signal 9"},
        };
        QemuFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(binaries); i++) {
                _cleanup_(free_ptr) char *path = path_join(f->root, binaries[i].name);
                OpArgs args;

                assert_int_equal(symlink(getenv("OSTLER_FAKE_QEMU"), path), 0);
                op_args_init(&args);
                args.xml = guest_xml(path, "");
                assert_false(verb(f, NULL, VERB_DEFINE, &args));
                if (!strstr(f->error.message, binaries[i].words) || !strstr(f->error.message, path))
                        fail_msg("%s: %s", binaries[i].name, f->error.message);
                assert_null(guest_of(f));
        }
}

#define fault_test(name) cmocka_unit_test_setup_teardown(name, qemu_set_up, qemu_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                fault_test(a_start_that_fails_leaves_nothing),
                fault_test(unknown_events_do_no_harm),
                fault_test(a_guest_that_dies_when_it_is_resumed_is_off),
                fault_test(the_fake_saves_and_restores),
                fault_test(a_save_that_fails_resumes_the_guest),
                fault_test(a_save_whose_qemu_dies_leaves_the_domain_off_without_an_image),
                fault_test(a_save_whose_monitor_goes_wrong_ends),
                fault_test(a_save_that_is_stuck_can_be_cancelled),
                fault_test(a_stuck_save_that_ignores_its_cancel_is_given_up),
                fault_test(a_restore_that_fails_keeps_the_image),
                fault_test(a_restore_that_is_stuck_can_be_cancelled),
                fault_test(a_guest_that_shuts_down_says_so),
                fault_test(a_binary_that_cannot_be_asked_is_refused_at_define),
        };

        if (!getenv("OSTLER_FAKE_QEMU")) {
                fprintf(stderr, "OSTLER_FAKE_QEMU names no program\n");
                return 1;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
