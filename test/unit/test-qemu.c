/* The QEMU driver as a whole: the verbs over an engine, on real QEMU, and the next daemon. */
#include "qemu-fixture.h"

#include "qemu/guest.h"

#include <signal.h>
#include <sys/wait.h>

static bool file_is_there(const QemuFixture *f, const char *name)
{
        _cleanup_(free_ptr) char *path = path_join(f->root, name);

        return access(path, F_OK) == 0;
}

static void a_guest_starts_pauses_resumes_and_is_destroyed(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "<serial type='pty'/>");

        str_clear(&f->events);
        assert_verb(f, d, VERB_START, NULL);
        assert_events(f, "RESUMED_UNPAUSED STARTED_BOOTED ");
        assert_int_equal(d->state, DOMAIN_RUNNING);
        assert_int_equal(d->reason, REASON_BOOTED);
        assert_non_null(d->live->serials.items[0].source.data.pty.path);
        assert_non_null(d->live->consoles.items[0].tty);

        assert_verb(f, d, VERB_SUSPEND, NULL);
        assert_int_equal(d->state, DOMAIN_PAUSED);
        assert_int_equal(d->reason, REASON_USER);
        assert_events(f, "SUSPENDED_PAUSED ");
        assert_verb(f, d, VERB_RESUME, NULL);
        assert_int_equal(d->state, DOMAIN_RUNNING);
        assert_int_equal(d->reason, REASON_UNPAUSED);
        assert_events(f, "RESUMED_UNPAUSED ");

        assert_verb(f, d, VERB_DESTROY, NULL);
        assert_events(f, "SHUTDOWN_HOST STOPPED_DESTROYED ");
        assert_int_equal(d->state, DOMAIN_SHUTOFF);
        assert_int_equal(d->reason, REASON_DESTROYED);
        assert_null(d->driver_state);
        assert_false(file_is_there(f, "run/qemu/" GUEST_UUID ".qmp"));
}

static void a_guest_starts_paused(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");
        OpArgs args;

        op_args_init(&args);
        args.paused = true;
        str_clear(&f->events);
        assert_verb(f, d, VERB_START, &args);
        assert_events(f, "STARTED_BOOTED SUSPENDED_PAUSED ");
        assert_int_equal(d->state, DOMAIN_PAUSED);
}

static void managed_save_and_start_bring_the_guest_back(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");

        assert_verb(f, d, VERB_START, NULL);
        str_clear(&f->events);
        assert_verb(f, d, VERB_MANAGED_SAVE, NULL);
        assert_events(f, "SUSPENDED_PAUSED JOB_COMPLETED STOPPED_SAVED ");
        assert_int_equal(d->state, DOMAIN_SHUTOFF);
        assert_int_equal(d->reason, REASON_SAVED);
        assert_non_null(d->image.path);
        assert_true(d->image.size > 4096);
        assert_true(file_is_there(f, "lib/save/guest.save"));
        assert_false(file_is_there(f, "lib/save/guest.save.partial"));

        assert_verb(f, d, VERB_START, NULL);
        assert_events(f, "STARTED_RESTORED RESUMED_RESTORED ");
        assert_int_equal(d->state, DOMAIN_RUNNING);
        assert_int_equal(d->reason, REASON_RESTORED);
        assert_null(d->image.path);
        assert_false(file_is_there(f, "lib/save/guest.save"));
}

static void a_guest_saved_paused_comes_back_paused(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");

        assert_verb(f, d, VERB_START, NULL);
        assert_verb(f, d, VERB_SUSPEND, NULL);
        str_clear(&f->events);
        assert_verb(f, d, VERB_MANAGED_SAVE, NULL);
        assert_events(f, "JOB_COMPLETED STOPPED_SAVED ");
        assert_verb(f, d, VERB_START, NULL);
        assert_events(f, "STARTED_RESTORED SUSPENDED_RESTORED ");
        assert_int_equal(d->state, DOMAIN_PAUSED);
        assert_verb(f, d, VERB_RESUME, NULL);
        assert_int_equal(d->state, DOMAIN_RUNNING);
}

static void the_next_daemon_finds_the_guest(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "<serial type='pty'/>");
        int64_t id;
        pid_t pid;

        assert_verb(f, d, VERB_START, NULL);
        id = d->id;
        pid = child_pid(qemu_guest(d)->child);
        fixture_restart(f);
        d = guest_of(f);
        assert_true(domain_active(d));
        assert_int_equal(d->id, id);
        assert_int_equal(child_pid(qemu_guest(d)->child), pid);
        assert_int_equal(d->state, DOMAIN_RUNNING);
        assert_non_null(d->live->serials.items[0].source.data.pty.path);
        assert_events(f, "");

        assert_verb(f, d, VERB_SUSPEND, NULL);
        fixture_restart(f);
        d = guest_of(f);
        assert_int_equal(d->state, DOMAIN_PAUSED);
        assert_verb(f, d, VERB_MANAGED_SAVE, NULL);
        fixture_restart(f);
        d = guest_of(f);
        assert_false(domain_active(d));
        assert_non_null(d->image.path);
        assert_verb(f, d, VERB_START, NULL);
}

static void a_guest_that_ended_between_two_daemons_is_off(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");
        pid_t pid;

        assert_verb(f, d, VERB_START, NULL);
        pid = child_pid(qemu_guest(d)->child);
        fixture_close(f);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        str_clear(&f->events);
        fixture_begin(f);
        fixture_wait(f);
        d = guest_of(f);
        assert_false(domain_active(d));
        assert_events(f, "STOPPED_FAILED ");
        assert_verb(f, d, VERB_START, NULL);
}

static void a_qemu_that_is_killed_is_seen_at_once(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");

        assert_verb(f, d, VERB_START, NULL);
        str_clear(&f->events);
        assert_int_equal(kill(child_pid(qemu_guest(d)->child), SIGKILL), 0);
        while (domain_active(d))
                loop_turn(f->loop, true);
        assert_events(f, "STOPPED_FAILED ");
        assert_int_equal(d->reason, REASON_CRASHED);
}

static void a_frozen_guest_is_destroyed_at_once(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");

        assert_verb(f, d, VERB_START, NULL);
        assert_int_equal(kill(child_pid(qemu_guest(d)->child), SIGSTOP), 0);
        verb_begin(f, d, VERB_SUSPEND, NULL); /* waits for an answer that never comes */
        verb_begin(f, d, VERB_DESTROY, NULL);
        fixture_wait(f);
        assert_int_equal(f->error.code, ERROR_ABORTED); /* of the suspend */
        assert_false(domain_active(d));
        assert_int_equal(d->reason, REASON_DESTROYED);
}

static void a_frozen_guest_of_an_earlier_daemon_is_active_and_can_be_destroyed(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");

        qemu_settings.command_ms = 200;
        assert_verb(f, d, VERB_START, NULL);
        assert_int_equal(kill(child_pid(qemu_guest(d)->child), SIGSTOP), 0);
        fixture_restart(f); /* with the short deadline */
        d = guest_of(f);
        assert_true(domain_active(d));
        assert_int_equal(d->reason, REASON_STARTING_UP); /* nobody told more */

        /* It wakes, and then its state is right. */
        assert_int_equal(kill(child_pid(qemu_guest(d)->child), SIGCONT), 0);
        while (d->state != DOMAIN_RUNNING)
                loop_turn(f->loop, true);
        qemu_settings.command_ms = 30000;
}

static void a_missing_emulator_and_a_missing_disk_are_named(void **state)
{
        QemuFixture *f = *state;
        _cleanup_(free_ptr) char *xml = guest_xml("/nonexistent/qemu", "");
        OpArgs args;
        Domain *d;

        op_args_init(&args);
        args.xml = xstrdup(xml);
        assert_false(verb(f, NULL, VERB_DEFINE, &args));
        assert_int_equal(f->error.code, ERROR_SYSTEM);
        assert_non_null(strstr(f->error.message,
                               "Cannot check QEMU binary /nonexistent/qemu: No such file"));

        d = define_guest(f, "<disk type='file'><source file='/nonexistent/disk'/>"
                            "<target dev='vda' bus='virtio'/></disk>");
        assert_false(verb(f, d, VERB_START, NULL));
        assert_int_equal(f->error.code, ERROR_SYSTEM);
        assert_non_null(strstr(f->error.message, "Cannot access storage file '/nonexistent/disk': "
                                                 "No such file or directory"));
        assert_false(domain_active(d));
}

static void what_qemu_says_when_it_dies_at_start_is_in_the_error(void **state)
{
        QemuFixture *f = *state;
        Domain *d;
        _cleanup_(free_ptr) char *devices = xasprintf(
                "<disk type='file'><driver name='qemu' type='qcow2'/>"
                "<source file='%s/lib/ostler.db'/><target dev='vda' bus='virtio'/></disk>",
                f->root);

        d = define_guest(f, devices);
        str_clear(&f->events);
        assert_false(verb(f, d, VERB_START, NULL));
        assert_non_null(strstr(f->error.message, "Image is not in qcow2 format"));
        assert_events(f, "");
        assert_false(domain_active(d));
        assert_false(file_is_there(f, "run/qemu/" GUEST_UUID ".qmp"));
}

static void a_save_that_is_cancelled_resumes_the_guest(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");
        Error err = {};

        assert_verb(f, d, VERB_START, NULL);
        str_clear(&f->events);
        error_done(&f->error);
        verb_begin(f, d, VERB_MANAGED_SAVE, NULL);
        while (!d->holder || !str_eq(op_current_step(d->holder)->name, "write memory"))
                loop_turn(f->loop, true);
        assert_ok(engine_abort_job(d, &err));
        fixture_wait(f);
        assert_int_equal(f->error.code, ERROR_ABORTED);
        assert_events(f, "SUSPENDED_PAUSED RESUMED_UNPAUSED ");
        assert_int_equal(d->state, DOMAIN_RUNNING);
        assert_int_equal(d->reason, REASON_SAVE_CANCELED);
        assert_null(d->image.path);
        assert_false(file_is_there(f, "lib/save/guest.save"));
        assert_false(file_is_there(f, "lib/save/guest.save.partial"));
}

static void a_damaged_image_is_refused_and_stays(void **state)
{
        QemuFixture *f = *state;
        Domain *d = define_guest(f, "");
        FILE *file;
        char byte;

        assert_verb(f, d, VERB_START, NULL);
        assert_verb(f, d, VERB_MANAGED_SAVE, NULL);
        file = fopen(d->image.path, "r+");
        assert_int_equal(fseek(file, -3000, SEEK_END), 0);
        byte = (char) fgetc(file);
        assert_int_equal(fseek(file, -3000, SEEK_END), 0);
        fputc(byte ^ 1, file);
        fclose(file);

        str_clear(&f->events);
        assert_false(verb(f, d, VERB_START, NULL));
        assert_int_equal(f->error.code, ERROR_BAD_IMAGE);
        assert_non_null(strstr(f->error.message, d->image.path));
        assert_events(f, "");
        assert_false(domain_active(d));
        assert_true(file_is_there(f, "lib/save/guest.save"));
}

#define qemu_test(name) cmocka_unit_test_setup_teardown(name, qemu_set_up, qemu_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                qemu_test(a_guest_starts_pauses_resumes_and_is_destroyed),
                qemu_test(a_guest_starts_paused),
                qemu_test(managed_save_and_start_bring_the_guest_back),
                qemu_test(a_guest_saved_paused_comes_back_paused),
                qemu_test(the_next_daemon_finds_the_guest),
                qemu_test(a_guest_that_ended_between_two_daemons_is_off),
                qemu_test(a_qemu_that_is_killed_is_seen_at_once),
                qemu_test(a_frozen_guest_is_destroyed_at_once),
                qemu_test(a_frozen_guest_of_an_earlier_daemon_is_active_and_can_be_destroyed),
                qemu_test(a_missing_emulator_and_a_missing_disk_are_named),
                qemu_test(what_qemu_says_when_it_dies_at_start_is_in_the_error),
                qemu_test(a_save_that_is_cancelled_resumes_the_guest),
                qemu_test(a_damaged_image_is_refused_and_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
