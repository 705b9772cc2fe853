/* Domains: what changes make of state, lists and events; and the table of verbs. */
#include "unit.h"

#include "base/str.h"
#include "domain/domain.h"

typedef struct Fixture {
        Loop *loop;
        DomainList list;
        Str events;
} Fixture;

static void emit(void *data, const DomainEvent *event)
{
        Fixture *f = data;

        str_addf(&f->events, "%s/%d ", domain_event_text(event->kind), (int) event->id);
}

static int set_up(void **state)
{
        Fixture *f = xnew0(Fixture, 1);
        Error err = {};

        assert_ok(loop_new(&f->loop, &err));
        f->list = (DomainList){
                .driver_name = "test", .loop = f->loop, .emit = emit, .emit_data = f};
        domain_list_init(&f->list);
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        Fixture *f = *state;

        domain_list_done(&f->list);
        loop_free(f->loop);
        str_done(&f->events);
        free(f);
        return 0;
}

static DomainConfig *config(const char *name)
{
        _cleanup_(free_ptr) char *xml =
                xasprintf("<domain type='test'><name>%s</name><memory>65536</memory>"
                          "<os><type>hvm</type></os></domain>",
                          name);
        DomainConfig *c;
        Error err = {};

        assert_ok(domain_config_from_xml(xml, strlen(xml), &c, &err));
        return c;
}

static Domain *add(Fixture *f, const char *name, uint8_t uuid)
{
        Domain *d;
        Error err = {};

        assert_ok(domain_list_add(&f->list, name, &(Uuid){{uuid}}, &d, &err));
        return d;
}

static void test_a_domain_in_the_making_is_not_seen(void **state)
{
        Fixture *f = *state;
        Domain *d = add(f, "vm", 1);

        assert_null(domain_list_by_name(&f->list, "vm"));
        assert_null(domain_list_by_uuid(&f->list, &(Uuid){{1}}));
        domain_set_config(d, config("vm"));
        assert_ptr_equal(domain_list_by_name(&f->list, "vm"), d);
        assert_ptr_equal(domain_list_by_uuid(&f->list, &(Uuid){{1}}), d);
        assert_string_equal(f->events.text, "DEFINED_ADDED/-1 ");
}

static void test_names_and_uuids_belong_to_one(void **state)
{
        Fixture *f = *state;
        Domain *d;
        Error err = {};

        add(f, "vm", 1);
        assert_error(domain_list_add(&f->list, "vm", &(Uuid){{2}}, &d, &err), EXISTS);
        assert_error(domain_list_add(&f->list, "other", &(Uuid){{1}}, &d, &err), EXISTS);
        assert_error(domain_list_add(&f->list, "vm", &(Uuid){{1}}, &d, &err), EXISTS);
        assert_int_equal(domain_list_check_free(&f->list, "vm", &(Uuid){{1}}, &err), 0);
        assert_int_equal(f->list.len, 1);
}

static void test_ids_count_up_and_end_with_the_guest(void **state)
{
        Fixture *f = *state;
        Domain *a = add(f, "a", 1), *b = add(f, "b", 2);

        domain_set_config(a, config("a"));
        domain_began(a, config("a"), -1);
        domain_began(b, config("b"), 7); /* as under the last daemon */
        assert_ptr_equal(domain_list_by_id(&f->list, 1), a);
        assert_ptr_equal(domain_list_by_id(&f->list, 7), b);
        domain_ended(a, REASON_DESTROYED, EVENT_STOPPED_DESTROYED);
        assert_null(domain_list_by_id(&f->list, 1));
        domain_began(a, config("a"), -1);
        assert_int_equal(a->id, 8);
}

static void test_a_transient_domain_goes_with_its_guest(void **state)
{
        Fixture *f = *state;
        Domain *d = add(f, "fly", 1);

        domain_began(d, config("fly"), -1);
        assert_ptr_equal(domain_list_by_name(&f->list, "fly"), d);
        assert_int_equal(d->state, DOMAIN_PAUSED);
        assert_int_equal(d->reason, REASON_STARTING_UP);
        domain_set_state(d, DOMAIN_RUNNING, REASON_BOOTED, EVENT_STARTED_BOOTED);
        domain_ended(d, REASON_SHUTDOWN, EVENT_STOPPED_SHUTDOWN);
        assert_null(domain_list_by_name(&f->list, "fly"));
        assert_int_equal(f->list.len, 0);
        assert_string_equal(f->events.text, "STARTED_BOOTED/1 STOPPED_SHUTDOWN/-1 ");
}

static void test_a_reference_outlives_the_list(void **state)
{
        Fixture *f = *state;
        Domain *d = domain_ref(add(f, "fly", 1));

        domain_began(d, config("fly"), -1);
        domain_discard(d);
        assert_true(d->removed);
        assert_string_equal(d->name, "fly");
        assert_null(f->events.text); /* nothing was ever told */
        domain_unref(d);
}

static void test_the_same_state_again_is_no_event(void **state)
{
        Fixture *f = *state;
        Domain *d = add(f, "vm", 1);

        domain_began(d, config("vm"), -1);
        domain_set_state(d, DOMAIN_RUNNING, REASON_BOOTED, EVENT_STARTED_BOOTED);
        domain_set_state(d, DOMAIN_RUNNING, REASON_BOOTED, EVENT_STARTED_BOOTED);
        assert_string_equal(f->events.text, "STARTED_BOOTED/1 ");
}

static void lost(void *data)
{
        (*(int *) data)++;
}

static void test_the_console_is_lost_once_with_the_guest(void **state)
{
        Fixture *f = *state;
        Domain *d = add(f, "vm", 1);
        int calls = 0;

        domain_set_config(d, config("vm"));
        domain_began(d, config("vm"), -1);
        d->console_lost = lost;
        d->console_data = &calls;
        domain_ended(d, REASON_DESTROYED, EVENT_STOPPED_DESTROYED);
        assert_int_equal(calls, 1);
        assert_null(d->console_lost);
}

static void test_verbs_by_state(void **state)
{
        static const struct {
                DomainVerb verb;
                const char *off, *running, *paused; /* NULL: may begin */
        } table[] = {
                {VERB_START, NULL, "domain is already running", "domain is already running"},
                {VERB_SUSPEND, "domain is not running", NULL, NULL},
                {VERB_RESUME, "domain is not running", "domain is already running", NULL},
                {VERB_SHUTDOWN, "domain is not running", NULL, NULL},
                {VERB_DESTROY, "domain is not running", NULL, NULL},
                {VERB_SAVE, "domain is not running", NULL, NULL},
                {VERB_MANAGED_SAVE, "domain is not running", NULL, NULL},
                {VERB_RESTORE, NULL, "domain is already active", "domain is already active"},
                {VERB_UNDEFINE, NULL, NULL, NULL},
                {VERB_MANAGED_SAVE_REMOVE, NULL, NULL, NULL},
        };
        Fixture *f = *state;
        Domain *d = add(f, "vm", 1);

        domain_set_config(d, config("vm"));
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *const want[] = {table[i].off, table[i].running, table[i].paused};

                for (int k = 0; k < 3; k++) {
                        _cleanup_(error_done) Error err = {};

                        if (k == 1)
                                domain_began(d, config("vm"), -1);
                        if (k > 0)
                                domain_set_state(d, k == 1 ? DOMAIN_RUNNING : DOMAIN_PAUSED,
                                                 REASON_USER, _DOMAIN_EVENT_MAX);
                        int r = domain_check_verb(d, table[i].verb, &err);
                        assert_int_equal(r, want[k] ? -ERROR_OPERATION_INVALID : 0);
                        if (want[k])
                                assert_string_equal(error_text(&err), want[k]);
                }
                domain_ended(d, REASON_DESTROYED, _DOMAIN_EVENT_MAX);
        }
}

static void test_needs(void **state)
{
        Fixture *f = *state;
        Domain *d = add(f, "vm", 1);
        Error err = {};

        domain_began(d, config("vm"), -1);
        assert_ok(domain_check_needs(d, DOMAIN_NEEDS_ACTIVE, &err));
        assert_error(domain_check_needs(d, DOMAIN_NEEDS_OFF, &err), OPERATION_INVALID);
        assert_error(domain_check_needs(d, DOMAIN_NEEDS_PERSISTENT, &err), OPERATION_INVALID);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                T(a_domain_in_the_making_is_not_seen),
                T(names_and_uuids_belong_to_one),
                T(ids_count_up_and_end_with_the_guest),
                T(a_transient_domain_goes_with_its_guest),
                T(a_reference_outlives_the_list),
                T(the_same_state_again_is_no_event),
                T(the_console_is_lost_once_with_the_guest),
                T(verbs_by_state),
                T(needs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
