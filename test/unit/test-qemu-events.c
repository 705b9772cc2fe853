/* QMP events: what each makes of the domain. The QEMU is the fake one; events are told directly. */
#include "qemu-fixture.h"

#include "qemu/events.h"
#include "qemu/guest.h"

static void tell(Domain *d, const char *event, const char *data)
{
        json_t *value = data ? json_loads(data, 0, NULL) : NULL;

        assert_true(!data || value);
        qemu_event(qemu_guest(d), event, value);
        json_decref(value);
}

static Domain *start(QemuFixture *f, const char *rules, const char *lifecycle)
{
        _cleanup_(free_ptr) char *emulator = fake_qemu(f, rules);
        _cleanup_(free_ptr) char *plain = guest_xml(emulator, "");
        const char *devices = strstr(plain, "<devices>");
        _cleanup_(free_ptr) char *xml =
                xasprintf("%.*s%s%s", (int) (devices - plain), plain, lifecycle, devices);
        Domain *d = define_xml(f, xml);

        assert_verb(f, d, VERB_START, NULL);
        str_clear(&f->events);
        return d;
}

static void each_event_has_its_state_reason_and_word(void **state)
{
        static const struct {
                const char *first, *first_data, *then, *then_data;
                DomainState state;
                DomainReason reason;
                const char *events;
        } cases[] = {
                {"STOP", NULL, NULL, NULL, DOMAIN_PAUSED, REASON_UNKNOWN, "SUSPENDED_PAUSED "},
                {"STOP", NULL, "RESUME", NULL, DOMAIN_RUNNING, REASON_UNPAUSED,
                 "SUSPENDED_PAUSED RESUMED_UNPAUSED "},
                {"BLOCK_IO_ERROR", "{\"action\": \"stop\"}", "STOP", NULL, DOMAIN_PAUSED,
                 REASON_IOERROR, "SUSPENDED_IOERROR "},
                {"BLOCK_IO_ERROR", "{\"action\": \"report\"}", "STOP", NULL, DOMAIN_PAUSED,
                 REASON_UNKNOWN, "SUSPENDED_PAUSED "},
                {"WATCHDOG", "{\"action\": \"pause\"}", "STOP", NULL, DOMAIN_PAUSED,
                 REASON_WATCHDOG, "SUSPENDED_WATCHDOG "},
                {"SUSPEND", NULL, NULL, NULL, DOMAIN_PMSUSPENDED, REASON_UNKNOWN,
                 "PMSUSPENDED_MEMORY "},
                {"SUSPEND", NULL, "WAKEUP", NULL, DOMAIN_RUNNING, REASON_WAKEUP,
                 "PMSUSPENDED_MEMORY STARTED_WAKEUP "},
                {"RESET", "{\"guest\": true}", NULL, NULL, DOMAIN_RUNNING, REASON_BOOTED,
                 "REBOOT "},
                {"GUEST_PANICKED", "{\"action\": \"pause\"}", "STOP", NULL, DOMAIN_CRASHED,
                 REASON_PANICKED, "CRASHED_PANICKED "},
                {"GUEST_PANICKED", "{\"action\": \"run\"}", NULL, NULL, DOMAIN_RUNNING,
                 REASON_BOOTED, ""},
                {"SHUTDOWN", "{\"guest\": true}", "STOP", NULL, DOMAIN_SHUTDOWN, REASON_UNKNOWN,
                 "SHUTDOWN_GUEST "},
                {"SHUTDOWN", "{\"guest\": false}", NULL, NULL, DOMAIN_SHUTDOWN, REASON_UNKNOWN,
                 "SHUTDOWN_HOST "},
                {"NOBODY_KNOWS", "{}", "MIGRATION", "{\"status\": \"completed\"}", DOMAIN_RUNNING,
                 REASON_BOOTED, ""},
                {"SHUTDOWN", NULL, "RESET", NULL, DOMAIN_SHUTDOWN, REASON_UNKNOWN,
                 "SHUTDOWN_HOST REBOOT "},
        };
        QemuFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Domain *d = start(f, "", "");

                tell(d, cases[i].first, cases[i].first_data);
                if (cases[i].then)
                        tell(d, cases[i].then, cases[i].then_data);
                if (d->state != cases[i].state || d->reason != cases[i].reason)
                        fail_msg("case %zu: %s, %s", i, domain_state_text(d->state),
                                 domain_reason_text(d->reason));
                assert_events(f, cases[i].events);
                assert_verb(f, d, VERB_DESTROY, NULL);
                str_clear(&f->events);
        }
}

static void how_it_ended_is_told_by_what_came_before(void **state)
{
        static const struct {
                const char *event, *data;
                DomainReason reason;
                const char *last;
        } cases[] = {
                {NULL, NULL, REASON_CRASHED, "STOPPED_FAILED "},
                {"SHUTDOWN", "{\"guest\": true}", REASON_SHUTDOWN, "STOPPED_SHUTDOWN "},
                {"SHUTDOWN", "{\"guest\": false}", REASON_SHUTDOWN, "STOPPED_SHUTDOWN "},
                {"GUEST_PANICKED", "{\"action\": \"poweroff\"}", REASON_CRASHED,
                 "STOPPED_CRASHED "},
        };
        QemuFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Domain *d = start(f, "", "");

                if (cases[i].event)
                        tell(d, cases[i].event, cases[i].data);
                qemu_guest_kill(d);
                wait_until_off(f, d);
                assert_int_equal(d->reason, cases[i].reason);
                assert_true(str_ends(f->events.text, cases[i].last));
        }
}

static void the_balloon_tells_the_guests_memory(void **state)
{
        QemuFixture *f = *state;
        Domain *d = start(f, "", "");

        tell(d, "BALLOON_CHANGE", "{\"actual\": 16777216}");
        assert_int_equal(d->stats.balloon_kib, 16384);
        tell(d, "BALLOON_CHANGE", "{\"actual\": \"much\"}");
        assert_int_equal(d->stats.balloon_kib, 0);
}

static void wait_for_events(QemuFixture *f, const char *expected)
{
        while (!f->events.text || f->events.len < strlen(expected))
                loop_turn(f->loop, true);
        assert_events(f, expected);
}

static void a_reboot_resets_the_guest_that_shut_down(void **state)
{
        QemuFixture *f = *state;
        Domain *d = start(f, "log:commands,shutdown:pause", "");

        assert_verb(f, d, VERB_REBOOT, NULL);
        wait_for_events(f, "REBOOT ");
        while (!log_says(f, "command set-action\ncommand system_powerdown\n"
                            "command system_reset\ncommand cont\ncommand set-action\n"))
                loop_turn(f->loop, false);
        assert_int_equal(d->state, DOMAIN_RUNNING);

        /* the next one is no reboot */
        tell(d, "SHUTDOWN", "{\"guest\": true}");
        assert_events(f, "SHUTDOWN_GUEST ");
}

static void a_shutdown_forgets_a_reboot_that_was_not_followed(void **state)
{
        QemuFixture *f = *state;
        Domain *d = start(f, "system_powerdown:silence,log:commands", "");

        qemu_guest(d)->restart = true;
        verb_begin(f, d, VERB_SHUTDOWN, NULL);
        while (!log_says(f, "command set-action\ncommand system_powerdown\n"))
                loop_turn(f->loop, false);
        assert_false(qemu_guest(d)->restart);
        verb_begin(f, d, VERB_DESTROY, NULL);
        fixture_wait(f);
}

static void on_poweroff_restart_begins_anew(void **state)
{
        QemuFixture *f = *state;
        Domain *d = start(f, "log:commands", "<on_poweroff>restart</on_poweroff>");

        tell(d, "SHUTDOWN", "{\"guest\": true}");
        wait_for_events(f, "REBOOT ");
        assert_int_equal(d->state, DOMAIN_RUNNING);
        tell(d, "SHUTDOWN", "{\"guest\": true}"); /* and each time */
        wait_for_events(f, "REBOOT ");
}

static void on_crash_restart_begins_anew(void **state)
{
        QemuFixture *f = *state;
        Domain *d = start(f, "", "<on_crash>restart</on_crash>");

        assert_verb(f, d, VERB_SUSPEND, NULL); /* as QEMU does when the guest panics */
        str_clear(&f->events);
        tell(d, "GUEST_PANICKED", "{\"action\": \"pause\"}");
        wait_for_events(f, "CRASHED_PANICKED REBOOT ");
        while (d->state != DOMAIN_RUNNING)
                loop_turn(f->loop, true);
}

static void a_status_is_taken_over_without_an_event(void **state)
{
        static const struct {
                const char *status;
                DomainState state;
                DomainReason reason;
        } cases[] = {
                {"paused", DOMAIN_PAUSED, REASON_USER},
                {"running", DOMAIN_RUNNING, REASON_UNKNOWN},
                {"io-error", DOMAIN_PAUSED, REASON_IOERROR},
                {"postmigrate", DOMAIN_PAUSED, REASON_SAVE},
                {"watchdog", DOMAIN_PAUSED, REASON_WATCHDOG},
                {"suspended", DOMAIN_PMSUSPENDED, REASON_UNKNOWN},
                {"guest-panicked", DOMAIN_CRASHED, REASON_PANICKED},
                {"what-is-this", DOMAIN_CRASHED, REASON_PANICKED}, /* as it was */
        };
        QemuFixture *f = *state;
        Domain *d = start(f, "", "");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                qemu_sync_status(qemu_guest(d), cases[i].status);
                assert_int_equal(d->state, cases[i].state);
                assert_int_equal(d->reason, cases[i].reason);
        }
        assert_events(f, "");
        qemu_sync_status(qemu_guest(d), "shutdown"); /* while no daemon was there */
        wait_until_off(f, d);
        assert_events(f, "STOPPED_SHUTDOWN ");
}

#define event_test(name) cmocka_unit_test_setup_teardown(name, qemu_set_up, qemu_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                event_test(each_event_has_its_state_reason_and_word),
                event_test(how_it_ended_is_told_by_what_came_before),
                event_test(the_balloon_tells_the_guests_memory),
                event_test(a_reboot_resets_the_guest_that_shut_down),
                event_test(a_shutdown_forgets_a_reboot_that_was_not_followed),
                event_test(on_poweroff_restart_begins_anew),
                event_test(on_crash_restart_begins_anew),
                event_test(a_status_is_taken_over_without_an_event),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
