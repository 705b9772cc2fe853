/* What the tests over an engine share: a root, the engine with the fake hypervisor, and waiting. */
#pragma once

#include "unit.h"

#include "base/path.h"
#include "base/str.h"
#include "engine/engine.h"
#include "fake/fake.h"

#include <stdlib.h>

typedef struct EngineFixture {
        char *root;
        Loop *loop;
        Engine *engine;
        Driver *driver;
        EngineWatch *watch;
        Str events; /* "STARTED_BOOTED " for each, in order */
        bool waiting;
        Error error; /* of the last verb */
        char *domain; /* name of the last verb's domain, or NULL */
} EngineFixture;

_unused_ static void fixture_event(void *data, const DomainEvent *event)
{
        EngineFixture *f = data;

        str_addf(&f->events, "%s ", domain_event_text(event->kind));
}

_unused_ static void fixture_done(void *data, const Error *err)
{
        EngineFixture *f = data;

        assert_false(error_is_set(err));
        f->waiting = false;
}

_unused_ static void fixture_open(EngineFixture *f)
{
        static const DriverType *const drivers[] = {&fake_driver, NULL};
        _cleanup_(free_ptr) char *lib = path_join(f->root, "lib");
        _cleanup_(free_ptr) char *run = path_join(f->root, "run");
        _cleanup_(free_ptr) char *log = path_join(f->root, "log");
        EngineConfig config = {
                .lib_dir = lib, .run_dir = run, .log_dir = log, .drivers = drivers};
        Error err = {};

        assert_ok(loop_new(&f->loop, &err));
        assert_ok(engine_open(f->loop, &config, &f->engine, &err));
        f->driver = engine_driver(f->engine, "test");
        f->watch = engine_watch(f->engine, f->driver, fixture_event, f);
        f->waiting = true;
        engine_start(f->engine, fixture_done, f);
        while (f->waiting)
                loop_turn(f->loop, true);
}

_unused_ static void fixture_close(EngineFixture *f)
{
        engine_unwatch(f->watch);
        engine_close(f->engine);
        loop_free(f->loop);
}

/* The next daemon on the same root. */
_unused_ static void fixture_restart(EngineFixture *f)
{
        fixture_close(f);
        str_clear(&f->events);
        fixture_open(f);
}

_unused_ static int engine_set_up(void **state)
{
        EngineFixture *f = xnew0(EngineFixture, 1);

        f->root = xstrdup("/tmp/ostler-engine-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        fixture_open(f);
        *state = f;
        return 0;
}

_unused_ static int engine_tear_down(void **state)
{
        EngineFixture *f = *state;
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf '%s'", f->root);

        fixture_close(f);
        assert_int_equal(system(command), 0);
        str_done(&f->events);
        error_done(&f->error);
        free(f->domain);
        free(f->root);
        free(f);
        return 0;
}

_unused_ static Domain *named(EngineFixture *f, const char *name)
{
        return domain_list_by_name(f->driver->host.domains, name);
}

_unused_ static char *xml_of(const char *name)
{
        return xasprintf("<domain type='test'><name>%s</name><memory unit='MiB'>16</memory>"
                         "<vcpu>1</vcpu><os><type>hvm</type></os></domain>",
                         name);
}

_unused_ static void fixture_verb_done(void *data, Domain *d, const Error *err)
{
        EngineFixture *f = data;

        f->waiting = false;
        free(f->domain);
        f->domain = d ? xstrdup(d->name) : NULL;
        error_done(&f->error);
        if (error_is_set(err))
                error_copy(&f->error, err);
}

/* Runs a verb to its end; false, with f->error, when it failed. */
_unused_ static bool verb(EngineFixture *f, Domain *d, DomainVerb which, OpArgs *args)
{
        error_done(&f->error);
        f->waiting = true;
        if (engine_submit(f->engine, f->driver, d, which, args, fixture_verb_done, f, NULL,
                          &f->error) < 0)
                f->waiting = false;
        while (f->waiting)
                loop_turn(f->loop, true);
        return !error_is_set(&f->error);
}

_unused_ static bool verb_xml(EngineFixture *f, DomainVerb which, const char *name)
{
        OpArgs args;

        op_args_init(&args);
        args.xml = xml_of(name);
        bool ok = verb(f, NULL, which, &args);
        op_args_done(&args);
        return ok;
}

/* The verb fails with this code and these words in its message. */
#define assert_verb_fails(f, call, error_code, words)                                              \
        do {                                                                                       \
                assert_false(call);                                                                \
                assert_int_equal((f)->error.code, ERROR_##error_code);                             \
                if (!strstr(error_text(&(f)->error), words))                                       \
                        fail_msg("'%s' lacks '%s'", error_text(&(f)->error), words);               \
        } while (0)
