/* Statistics with a bounded age and questions that hold no slot, over a driver that answers when it
 * is told to. */
#include "engine-fixture.h"

#include "engine/ask.h"

static DriverType slow_driver;
static DriverDoneFn *refresh_done;
static void *refresh_data;
static unsigned refreshes, told;
static DriverAnswerFn *answer_done;
static void *answer_data;
static bool refuses;

static int slow_refresh(Driver *driver, Domain *d, DriverDoneFn *done, void *data, Error *err)
{
        (void) driver;
        (void) d;
        refreshes++;
        refresh_done = done;
        refresh_data = data;
        return refuses ? error_set(err, ERROR_OPERATION_FAILED, "no monitor") : 0;
}

static int slow_ask(Driver *driver, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
                    void *data, Error *err)
{
        (void) driver;
        (void) d;
        if (question->kind == ASK_NMI)
                return error_set(err, ERROR_UNSUPPORTED, "no");
        answer_done = done;
        answer_data = data;
        return 0;
}

static void hypervisor_answers(Domain *d)
{
        if (domain_active(d))
                d->stats.refreshed_ms = loop_now_ms(d->list->loop);
        refresh_done(refresh_data, NULL);
}

static void on_wait(void *data)
{
        (void) data;
        told++;
}

static void on_answer(void *data, DriverAnswer *answer, const Error *err)
{
        (void) err;
        assert_non_null(answer);
        *(bool *) data = true;
}

/* A running guest of the slow driver, with a clock that stands still. */
static Domain *slow_guest(EngineFixture *f)
{
        slow_driver = fake_driver;
        slow_driver.refresh = slow_refresh;
        slow_driver.ask = slow_ask;
        f->driver->type = &slow_driver;
        refreshes = told = 0;
        refuses = false;
        assert_true(verb_xml(f, VERB_CREATE, "guest"));
        loop_use_fake_clock(f->loop);
        loop_advance(f->loop, 1);
        return named(f, "guest");
}

static void a_refresh_is_shared_and_its_result_good_for_a_while(void **state)
{
        EngineFixture *f = *state;
        Domain *d = slow_guest(f);

        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        assert_int_equal(refreshes, 1);
        assert_int_equal(told, 0);
        hypervisor_answers(d);
        assert_int_equal(told, 2);
        assert_null(engine_refresh(f->engine, d, on_wait, NULL));
        loop_advance(f->loop, ENGINE_STATS_AGE - 1);
        assert_null(engine_refresh(f->engine, d, on_wait, NULL));
        loop_advance(f->loop, 1);
        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        assert_int_equal(refreshes, 2);
        hypervisor_answers(d);
}

static void silence_keeps_one_waiting_once(void **state)
{
        EngineFixture *f = *state;
        Domain *d = slow_guest(f);

        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        loop_advance(f->loop, ENGINE_REFRESH_WAIT - 1);
        assert_int_equal(told, 0);
        assert_int_equal(engine_stalled_ms(d), 0);
        loop_advance(f->loop, 1);
        assert_int_equal(told, 1);
        assert_int_equal(engine_stalled_ms(d), ENGINE_REFRESH_WAIT);
        assert_null(engine_refresh(f->engine, d, on_wait, NULL));
        loop_advance(f->loop, 3600 * 1000);
        assert_null(engine_refresh(f->engine, d, on_wait, NULL));
        assert_int_equal(refreshes, 1);

        hypervisor_answers(d);
        assert_int_equal(told, 1);
        assert_int_equal(engine_stalled_ms(d), 0);
        loop_advance(f->loop, ENGINE_STATS_AGE);
        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        hypervisor_answers(d);
}

static void one_who_forgot_is_not_told(void **state)
{
        EngineFixture *f = *state;
        Domain *d = slow_guest(f);
        EngineWait *one = engine_refresh(f->engine, d, on_wait, NULL);

        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        engine_wait_forget(one);
        engine_wait_forget(NULL);
        hypervisor_answers(d);
        assert_int_equal(told, 1);
}

static void forget_another(void *data)
{
        EngineWait **other = data;

        told++;
        engine_wait_forget(*other);
}

static void who_is_told_may_forget_another(void **state)
{
        EngineFixture *f = *state;
        Domain *d = slow_guest(f);
        EngineWait *second = NULL;

        assert_non_null(engine_refresh(f->engine, d, forget_another, &second));
        second = engine_refresh(f->engine, d, on_wait, NULL);
        hypervisor_answers(d);
        assert_int_equal(told, 1);
}

static void nobody_waits_for_what_cannot_be_asked(void **state)
{
        EngineFixture *f = *state;
        Domain *d = slow_guest(f);

        refuses = true;
        assert_null(engine_refresh(f->engine, d, on_wait, NULL));
        assert_null(d->refresh);
        refuses = false;
        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        hypervisor_answers(d);
}

static void a_refresh_outlives_its_domain(void **state)
{
        EngineFixture *f = *state;
        Domain *d = slow_guest(f);

        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        assert_true(verb(f, d, VERB_DESTROY, NULL)); /* transient: it is removed */
        assert_null(named(f, "guest"));
        hypervisor_answers(d);
        assert_int_equal(told, 1);
}

static void what_is_under_way_ends_with_the_engine(void **state)
{
        EngineFixture *f = *state;
        Domain *d = slow_guest(f);
        bool answered = false;
        EngineAsk *ask;
        Error err = {};

        assert_non_null(engine_refresh(f->engine, d, on_wait, NULL));
        assert_ok(engine_ask(f->engine, d, &(DriverQuestion){.kind = ASK_MONITOR}, on_answer,
                             &answered, &ask, &err));
        fixture_restart(f);
        assert_int_equal(told, 0);
        assert_false(answered);
}

static void questions_are_answered_or_refused(void **state)
{
        EngineFixture *f = *state;
        Domain *d = slow_guest(f);
        DriverAnswer answer = {.text = "x", .fd = -1};
        bool answered = false;
        EngineAsk *ask;
        Error err = {};

        assert_error(engine_ask(f->engine, d, &(DriverQuestion){.kind = ASK_NMI}, on_answer, NULL,
                                &ask, &err),
                     UNSUPPORTED);
        assert_ok(engine_ask(f->engine, d, &(DriverQuestion){.kind = ASK_MONITOR}, on_answer,
                             &answered, &ask, &err));
        answer_done(answer_data, &answer, NULL);
        assert_true(answered);

        answered = false;
        assert_ok(engine_ask(f->engine, d, &(DriverQuestion){.kind = ASK_MONITOR}, on_answer,
                             &answered, &ask, &err));
        engine_ask_forget(ask);
        answer_done(answer_data, &answer, NULL);
        assert_false(answered);

        assert_true(verb_xml(f, VERB_DEFINE, "off"));
        assert_error(engine_ask(f->engine, named(f, "off"), &(DriverQuestion){.kind = ASK_MONITOR},
                                on_answer, NULL, &ask, &err),
                     OPERATION_INVALID);
        assert_null(engine_refresh(f->engine, named(f, "off"), on_wait, NULL));
}

#define engine_test(fn) cmocka_unit_test_setup_teardown(fn, engine_set_up, engine_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                engine_test(a_refresh_is_shared_and_its_result_good_for_a_while),
                engine_test(silence_keeps_one_waiting_once),
                engine_test(one_who_forgot_is_not_told),
                engine_test(who_is_told_may_forget_another),
                engine_test(nobody_waits_for_what_cannot_be_asked),
                engine_test(a_refresh_outlives_its_domain),
                engine_test(what_is_under_way_ends_with_the_engine),
                engine_test(questions_are_answered_or_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
