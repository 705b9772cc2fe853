/* libostler: ostler.h over the engine. Translation only; the list of drivers is here. */
#include <ostler/ostler.h>

#include "base/path.h"
#include "base/str.h"
#include "engine/engine.h"
#include "fake/fake.h"
#include "qemu/qemu.h"

#include <stdio.h>

static const DriverType *const driver_types[] = {&qemu_driver, &fake_driver, NULL};

struct Ostler {
        Loop *loop;
        Engine *engine;
        Driver *driver;
        ListNode watches;
        ListNode calls; /* verbs that have not ended */
};

struct OstlerWatch {
        ListNode node;
        EngineWatch *watch;
        OstlerEventFn *fn;
        void *data;
};

/* The public numbers are the engine's. */
_Static_assert(OSTLER_BAD_IMAGE == (int) ERROR_BAD_IMAGE && OSTLER_OK == (int) ERROR_OK &&
                       OSTLER_NO_DOMAIN == (int) ERROR_NO_DOMAIN &&
                       ERROR_BAD_IMAGE + 1 == _ERROR_CODE_MAX,
               "OstlerCode follows ERROR_CODES");

/* Moves an error out to the caller; returns its negative code. */
static int tell(OstlerError *dst, Error *src)
{
        int r = -(int) src->code;

        if (dst) {
                dst->code = (int) src->code;
                dst->sys_errno = src->sys_errno;
                snprintf(dst->message, sizeof(dst->message), "%s", error_text(src));
        }
        error_done(src);
        return r;
}

const char *ostler_code_text(int code)
{
        return error_code_name((ErrorCode) (code < 0 ? -code : code));
}

const char *ostler_version(void)
{
        return OSTLER_VERSION;
}

/* --- the handle --- */

typedef struct Call {
        ListNode node;
        OstlerDoneFn *done;
        void *data;
} Call;

static void call_free(Call *call)
{
        list_remove(&call->node);
        free(call);
}

static void started(void *data, const Error *err)
{
        (void) data;
        (void) err; /* ignoring: each domain's state shows what became of it */
}

static int open_root(Ostler *o, const char *root, const char *driver, Error *err)
{
        _cleanup_(free_ptr) char *lib = path_join(root, "lib");
        _cleanup_(free_ptr) char *run = path_join(root, "run");
        _cleanup_(free_ptr) char *log = path_join(root, "log");
        EngineConfig config = {
                .lib_dir = lib, .run_dir = run, .log_dir = log, .drivers = driver_types};
        int r = loop_new(&o->loop, err);

        if (r < 0)
                return r;
        r = engine_open(o->loop, &config, &o->engine, err);
        if (r < 0)
                return r;
        o->driver = engine_driver(o->engine, driver);
        if (!o->driver)
                return error_set(err, ERROR_NO_CONNECT, "no driver '%s'", driver);
        engine_start(o->engine, started, NULL);
        return 0;
}

int ostler_open(const char *root, const char *driver, Ostler **ret, OstlerError *err)
{
        Ostler *o = xnew0(Ostler, 1);
        Error e = {};

        list_init(&o->watches);
        list_init(&o->calls);
        if (root[0] != '/')
                error_set(&e, ERROR_INVALID_ARGUMENT, "root '%s' is not absolute", root);
        else
                (void) open_root(o, root, driver, &e);
        if (error_is_set(&e)) {
                ostler_close(o);
                return tell(err, &e);
        }
        *ret = o;
        return 0;
}

void ostler_close(Ostler *o)
{
        if (!o)
                return;
        LIST_FOREACH(watch, &o->watches, OstlerWatch, node)
                ostler_unwatch(watch);
        engine_close(o->engine);
        LIST_FOREACH(call, &o->calls, Call, node)
                call_free(call);
        loop_free(o->loop);
        free(o);
}

int ostler_fd(const Ostler *o)
{
        return loop_fd(o->loop);
}

int ostler_timeout(Ostler *o)
{
        return loop_timeout(o->loop);
}

void ostler_turn(Ostler *o, bool wait)
{
        loop_turn(o->loop, wait);
}

/* --- reads --- */

static Domain *find(Ostler *o, const char *name, Error *err)
{
        Domain *d = domain_list_by_name(o->driver->host.domains, name);

        if (!d)
                error_set(err, ERROR_NO_DOMAIN, "no domain with matching name '%s'", name);
        return d;
}

char **ostler_names(Ostler *o)
{
        char **names = xnew0(char *, o->driver->host.domains->len + 1);
        size_t n = 0;

        LIST_FOREACH(d, &o->driver->host.domains->domains, Domain, node)
                if (domain_visible(d))
                        names[n++] = xstrdup(d->name);
        return names;
}

void ostler_names_free(char **names)
{
        strv_free(names);
}

int ostler_info(Ostler *o, const char *name, OstlerInfo *ret, OstlerError *err)
{
        Error e = {};
        Domain *d = find(o, name, &e);

        if (!d)
                return tell(err, &e);
        *ret = (OstlerInfo){
                .id = d->id,
                .state = domain_state_text(d->state),
                .reason = domain_reason_text(d->reason),
                .persistent = domain_persistent(d),
                .autostart = d->autostart,
                .managed_save = d->image.path != NULL,
                .memory_kib = domain_current_config(d)->memory,
                .vcpus = domain_current_config(d)->vcpus,
        };
        snprintf(ret->name, sizeof(ret->name), "%s", d->name);
        uuid_format(&d->uuid, ret->uuid);
        if (d->holder) {
                ret->operation = d->holder->type->name;
                ret->step = op_current_step(d->holder)->name;
                ret->done_bytes = d->holder->progress.done;
                ret->total_bytes = d->holder->progress.total;
        }
        return 0;
}

int ostler_xml(Ostler *o, const char *name, char **ret, OstlerError *err)
{
        Error e = {};
        Domain *d = find(o, name, &e);

        if (!d)
                return tell(err, &e);
        *ret = domain_config_to_xml(domain_current_config(d), d->id, 0);
        return 0;
}

/* --- verbs --- */

static void call_done(void *data, Domain *d, const Error *err)
{
        Call *call = data;
        OstlerError public = {};
        Error copy = {};

        if (error_is_set(err)) {
                error_copy(&copy, err);
                (void) tell(&public, &copy);
        }
        if (call->done)
                call->done(call->data, d ? d->name : NULL, public.code ? &public : NULL);
        call_free(call);
}

/* Submits a verb; `name` NULL where the verb finds its domain. The arguments are taken over. */
static int submit(Ostler *o, const char *name, DomainVerb verb, OpArgs *args, OstlerDoneFn *done,
                  void *data, OstlerError *err)
{
        Error e = {};
        Domain *d = name ? find(o, name, &e) : NULL;
        Call *call;
        int r;

        if (error_is_set(&e)) {
                op_args_done(args);
                return tell(err, &e);
        }
        call = xnew0(Call, 1);
        *call = (Call){.done = done, .data = data};
        list_append(&o->calls, &call->node);
        r = engine_submit(o->engine, o->driver, d, verb, args, call_done, call, NULL, &e);
        op_args_done(args);
        if (r < 0) {
                call_free(call);
                return tell(err, &e);
        }
        return 0;
}

static OpArgs args_for(unsigned flags)
{
        OpArgs args;

        op_args_init(&args);
        args.paused = flags & OSTLER_PAUSED;
        args.force_boot = flags & OSTLER_FORCE_BOOT;
        args.discard_save = flags & OSTLER_MANAGED_SAVE;
        return args;
}

int ostler_define(Ostler *o, const char *xml, OstlerDoneFn *done, void *data, OstlerError *err)
{
        OpArgs args = args_for(0);

        args.xml = xstrdup(xml);
        return submit(o, NULL, VERB_DEFINE, &args, done, data, err);
}

int ostler_create(Ostler *o, const char *xml, unsigned flags, OstlerDoneFn *done, void *data,
                  OstlerError *err)
{
        OpArgs args = args_for(flags);

        args.xml = xstrdup(xml);
        return submit(o, NULL, VERB_CREATE, &args, done, data, err);
}

int ostler_restore(Ostler *o, const char *path, unsigned flags, OstlerDoneFn *done, void *data,
                   OstlerError *err)
{
        OpArgs args = args_for(flags);

        args.path = xstrdup(path);
        return submit(o, NULL, VERB_RESTORE, &args, done, data, err);
}

int ostler_save(Ostler *o, const char *name, const char *path, OstlerDoneFn *done, void *data,
                OstlerError *err)
{
        OpArgs args = args_for(0);

        args.path = xstrdup(path);
        return submit(o, name, VERB_SAVE, &args, done, data, err);
}

int ostler_undefine(Ostler *o, const char *name, unsigned flags, OstlerDoneFn *done, void *data,
                    OstlerError *err)
{
        OpArgs args = args_for(flags);

        return submit(o, name, VERB_UNDEFINE, &args, done, data, err);
}

int ostler_start(Ostler *o, const char *name, unsigned flags, OstlerDoneFn *done, void *data,
                 OstlerError *err)
{
        OpArgs args = args_for(flags);

        return submit(o, name, VERB_START, &args, done, data, err);
}

/* Verbs with a name and nothing else. */
#define SIMPLE_VERB(function, verb)                                                                \
        int function(Ostler *o, const char *name, OstlerDoneFn *done, void *data,                  \
                     OstlerError *err)                                                             \
        {                                                                                          \
                OpArgs args = args_for(0);                                                         \
                                                                                                   \
                return submit(o, name, verb, &args, done, data, err);                              \
        }

SIMPLE_VERB(ostler_shutdown, VERB_SHUTDOWN)
SIMPLE_VERB(ostler_destroy, VERB_DESTROY)
SIMPLE_VERB(ostler_suspend, VERB_SUSPEND)
SIMPLE_VERB(ostler_resume, VERB_RESUME)
SIMPLE_VERB(ostler_managed_save, VERB_MANAGED_SAVE)

int ostler_abort(Ostler *o, const char *name, OstlerError *err)
{
        Error e = {};
        Domain *d = find(o, name, &e);

        if (!d || engine_abort_job(d, &e) < 0)
                return tell(err, &e);
        return 0;
}

/* --- events --- */

static void event_told(void *data, const DomainEvent *event)
{
        OstlerWatch *watch = data;

        watch->fn(watch->data, event->domain->name, domain_event_text(event->kind));
}

OstlerWatch *ostler_watch(Ostler *o, OstlerEventFn *fn, void *data)
{
        OstlerWatch *watch = xnew0(OstlerWatch, 1);

        *watch = (OstlerWatch){.fn = fn, .data = data};
        watch->watch = engine_watch(o->engine, o->driver, event_told, watch);
        list_append(&o->watches, &watch->node);
        return watch;
}

void ostler_unwatch(OstlerWatch *watch)
{
        list_remove(&watch->node);
        engine_unwatch(watch->watch);
        free(watch);
}
