/* Opening and closing the engine: store, runner, drivers, and who hears the events. */
#include "engine/engine-internal.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/lock.h"

struct EngineWatch {
        ListNode node;
        Driver *driver;
        DomainEventFn *fn;
        void *data;
};

/* --- hooks of the runner --- */

static int check_needs(void *data, Op *op, unsigned needs, Error *err)
{
        (void) data;
        return domain_check_needs(op->subject, needs, err);
}

static void describe(void *data, Op *op, OperationRow *row)
{
        const Domain *d = op->subject;

        (void) data;
        row->driver = d->list->driver_name;
        row->name = d->name;
        row->uuid = d->uuid;
}

static void observe(void *data, Op *op, OpEvent event, const Error *err)
{
        const Engine *engine = data;

        if (engine->hooks.observe)
                engine->hooks.observe(engine->hooks.data, op, event, err);
}

static OpFault fault(void *data, Op *op, OpPoint point)
{
        const Engine *engine = data;

        return engine->hooks.fault ? engine->hooks.fault(engine->hooks.data, op, point)
                                   : OP_FAULT_NONE;
}

/* --- events --- */

static void emit(void *data, const DomainEvent *event)
{
        Engine *engine = data;

        LIST_FOREACH(watch, &engine->watches, EngineWatch, node)
                if (watch->driver == event->domain->list->driver)
                        watch->fn(watch->data, event);
}

EngineWatch *engine_watch(Engine *engine, Driver *driver, DomainEventFn *fn, void *data)
{
        EngineWatch *watch = xnew0(EngineWatch, 1);

        *watch = (EngineWatch){.driver = driver, .fn = fn, .data = data};
        list_append(&engine->watches, &watch->node);
        return watch;
}

EngineWatch *engine_unwatch(EngineWatch *watch)
{
        if (watch)
                list_remove(&watch->node);
        free(watch);
        return NULL;
}

/* --- drivers --- */

/* The first driver keeps its images where people look for them: <root>/lib/save/NAME.save. */
static char *save_dir_for(const Engine *engine, const EngineConfig *config, const char *name)
{
        return engine->n_drivers == 0 ? path_join(config->lib_dir, "save")
                                      : xasprintf("%s/%s/save", config->lib_dir, name);
}

static int open_driver(Engine *engine, const EngineConfig *config, const DriverType *type,
                       Error *err)
{
        EngineDriver *ed = &engine->drivers[engine->n_drivers];
        int r;

        ed->lib_dir = path_join(config->lib_dir, type->name);
        ed->run_dir = path_join(config->run_dir, type->name);
        ed->log_dir = path_join(config->log_dir, type->name);
        ed->save_dir = save_dir_for(engine, config, type->name);
        engine->n_drivers++;

        ed->domains = (DomainList){
                .driver = &ed->driver,
                .driver_name = type->name,
                .release = type->release,
                .loop = engine->loop,
                .emit = emit,
                .emit_data = engine,
        };
        domain_list_init(&ed->domains);
        ed->driver = (Driver){
                .type = type,
                .host = {.loop = engine->loop,
                         .store = engine->store,
                         .runner = engine->runner,
                         .domains = &ed->domains,
                         .lib_dir = ed->lib_dir,
                         .run_dir = ed->run_dir,
                         .log_dir = ed->log_dir,
                         .save_dir = ed->save_dir},
        };

        const char *const dirs[] = {ed->lib_dir, ed->run_dir, ed->log_dir, ed->save_dir};
        for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
                r = path_make_dirs(dirs[i], 0700, err);
                if (r < 0)
                        return r;
        }
        r = type->open(&ed->driver, err);
        if (r < 0)
                ed->driver.type = NULL; /* nothing to close */
        return r;
}

/* Its operations and callbacks are gone; now its domains go. */
static void free_driver(EngineDriver *ed)
{
        domain_list_done(&ed->domains);
        free(ed->lib_dir);
        free(ed->run_dir);
        free(ed->log_dir);
        free(ed->save_dir);
}

Driver *engine_driver(Engine *engine, const char *name)
{
        for (size_t i = 0; i < engine->n_drivers; i++)
                if (!name || str_eq(engine->drivers[i].domains.driver_name, name))
                        return &engine->drivers[i].driver;
        return NULL;
}

Loop *engine_loop(Engine *engine)
{
        return engine->loop;
}

/* --- open and close --- */

int engine_open(Loop *loop, const EngineConfig *config, Engine **ret, Error *err)
{
        _cleanup_(engine_closep) Engine *engine = xnew0(Engine, 1);
        OpHooks hooks = {
                .check = check_needs,
                .describe = describe,
                .observe = observe,
                .fault = fault,
                .data = engine,
        };
        int r;

        engine->loop = loop;
        engine->hooks = config->hooks;
        engine->queue_max = config->queue_max ? config->queue_max : ENGINE_QUEUE_MAX;
        engine->queue_ms = config->queue_ms ? config->queue_ms : ENGINE_QUEUE_DEADLINE;
        engine->lock_fd = -1;
        engine->run_dir = xstrdup(config->run_dir);
        list_init(&engine->calls);
        list_init(&engine->watches);
        list_init(&engine->refreshes);
        list_init(&engine->asks);

        r = path_make_dirs(config->run_dir, 0755, err);
        if (r < 0)
                return r;
        r = lock_take(config->run_dir, &engine->lock_fd, err);
        if (r < 0)
                return r;
        r = path_make_dirs(config->lib_dir, 0700, err);
        if (r < 0)
                return r;
        _cleanup_(free_ptr) char *path = path_join(config->lib_dir, "ostler.db");
        r = store_open(loop, path, &engine->store, err);
        if (r < 0)
                return r;
        engine->runner = op_runner_new(loop, engine->store, &hooks);

        for (size_t i = 0; config->drivers[i]; i++) {
                if (config->drivers[i]->present && !config->drivers[i]->present())
                        continue;
                if (engine->n_drivers == ENGINE_DRIVERS_MAX)
                        return error_set(err, ERROR_INTERNAL, "more than %d drivers",
                                         ENGINE_DRIVERS_MAX);
                r = open_driver(engine, config, config->drivers[i], err);
                if (r < 0)
                        return error_prefix(err, "cannot open the %s driver",
                                            config->drivers[i]->name);
        }
        r = engine_load(engine, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(engine);
        return 0;
}

Engine *engine_close(Engine *engine)
{
        if (!engine)
                return NULL;
        if (engine->runner)
                op_runner_abandon(engine->runner);
        engine->recovery = recovery_free(engine->recovery);
        for (size_t i = 0; i < engine->n_drivers; i++)
                if (engine->drivers[i].driver.type)
                        engine->drivers[i].driver.type->close(&engine->drivers[i].driver);
        op_runner_free(engine->runner);
        engine_calls_done(engine);
        engine_asks_done(engine);
        for (size_t i = 0; i < engine->n_drivers; i++)
                free_driver(&engine->drivers[i]);
        store_close(engine->store);
        LIST_FOREACH(watch, &engine->watches, EngineWatch, node)
                engine_unwatch(watch);
        fd_close(engine->lock_fd);
        free(engine->run_dir);
        free(engine);
        return NULL;
}
