/* The fault suite: every operation x every step x (fail, cancel, crash), by one generic driver.
 *
 *     fault DRIVER [SCENARIO...]     TAP on stdout
 *
 * A case runs in processes of its own, over a root of its own. The actor brings the world to where
 * the operation begins, and runs it with one fault; where the fault is a crash it ends there, as by
 * kill -9. The inspector is the next daemon: it opens the same root, recovers, and tells the world.
 * That must be the world as before, or as after, never between: as after exactly when the operation
 * had committed or the client was told so. */
#include "world.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUEST_NAME "subject"
#define GUEST_UUID "6e2b5c1e-0b5a-4d8e-9f27-2d1f0a7c4e11"

enum {
        CRASHED = 42,
};

/* --- scenarios --- */

typedef enum Before {
        UNDEFINED,
        OFF,
        RUNNING,
        PAUSED,
        SAVED,      /* off, with a managed save image */
        SAVED_FILE, /* off, with an image in a file */
} Before;

typedef struct Scenario {
        const char *name;
        Before before;
        DomainVerb verb;
        void (*args)(OpArgs *args, const char *root, const FaultDriver *fd);
        bool willing; /* the guest must play its part on the way back; QEMU's does not */
        bool at_once; /* the act comes before the operation: whatever befalls it, it is done */
} Scenario;

static void args_xml(OpArgs *args, const char *root, const FaultDriver *fd)
{
        args->xml = fd->xml(root, GUEST_NAME, GUEST_UUID);
}

static void args_paused(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) root;
        (void) fd;
        args->paused = true;
}

static void args_force_boot(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) root;
        (void) fd;
        args->force_boot = true;
}

static void args_discard(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) root;
        (void) fd;
        args->discard_save = true;
}

static void args_file(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) fd;
        args->path = path_join(root, "image.sav");
}

static void args_edit(OpArgs *args, EditKind kind, EditAffect affect, const char *text,
                      uint64_t number)
{
        const Edit edit = {
                .kind = kind, .affect = affect, .text = xstrdup_null(text), .number = number};

        args->edit = xmemdup(&edit, sizeof(edit));
}

static void args_title(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) root;
        (void) fd;
        args_edit(args, EDIT_KIND_TITLE, EDIT_AFFECT_CURRENT, "edited", 0);
}

static void args_title_of_both(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) root;
        (void) fd;
        args_edit(args, EDIT_KIND_TITLE, EDIT_AFFECT_BOTH, "edited", 0);
}

static void args_memory(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) root;
        (void) fd;
        args_edit(args, EDIT_KIND_MEMORY, EDIT_AFFECT_BOTH, NULL, 1536);
}

static void args_vcpus(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) root;
        (void) fd;
        args_edit(args, EDIT_KIND_VCPUS, EDIT_AFFECT_LIVE, NULL, 2);
}

static void args_iothread(OpArgs *args, const char *root, const FaultDriver *fd)
{
        Edit edit = {.kind = EDIT_KIND_IOTHREAD_ADD, .affect = EDIT_AFFECT_BOTH, .id = 3};

        (void) root;
        (void) fd;
        args->edit = xmemdup(&edit, sizeof(edit));
}

static void args_rename(OpArgs *args, const char *root, const FaultDriver *fd)
{
        (void) root;
        (void) fd;
        args->name = xstrdup("renamed");
}

static const Scenario scenarios[] = {
        {"define", UNDEFINED, VERB_DEFINE, args_xml},
        {"redefine", RUNNING, VERB_DEFINE, args_xml},
        {"create", UNDEFINED, VERB_CREATE, args_xml},
        {"start", OFF, VERB_START, NULL},
        {"start-paused", OFF, VERB_START, args_paused},
        {"start-saved", SAVED, VERB_START, NULL},
        {"start-force-boot", SAVED, VERB_START, args_force_boot},
        {"restore", SAVED_FILE, VERB_RESTORE, args_file},
        {"save", RUNNING, VERB_SAVE, args_file},
        {"managed-save", RUNNING, VERB_MANAGED_SAVE, NULL},
        {"managed-save-paused", PAUSED, VERB_MANAGED_SAVE, NULL},
        {"managed-save-remove", SAVED, VERB_MANAGED_SAVE_REMOVE, NULL},
        {"suspend", RUNNING, VERB_SUSPEND, NULL},
        {"resume", PAUSED, VERB_RESUME, NULL},
        {"destroy", RUNNING, VERB_DESTROY, NULL, .at_once = true},
        {"undefine", OFF, VERB_UNDEFINE, NULL},
        {"undefine-saved", SAVED, VERB_UNDEFINE, args_discard},
        {"set-autostart", OFF, VERB_SET_AUTOSTART, NULL},
        {"edit", OFF, VERB_EDIT, args_title},
        {"edit-both", RUNNING, VERB_EDIT, args_title_of_both},
        {"edit-memory", RUNNING, VERB_EDIT, args_memory},
        {"edit-vcpus", RUNNING, VERB_EDIT, args_vcpus, .willing = true},
        {"edit-iothreads", RUNNING, VERB_EDIT, args_iothread},
        {"rename", OFF, VERB_RENAME, args_rename},
};

/* --- one fault --- */

typedef enum Mode {
        NO_FAULT,
        FAIL,        /* the step fails, once */
        FAIL_ALWAYS, /* and at every retry */
        CANCEL,
        CRASH_BEFORE, /* the daemon dies before the step's run */
        CRASH_AFTER,  /* and after it, before the journal knows */
        CRASH_UNDO,   /* the step fails, and the daemon dies before the first undo */
        _MODE_MAX,
} Mode;

static const char *const mode_names[] = {"no fault",     "fail",        "fail always",  "cancel",
                                         "crash before", "crash after", "crash in undo"};

typedef struct Fault {
        Mode mode;
        const char *op, *step;
} Fault;

/* --- an engine in this process --- */

typedef struct Bench {
        const FaultDriver *fd;
        const char *root;
        FILE *report;
        Loop *loop;
        Engine *engine;
        Fault fault;
        bool armed, trace;
        bool fired;
        bool waiting;
        Error err;
} Bench;

static bool here(const Bench *b, const Op *op)
{
        return b->armed && str_eq(op->type->name, b->fault.op) &&
               str_eq(op_current_step(op)->name, b->fault.step);
}

static bool has_commit(const OpType *type)
{
        for (const OpStep *step = type->steps; step->name; step++)
                if (step->flags & OP_COMMITS)
                        return true;
        return false;
}

static void crash(Bench *b, const Op *op)
{
        fprintf(b->report, "crashed %s\n",
                op->committed          ? "committed"
                : has_commit(op->type) ? "uncommitted"
                                       : "open");
        fflush(b->report);
        _exit(CRASHED);
}

static OpFault fault(void *data, Op *op, OpPoint point)
{
        Bench *b = data;
        Mode mode = b->fault.mode;

        if (point == OP_BEFORE_UNDO && b->armed && b->fired && mode == CRASH_UNDO)
                crash(b, op);
        if (!here(b, op))
                return OP_FAULT_NONE;
        if (point == OP_AFTER_RUN && mode == CRASH_AFTER)
                crash(b, op);
        if (point != OP_BEFORE_RUN)
                return OP_FAULT_NONE;
        if (mode == CRASH_BEFORE)
                crash(b, op);
        if (mode == CANCEL)
                return OP_FAULT_CANCEL;
        if (mode == FAIL_ALWAYS || ((mode == FAIL || mode == CRASH_UNDO) && !b->fired)) {
                b->fired = true;
                return OP_FAULT_FAIL;
        }
        return OP_FAULT_NONE;
}

static void observe(void *data, Op *op, OpEvent event, const Error *err)
{
        Bench *b = data;

        if (b->trace && event == OP_EVENT_STEP)
                fprintf(b->report, "step %s|%s|%d\n", op->type->name, op_current_step(op)->name,
                        op->committed);
        if (event == OP_EVENT_UNDO_FAILED)
                fprintf(b->report, "# undo of '%s' failed: %s\n", op_current_step(op)->name,
                        error_text(err));
}

static void die(Bench *b, const char *what, const Error *err)
{
        fprintf(b->report, "broken %s: %s\n", what, error_text(err));
        fflush(b->report);
        _exit(1);
}

static void done(void *data, const Error *err)
{
        Bench *b = data;

        error_done(&b->err);
        if (error_is_set(err))
                error_copy(&b->err, err);
        b->waiting = false;
}

static void verb_done(void *data, Domain *d, const Error *err)
{
        (void) d;
        done(data, err);
}

static void wait_done(Bench *b)
{
        while (b->waiting)
                loop_turn(b->loop, true);
}

static void bench_open(Bench *b)
{
        const DriverType *const drivers[] = {b->fd->type, NULL};
        _cleanup_(free_ptr) char *lib = path_join(b->root, "lib");
        _cleanup_(free_ptr) char *run = path_join(b->root, "run");
        _cleanup_(free_ptr) char *log = path_join(b->root, "log");
        EngineConfig config = {
                .lib_dir = lib,
                .run_dir = run,
                .log_dir = log,
                .drivers = drivers,
                .hooks = {.observe = observe, .fault = fault, .data = b},
        };
        Error err = {};

        if (b->fd->prepare)
                b->fd->prepare(b->root);
        if (loop_new(&b->loop, &err) < 0)
                die(b, "loop", &err);
        if (engine_open(b->loop, &config, &b->engine, &err) < 0)
                die(b, "engine", &err);
        b->waiting = true;
        engine_start(b->engine, done, b);
        wait_done(b);
}

static void bench_close(Bench *b)
{
        engine_close(b->engine);
        loop_free(b->loop);
        error_done(&b->err);
}

static Domain *subject(Bench *b)
{
        Driver *driver = engine_driver(b->engine, b->fd->type->name);
        Uuid uuid;

        uuid_parse(GUEST_UUID, &uuid);
        return domain_list_by_uuid(driver->host.domains, &uuid);
}

/* Runs a verb to its end; its error is in b->err. */
static void run_verb(Bench *b, DomainVerb verb, OpArgs *args)
{
        Driver *driver = engine_driver(b->engine, b->fd->type->name);
        bool finds = verb == VERB_DEFINE || verb == VERB_CREATE || verb == VERB_RESTORE;

        error_done(&b->err);
        b->waiting = true;
        if (engine_submit(b->engine, driver, finds ? NULL : subject(b), verb, args, verb_done, b,
                          NULL, &b->err) < 0)
                b->waiting = false;
        wait_done(b);
}

static void must(Bench *b, DomainVerb verb, OpArgs *args)
{
        run_verb(b, verb, args);
        if (error_is_set(&b->err))
                die(b, domain_verb_text(verb), &b->err);
}

/* --- the world --- */

static int count_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st;
        (void) ftw;
        return type == FTW_F && str_ends(path, ".partial") ? 1 : 0;
}

static const char *file_word(const char *root, const char *name)
{
        _cleanup_(free_ptr) char *path = path_join(root, name);

        return access(path, F_OK) == 0 ? "yes" : "no";
}

/* What an edit changes, of one configuration. */
static char *config_text(const DomainConfig *config)
{
        return config ? xasprintf("'%s' %s %llu KiB %u vcpus %zu iothreads", config->name,
                                  config->title ? config->title : "",
                                  (unsigned long long) config_current_memory(config),
                                  config_current_vcpus(config), config_iothreads(config))
                      : xstrdup("none");
}

/* One line. The guest's memory is told as the same as before the operation, or another. */
static char *world(Bench *b)
{
        Domain *d = subject(b);
        _cleanup_(free_ptr) char *identity = b->fd->identity(b->root, d, GUEST_UUID);
        _cleanup_(free_ptr) char *path = path_join(b->root, "identity");
        _cleanup_(free_ptr) char *before = NULL;
        _cleanup_(free_ptr) char *template = config_text(d ? d->config : NULL);
        _cleanup_(free_ptr) char *live = config_text(d ? d->live : NULL);
        const char *memory = identity;

        if (!str_eq(identity, "none") && !str_eq(identity, "many") && !str_eq(identity, "silent"))
                memory = file_read(path, 256, &before, NULL, NULL) < 0 ? "new"
                         : str_eq(before, identity)                    ? "same"
                                                                       : "other";
        return xasprintf("%s%s%s, guest %s, image %s, managed file %s, own file %s, partial %s, "
                         "template %s, live %s%s%s",
                         !d                     ? "unknown"
                         : domain_persistent(d) ? "persistent"
                                                : "transient",
                         d ? " " : "", d ? domain_state_text(d->state) : "", memory,
                         d && d->image.path ? "yes" : "no",
                         file_word(b->root, "lib/save/" GUEST_NAME ".save"),
                         file_word(b->root, "image.sav"),
                         nftw(b->root, count_entry, 16, FTW_PHYS) ? "yes" : "no", template, live,
                         d && d->live && b->fd->agrees && !b->fd->agrees(d) ? ", at odds" : "",
                         d && d->holder ? ", held" : "");
}

static void tell_world(Bench *b, const char *when)
{
        _cleanup_(free_ptr) char *text = world(b);

        fprintf(b->report, "%s %s\n", when, text);
        fflush(b->report);
}

static void remember_identity(Bench *b)
{
        _cleanup_(free_ptr) char *path = path_join(b->root, "identity");
        _cleanup_(free_ptr) char *identity = b->fd->identity(b->root, subject(b), GUEST_UUID);

        (void) file_write_atomic(path, identity, strlen(identity), 0600, NULL);
}

static void set_up(Bench *b, const Scenario *s)
{
        OpArgs args;

        if (s->before == UNDEFINED)
                return;
        op_args_init(&args);
        args.xml = b->fd->xml(b->root, GUEST_NAME, GUEST_UUID);
        must(b, VERB_DEFINE, &args);
        if (s->before == OFF)
                return;
        must(b, VERB_START, NULL);
        remember_identity(b);
        if (s->before == PAUSED)
                must(b, VERB_SUSPEND, NULL);
        if (s->before == SAVED)
                must(b, VERB_MANAGED_SAVE, NULL);
        if (s->before == SAVED_FILE) {
                op_args_init(&args);
                args.path = path_join(b->root, "image.sav");
                must(b, VERB_SAVE, &args);
        }
}

/* --- the processes of a case --- */

static void actor(Bench *b, const Scenario *s)
{
        OpArgs args;

        bench_open(b);
        set_up(b, s);
        tell_world(b, "before");

        op_args_init(&args);
        if (s->args)
                s->args(&args, b->root, b->fd);
        b->armed = b->fault.mode != NO_FAULT;
        b->trace = true;
        run_verb(b, s->verb, &args);
        op_args_done(&args);
        b->armed = b->trace = false;
        fprintf(b->report, "told %s%s\n", error_is_set(&b->err) ? "error " : "success",
                error_is_set(&b->err) ? error_text(&b->err) : "");
        tell_world(b, "end");
        bench_close(b);
}

static void inspector(Bench *b)
{
        bench_open(b);
        tell_world(b, "after");
        if (subject(b) && domain_active(subject(b)))
                must(b, VERB_DESTROY, NULL);
        bench_close(b);
}

/* Runs one side in a child; its report, the caller's. */
static char *run_side(const FaultDriver *fd, const char *root, const Scenario *s, Fault fault_,
                      bool inspect, int *ret_status)
{
        _cleanup_(free_ptr) char *path = path_join(root, "report");
        char *text = NULL;
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid == 0) {
                Bench b = {.fd = fd, .root = root, .report = fopen(path, "we"), .fault = fault_};

                if (inspect)
                        inspector(&b);
                else
                        actor(&b, s);
                fclose(b.report);
                exit(0);
        }
        if (pid < 0 || waitpid(pid, ret_status, 0) < 0) {
                perror("fork");
                exit(2);
        }
        while (waitpid(-1, NULL, WNOHANG) >
               0) /* guests that the actor left behind and that ended */
                ;
        if (file_read(path, 1 << 20, &text, NULL, NULL) < 0)
                text = xstrdup("");
        return text;
}

/* The rest of the line that starts with the word, or NULL. The caller's. */
static char *line_of(const char *report, const char *word)
{
        _cleanup_(free_ptr) char *start = xasprintf("%s ", word);

        for (const char *p = report; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
                const char *rest = str_after(p, start);

                if (rest)
                        return xstrndup(rest, strcspn(rest, "\n"));
        }
        return NULL;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st;
        (void) type;
        (void) ftw;
        return remove(path);
}

static char *new_root(void)
{
        const char *base = getenv("TMPDIR");
        char *root = xasprintf("%s/ostler-fault-XXXXXX", base ? base : "/tmp");

        if (!mkdtemp(root)) {
                perror("mkdtemp");
                exit(2);
        }
        return root;
}

/* What a driver learned once and stored (the capabilities of a binary) is there from the start in
 * every further root: a case then takes half as long. */
static char *learned;
static size_t learned_len;

static char *new_case_root(void)
{
        char *root = new_root();
        _cleanup_(free_ptr) char *dir = path_join(root, "lib");
        _cleanup_(free_ptr) char *path = path_join(dir, "ostler.db");

        if (learned && (path_make_dirs(dir, 0700, NULL) < 0 ||
                        file_write_atomic(path, learned, learned_len, 0600, NULL) < 0)) {
                perror(path);
                exit(2);
        }
        return root;
}

static void learn(const FaultDriver *fd)
{
        static const Scenario define_and_undefine = {
                .name = "learn", .before = OFF, .verb = VERB_UNDEFINE};
        _cleanup_(free_ptr) char *root = new_root();
        _cleanup_(free_ptr) char *path = path_join(root, "lib/ostler.db");
        int status;

        free(run_side(fd, root, &define_and_undefine, (Fault){}, false, &status));
        (void) file_read(path, 1 << 24, &learned, &learned_len, NULL);
        nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static unsigned case_number, failures;

static void verdict(bool ok, const char *scenario, const Fault *f, const char *why)
{
        printf("%sok %u - %s: %s%s%s%s\n", ok ? "" : "not ", ++case_number, scenario,
               mode_names[f->mode], f->step ? " at " : "", f->step ? f->step : "", ok ? "" : " #");
        if (!ok) {
                failures++;
                printf("# %s\n", why);
        }
        fflush(stdout);
}

/* Whether the next daemon found what it has to find, by what happened. An operation without a
 * commit has no instant to judge a crash by: there before and after are both right. */
static bool as_expected(const Scenario *s, const char *report, int status, const char *found,
                        const char *before, const char *after)
{
        _cleanup_(free_ptr) char *crashed = line_of(report, "crashed");
        _cleanup_(free_ptr) char *told = line_of(report, "told");
        bool as_before = found && str_eq(found, before), as_after = found && str_eq(found, after);

        if (s->at_once)
                return as_after;
        if (WIFEXITED(status) && WEXITSTATUS(status) == CRASHED && crashed)
                return str_eq(crashed, "committed")     ? as_after
                       : str_eq(crashed, "uncommitted") ? as_before
                                                        : as_before || as_after;
        if (status != 0 || !told)
                return false;
        /* Degraded: done but for a step, which the next daemon takes up. */
        return str_eq(told, "success") || strstr(told, "is done but for step") ? as_after
                                                                               : as_before;
}

static void run_case(const FaultDriver *fd, const Scenario *s, Fault f, const char *before,
                     const char *after)
{
        _cleanup_(free_ptr) char *root = new_case_root();
        int status, inspected;
        _cleanup_(free_ptr) char *report = run_side(fd, root, s, f, false, &status);
        _cleanup_(free_ptr) char *next = run_side(fd, root, s, (Fault){}, true, &inspected);
        _cleanup_(free_ptr) char *found = line_of(next, "after");
        bool ok = as_expected(s, report, status, found, before, after) && inspected == 0;
        _cleanup_(free_ptr) char *why = xasprintf(
                "before: %s\n# after: %s\n# found: %s\n# actor (status %d): %s\n"
                "# inspector (%d): %s",
                before, after, found ? found : "nothing", status, report, inspected, next);

        verdict(ok, s->name, &f, why);
        nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The worlds before and after, and the steps in between, by a run without fault. */
static void run_scenario(const FaultDriver *fd, const Scenario *s)
{
        _cleanup_(free_ptr) char *root = new_case_root();
        int status, inspected;
        _cleanup_(free_ptr) char *report = run_side(fd, root, s, (Fault){}, false, &status);
        _cleanup_(free_ptr) char *next = run_side(fd, root, s, (Fault){}, true, &inspected);
        _cleanup_(free_ptr) char *before = line_of(report, "before");
        _cleanup_(free_ptr) char *end = line_of(report, "end");
        _cleanup_(free_ptr) char *after = line_of(next, "after");
        _cleanup_(free_ptr) char *told = line_of(report, "told");
        bool ok = before && end && after && str_eq(told, "success") && str_eq(end, after) &&
                  status == 0 && inspected == 0;
        _cleanup_(free_ptr) char *why = xasprintf("%s# next: %s", report, next);

        verdict(ok, s->name, &(Fault){}, why);
        nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        if (!ok)
                return;

        for (char *line = report; line && *line;) {
                char *rest = strchr(line, '\n');

                if (rest)
                        *rest++ = '\0';
                char *op = NULL, *step;

                if (str_after(line, "step "))
                        op = line + strlen("step ");
                if (op && (step = strchr(op, '|'))) {
                        char *committed = strchr(step + 1, '|');

                        *step++ = *committed++ = '\0';
                        for (Mode mode = FAIL; mode < _MODE_MAX; mode++)
                                if (mode != FAIL_ALWAYS ||
                                    *committed == '1') /* only there tried again */
                                        run_case(fd, s, (Fault){mode, op, step}, before, after);
                }
                line = rest;
        }
}

static bool strv_has(char *const *strv, const char *s)
{
        for (; *strv; strv++)
                if (str_eq(*strv, s))
                        return true;
        return false;
}

int main(int argc, char **argv)
{
        const FaultDriver *const drivers[] = {FAULT_DRIVERS};

        /* Guests that outlive an actor are ours to see end. */
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        if (argc > 1 && str_eq(argv[1], "qemu-user") && geteuid() != 0) {
                printf("1..0 # SKIP only root runs QEMU as another user\n");
                return 0;
        }
        if (argc < 2) {
                fprintf(stderr, "usage: fault DRIVER [SCENARIO...]\n");
                return 2;
        }
        for (size_t i = 0; i < ELEMENTSOF(drivers); i++) {
                const char *name = drivers[i]->name ? drivers[i]->name : drivers[i]->type->name;

                if (!str_eq(name, argv[1]))
                        continue;
                learn(drivers[i]);
                for (size_t k = 0; k < ELEMENTSOF(scenarios); k++)
                        if ((argc < 3 || strv_has(argv + 2, scenarios[k].name)) &&
                            (!scenarios[k].willing || drivers[i]->willing))
                                run_scenario(drivers[i], &scenarios[k]);
        }
        free(learned);
        printf("1..%u\n", case_number);
        return failures > 0 || case_number == 0;
}
