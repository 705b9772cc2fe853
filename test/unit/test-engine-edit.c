/* Edits and renames as operations of the engine, on the fake driver. */
#include "engine-fixture.h"

static bool edit(EngineFixture *f, Domain *d, Edit what)
{
        OpArgs args;

        op_args_init(&args);
        what.text = xstrdup_null(what.text);
        args.edit = xmemdup(&what, sizeof(what));
        return verb(f, d, VERB_EDIT, &args);
}

static bool rename_to(EngineFixture *f, Domain *d, const char *name)
{
        OpArgs args;

        op_args_init(&args);
        args.name = xstrdup(name);
        return verb(f, d, VERB_RENAME, &args);
}

#define TITLE(which, words)                                                                        \
        ((Edit){.kind = EDIT_KIND_TITLE, .affect = EDIT_AFFECT_##which, .text = (char *) (words)})

static void test_current_is_what_runs_else_the_template(void **state)
{
        EngineFixture *f = *state;

        assert_true(verb_xml(f, VERB_DEFINE, "vm1"));
        Domain *d = named(f, "vm1");
        assert_true(edit(f, d, TITLE(CURRENT, "off")));
        assert_string_equal(d->config->title, "off");
        assert_false(edit(f, d, TITLE(LIVE, "live")));
        assert_true(verb(f, d, VERB_START, NULL));
        assert_true(edit(f, d, TITLE(CURRENT, "live")));
        assert_string_equal(d->live->title, "live");
        assert_string_equal(d->config->title, "off");
        assert_true(edit(f, d, TITLE(BOTH, "both")));
        assert_string_equal(d->live->title, "both");
        assert_string_equal(d->config->title, "both");
}

static void test_an_edit_outlives_the_daemon(void **state)
{
        EngineFixture *f = *state;

        assert_true(verb_xml(f, VERB_DEFINE, "vm1"));
        assert_true(verb(f, named(f, "vm1"), VERB_START, NULL));
        assert_true(edit(f, named(f, "vm1"), TITLE(CONFIG, "stored")));
        assert_true(edit(f, named(f, "vm1"), TITLE(LIVE, "running")));
        fixture_restart(f);
        assert_string_equal(named(f, "vm1")->config->title, "stored");
        assert_string_equal(named(f, "vm1")->live->title, "running");
}

static void test_a_refused_edit_changes_nothing(void **state)
{
        EngineFixture *f = *state;
        Edit memory = {.kind = EDIT_KIND_MEMORY, .affect = EDIT_AFFECT_BOTH, .number = 1ull << 40};
        Edit config = TITLE(CONFIG, "x");

        assert_true(verb_xml(f, VERB_CREATE, "vm1")); /* transient */
        Domain *d = named(f, "vm1");
        uint64_t before = d->live->current_memory;
        assert_false(edit(f, d, config));
        assert_false(edit(f, d, memory));
        assert_int_equal(d->live->current_memory, before);
}

static void test_memory_of_both(void **state)
{
        EngineFixture *f = *state;
        Edit memory = {.kind = EDIT_KIND_MEMORY, .affect = EDIT_AFFECT_BOTH, .number = 512};

        assert_true(verb_xml(f, VERB_DEFINE, "vm1"));
        Domain *d = named(f, "vm1");
        assert_true(verb(f, d, VERB_START, NULL));
        assert_true(edit(f, d, memory));
        assert_int_equal(d->live->current_memory, 512);
        assert_int_equal(d->config->current_memory, 512);
}

static void test_rename(void **state)
{
        EngineFixture *f = *state;

        assert_true(verb_xml(f, VERB_DEFINE, "vm1"));
        assert_true(verb_xml(f, VERB_DEFINE, "vm2"));
        Domain *d = named(f, "vm1");
        assert_false(rename_to(f, d, "vm1"));
        assert_false(rename_to(f, d, "vm2"));
        assert_false(rename_to(f, d, "a/b"));
        assert_true(rename_to(f, d, "vm3"));
        assert_null(named(f, "vm1"));
        assert_ptr_equal(named(f, "vm3"), d);
        assert_string_equal(d->config->name, "vm3");
        assert_true(verb_xml(f, VERB_DEFINE, "vm1")); /* the name is free */
        fixture_restart(f);
        assert_non_null(named(f, "vm3"));
        assert_non_null(named(f, "vm1"));
}

static void test_no_rename_while_active_or_saved(void **state)
{
        EngineFixture *f = *state;

        assert_true(verb_xml(f, VERB_DEFINE, "vm1"));
        Domain *d = named(f, "vm1");
        assert_true(verb(f, d, VERB_START, NULL));
        assert_false(rename_to(f, d, "vm2"));
        assert_true(verb(f, d, VERB_MANAGED_SAVE, NULL));
        assert_false(rename_to(f, d, "vm2"));
        assert_true(verb(f, d, VERB_MANAGED_SAVE_REMOVE, NULL));
        assert_true(rename_to(f, d, "vm2"));
}

static void test_learn_needs_no_domain(void **state)
{
        EngineFixture *f = *state;

        assert_true(verb(f, NULL, VERB_LEARN, NULL));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, engine_set_up, engine_tear_down)
        const struct CMUnitTest tests[] = {
                T(current_is_what_runs_else_the_template),
                T(an_edit_outlives_the_daemon),
                T(a_refused_edit_changes_nothing),
                T(memory_of_both),
                T(rename),
                T(no_rename_while_active_or_saved),
                T(learn_needs_no_domain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
