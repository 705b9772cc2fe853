#include "unit.h"

#include "wire/word-map.h"

/* Numbers stand here as numbers: they are what goes over the wire. */
static void test_states_and_reasons(void **state)
{
        (void) state;
        assert_int_equal(word_map_state(DOMAIN_RUNNING), 1);
        assert_int_equal(word_map_state(DOMAIN_PAUSED), 3);
        assert_int_equal(word_map_state(DOMAIN_SHUTDOWN), 4);
        assert_int_equal(word_map_state(DOMAIN_SHUTOFF), 5);
        assert_int_equal(word_map_state(DOMAIN_CRASHED), 6);
        assert_int_equal(word_map_state(DOMAIN_PMSUSPENDED), 7);
        assert_int_equal(word_map_reason(DOMAIN_RUNNING, REASON_BOOTED), 1);
        assert_int_equal(word_map_reason(DOMAIN_RUNNING, REASON_RESTORED), 3);
        assert_int_equal(word_map_reason(DOMAIN_RUNNING, REASON_UNPAUSED), 5);
        assert_int_equal(word_map_reason(DOMAIN_PAUSED, REASON_USER), 1);
        assert_int_equal(word_map_reason(DOMAIN_PAUSED, REASON_IOERROR), 5);
        assert_int_equal(word_map_reason(DOMAIN_PAUSED, REASON_STARTING_UP), 11);
        assert_int_equal(word_map_reason(DOMAIN_SHUTOFF, REASON_DESTROYED), 2);
        assert_int_equal(word_map_reason(DOMAIN_SHUTOFF, REASON_CRASHED), 3);
        assert_int_equal(word_map_reason(DOMAIN_SHUTOFF, REASON_SAVED), 5);
        assert_int_equal(word_map_reason(DOMAIN_SHUTOFF, REASON_DAEMON), 8);
        /* a reason that libvirt does not know for the state */
        assert_int_equal(word_map_reason(DOMAIN_SHUTOFF, REASON_BOOTED), 0);
}

static void check_lifecycle(DomainEventKind kind, int32_t event, int32_t detail)
{
        int32_t e = -1, d = -1;

        assert_int_equal(word_map_event_id(kind), 0);
        assert_true(word_map_lifecycle(kind, &e, &d));
        assert_int_equal(e, event);
        assert_int_equal(d, detail);
}

static void test_events(void **state)
{
        int32_t e, d;

        (void) state;
        check_lifecycle(EVENT_DEFINED_ADDED, 0, 0);
        check_lifecycle(EVENT_DEFINED_UPDATED, 0, 1);
        check_lifecycle(EVENT_UNDEFINED_REMOVED, 1, 0);
        check_lifecycle(EVENT_STARTED_BOOTED, 2, 0);
        check_lifecycle(EVENT_STARTED_RESTORED, 2, 2);
        check_lifecycle(EVENT_SUSPENDED_PAUSED, 3, 0);
        check_lifecycle(EVENT_SUSPENDED_RESTORED, 3, 4);
        check_lifecycle(EVENT_RESUMED_UNPAUSED, 4, 0);
        check_lifecycle(EVENT_RESUMED_RESTORED, 4, 2);
        check_lifecycle(EVENT_STOPPED_SHUTDOWN, 5, 0);
        check_lifecycle(EVENT_STOPPED_DESTROYED, 5, 1);
        check_lifecycle(EVENT_STOPPED_SAVED, 5, 4);
        check_lifecycle(EVENT_STOPPED_FAILED, 5, 5);
        check_lifecycle(EVENT_SHUTDOWN_GUEST, 6, 1);
        check_lifecycle(EVENT_SHUTDOWN_HOST, 6, 2);
        check_lifecycle(EVENT_CRASHED_PANICKED, 8, 0);
        assert_int_equal(word_map_event_id(EVENT_REBOOT), 1);
        assert_int_equal(word_map_event_id(EVENT_JOB_COMPLETED), 21);
        assert_false(word_map_lifecycle(EVENT_REBOOT, &e, &d));
}

/* No two kinds of lifecycle event are the same to a client, so none was forgotten in the table. */
static void test_no_event_was_forgotten(void **state)
{
        (void) state;
        for (DomainEventKind a = 0; a < _DOMAIN_EVENT_MAX; a++)
                for (DomainEventKind b = 0; b < a; b++) {
                        int32_t ea, da, eb, db;

                        if (word_map_lifecycle(a, &ea, &da) && word_map_lifecycle(b, &eb, &db))
                                assert_false(ea == eb && da == db);
                }
        for (DomainState a = 0; a < _DOMAIN_STATE_MAX; a++) {
                assert_true(word_map_state(a) > 0);
                for (DomainState b = 0; b < a; b++)
                        assert_int_not_equal(word_map_state(a), word_map_state(b));
        }
}

static void test_jobs_and_sources(void **state)
{
        (void) state;
        assert_int_equal(word_map_job_operation(VERB_SAVE), 2);
        assert_int_equal(word_map_job_operation(VERB_MANAGED_SAVE), 2);
        assert_int_equal(word_map_job_operation(VERB_RESTORE), 3);
        assert_int_equal(word_map_job_operation(VERB_DEFINE), 0);
        assert_int_equal(word_map_error_domain("qemu"), 10);
        assert_int_equal(word_map_error_domain("test"), 12);
        assert_int_equal(word_map_error_domain(NULL), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_states_and_reasons),
                cmocka_unit_test(test_events),
                cmocka_unit_test(test_no_event_was_forgotten),
                cmocka_unit_test(test_jobs_and_sources),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
