/* What the tests over an engine with QEMU share: a root, verbs, the events, a guest without disks.
 *
 * The guest is the firmware alone: it runs, can be paused and saved, and needs no file. */
#pragma once

#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/engine.h"
#include "qemu/qemu.h"

#include <stdlib.h>
#include <unistd.h>

#define QEMU_BINARY "/usr/bin/qemu-system-x86_64"
#define GUEST_UUID  "3b7f1e4a-6a43-4d26-8a52-0d1f6f3c7a10"

typedef struct QemuFixture {
        char *root;
        Loop *loop;
        Engine *engine;
        Driver *driver;
        EngineWatch *watch;
        Str events; /* "STARTED_BOOTED " for each, in order */
        unsigned waiting;
        Error error; /* of the last verb */
} QemuFixture;

_unused_ static void on_event(void *data, const DomainEvent *event)
{
        QemuFixture *f = data;

        str_addf(&f->events, "%s ", domain_event_text(event->kind));
}

_unused_ static void on_started(void *data, const Error *err)
{
        QemuFixture *f = data;

        (void) err;
        f->waiting--;
}

/* Opens the engine; the guests of the last one are being taken up. */
_unused_ static void fixture_begin(QemuFixture *f)
{
        static const DriverType *const drivers[] = {&qemu_driver, NULL};
        _cleanup_(free_ptr) char *lib = path_join(f->root, "lib");
        _cleanup_(free_ptr) char *run = path_join(f->root, "run");
        _cleanup_(free_ptr) char *log = path_join(f->root, "log");
        EngineConfig config = {.lib_dir = lib, .run_dir = run, .log_dir = log, .drivers = drivers};

        Error err = {};

        assert_ok(loop_new(&f->loop, &err));
        assert_ok(engine_open(f->loop, &config, &f->engine, &err));
        f->driver = engine_driver(f->engine, "qemu");
        f->watch = engine_watch(f->engine, f->driver, on_event, f);
        f->waiting = 1;
        engine_start(f->engine, on_started, f);
}

_unused_ static void fixture_wait(QemuFixture *f)
{
        while (f->waiting)
                loop_turn(f->loop, true);
}

_unused_ static void fixture_close(QemuFixture *f)
{
        f->watch = engine_unwatch(f->watch);
        engine_close(f->engine);
        loop_free(f->loop);
}

/* The next daemon on the same root. */
_unused_ static void fixture_restart(QemuFixture *f)
{
        fixture_close(f);
        str_clear(&f->events);
        fixture_begin(f);
        fixture_wait(f);
}

_unused_ static int qemu_set_up(void **state)
{
        QemuFixture *f = xnew0(QemuFixture, 1);

        f->root = xstrdup("/tmp/ostler-qemu-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        fixture_begin(f);
        fixture_wait(f);
        *state = f;
        return 0;
}

_unused_ static void on_verb(void *data, Domain *d, const Error *err)
{
        QemuFixture *f = data;

        (void) d;
        f->waiting--;
        if (error_is_set(err) && !error_is_set(&f->error))
                error_copy(&f->error, err);
}

/* Submits a verb; fixture_wait() waits for it. */
_unused_ static void verb_begin(QemuFixture *f, Domain *d, DomainVerb which, OpArgs *args)
{
        f->waiting++;
        if (engine_submit(f->engine, f->driver, d, which, args, on_verb, f, NULL, &f->error) < 0)
                f->waiting--;
}

/* Runs a verb to its end; false, with f->error, when it failed. */
_unused_ static bool verb(QemuFixture *f, Domain *d, DomainVerb which, OpArgs *args)
{
        error_done(&f->error);
        verb_begin(f, d, which, args);
        fixture_wait(f);
        return !error_is_set(&f->error);
}

_unused_ static Domain *define_xml(QemuFixture *f, const char *xml)
{
        OpArgs args;

        op_args_init(&args);
        args.xml = xstrdup(xml);
        if (!verb(f, NULL, VERB_DEFINE, &args))
                fail_msg("define: %s", error_text(&f->error));
        return domain_list_by_name(f->driver->host.domains, "guest");
}

_unused_ static char *guest_xml(const char *emulator, const char *devices)
{
        return xasprintf("<domain type='qemu'><name>guest</name><uuid>" GUEST_UUID "</uuid>"
                         "<memory unit='MiB'>32</memory><vcpu>1</vcpu>"
                         "<os><type arch='x86_64'>hvm</type></os>"
                         "<devices><emulator>%s</emulator>%s</devices></domain>",
                         emulator, devices);
}

_unused_ static Domain *define_guest(QemuFixture *f, const char *devices)
{
        _cleanup_(free_ptr) char *xml = guest_xml(QEMU_BINARY, devices);

        return define_xml(f, xml);
}

_unused_ static Domain *guest_of(QemuFixture *f)
{
        return domain_list_by_name(f->driver->host.domains, "guest");
}

/* A link to the fake QEMU that goes wrong as `rules` says. */
_unused_ static char *fake_qemu(const QemuFixture *f, const char *rules)
{
        char *path = xasprintf("%s/fake-qemu%s%s", f->root, *rules ? "," : "", rules);

        (void) unlink(path);
        assert_int_equal(symlink(getenv("OSTLER_FAKE_QEMU"), path), 0);
        return path;
}

_unused_ static Domain *define_fake(QemuFixture *f, const char *rules)
{
        _cleanup_(free_ptr) char *emulator = fake_qemu(f, rules);
        _cleanup_(free_ptr) char *xml = guest_xml(emulator, "");

        return define_xml(f, xml);
}

_unused_ static bool log_says(const QemuFixture *f, const char *words)
{
        _cleanup_(free_ptr) char *path = path_join(f->root, "log/qemu/guest.log");
        _cleanup_(free_ptr) char *text = NULL;

        return file_read(path, 1024 * 1024, &text, NULL, NULL) == 0 && strstr(text, words);
}

_unused_ static void wait_until_off(QemuFixture *f, Domain *d)
{
        while (domain_active(d))
                loop_turn(f->loop, true);
}

_unused_ static int qemu_tear_down(void **state)
{
        QemuFixture *f = *state;
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf '%s'", f->root);
        Domain *d = guest_of(f);

        if (d && domain_active(d))
                (void) verb(f, d, VERB_DESTROY, NULL);
        fixture_close(f);
        assert_int_equal(system(command), 0);
        str_done(&f->events);
        error_done(&f->error);
        free(f->root);
        free(f);
        return 0;
}

#define assert_verb(f, d, which, args)                                                             \
        do {                                                                                       \
                if (!verb((f), (d), (which), (args)))                                              \
                        fail_msg("%s: %s", #which, error_text(&(f)->error));                       \
        } while (0)

#define assert_events(f, expected)                                                                 \
        do {                                                                                       \
                assert_string_equal((f)->events.text ? (f)->events.text : "", (expected));         \
                str_clear(&(f)->events);                                                           \
        } while (0)
