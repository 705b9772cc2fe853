/* Questions to a real QEMU beside every operation. */
#include "qemu-fixture.h"

#include "base/fd.h"
#include "engine/ask.h"
#include "qemu/guest.h"

#include <signal.h>

static struct {
        unsigned told;
        char *text;
        int fd;
        Error error;
} got;

static void on_answer(void *data, DriverAnswer *answer, const Error *err)
{
        QemuFixture *f = data;

        f->waiting--;
        got.told++;
        free(got.text);
        got.text = answer ? xstrdup_null(answer->text) : NULL;
        fd_close(got.fd);
        got.fd = answer ? TAKE_FD(answer->fd) : -1;
        error_done(&got.error);
        if (error_is_set(err))
                error_copy(&got.error, err);
}

static int ask_begin(QemuFixture *f, Domain *d, const DriverQuestion *question, Error *err)
{
        EngineAsk *ask;
        int r = engine_ask(f->engine, d, question, on_answer, f, &ask, err);

        if (r >= 0)
                f->waiting++;
        return r;
}

static void ask(QemuFixture *f, Domain *d, DriverQuestion question)
{
        Error err = {};

        assert_ok(ask_begin(f, d, &question, &err));
        fixture_wait(f);
}

static int set_up(void **state)
{
        got.told = 0;
        got.fd = -1;
        return qemu_set_up(state);
}

static int tear_down(void **state)
{
        free(TAKE_PTR(got.text));
        got.fd = fd_close(got.fd);
        error_done(&got.error);
        return qemu_tear_down(state);
}

static Domain *running(QemuFixture *f)
{
        Domain *d = define_guest(f, "<video><model type='vga'/></video>");

        assert_verb(f, d, VERB_START, NULL);
        return d;
}

static void monitor_commands_pass_through(void **state)
{
        QemuFixture *f = *state;
        Domain *d = running(f);
        _cleanup_(free_ptr) char *log = path_join(f->root, "log/qemu/guest.log");
        _cleanup_(free_ptr) char *said = NULL;
        Error err = {};

        assert_int_equal(d->taints, 0);
        ask(f, d,
            (DriverQuestion){.kind = ASK_MONITOR,
                             .text = "{\"execute\": \"query-status\", "
                                     "\"id\": [1, \"x\"]}"});
        assert_non_null(strstr(got.text, "\"status\":\"running\""));
        assert_non_null(strstr(got.text, "\"id\":[1,\"x\"]"));
        ask(f, d, (DriverQuestion){.kind = ASK_MONITOR, .text = "nonsense"});
        assert_false(error_is_set(&got.error));
        assert_non_null(strstr(got.text, "CommandNotFound"));
        ask(f, d, (DriverQuestion){.kind = ASK_MONITOR_LINE, .text = "info status"});
        assert_non_null(strstr(got.text, "VM status: running"));
        assert_int_equal(d->taints, TAINT_MONITOR);
        assert_ok(file_read(log, 1 << 20, &said, NULL, &err));
        assert_non_null(strstr(said, "tainted: custom monitor control commands issued"));

        assert_error(ask_begin(f, d, &(DriverQuestion){.kind = ASK_MONITOR, .text = "{"}, &err),
                     INTERNAL);
        assert_error(ask_begin(f, d, &(DriverQuestion){.kind = ASK_MONITOR, .text = "{}"}, &err),
                     INVALID_ARGUMENT);
        assert_error(ask_begin(f, d,
                               &(DriverQuestion){.kind = ASK_MONITOR_LINE, .text = "\xff\xfe"},
                               &err),
                     INVALID_ARGUMENT);
}

static void keys_and_nmi(void **state)
{
        QemuFixture *f = *state;
        Domain *d = running(f);
        DriverQuestion keys = {.kind = ASK_SEND_KEYS, .keys = {0x1d, 0x38, 0xd3}, .n_keys = 3};

        ask(f, d, keys);
        assert_false(error_is_set(&got.error));
        keys.keys[0] = 0xffff; /* QEMU's word, whatever it is */
        keys.hold_ms = 1;
        ask(f, d, keys);
        assert_int_equal(got.told, 2);
        ask(f, d, (DriverQuestion){.kind = ASK_NMI});
        assert_false(error_is_set(&got.error));
        assert_int_equal(d->taints, 0);
}

static void a_screenshot_comes_as_a_descriptor(void **state)
{
        QemuFixture *f = *state;
        Domain *d = running(f);
        int before = count_fds();
        char head[2] = "";
        Error err = {};

        ask(f, d, (DriverQuestion){.kind = ASK_SCREENSHOT});
        assert_false(error_is_set(&got.error));
        assert_string_equal(got.text, "image/png");
        assert_int_equal(pread(got.fd, head, 2, 0), 2);
        assert_memory_equal(head, "\x89P", 2);
        got.fd = fd_close(got.fd);
        assert_int_equal(count_fds(), before);
        assert_error(ask_begin(f, d, &(DriverQuestion){.kind = ASK_SCREENSHOT, .screen = 1}, &err),
                     OPERATION_INVALID);
}

static void a_guest_that_ends_answers_with_the_cause(void **state)
{
        QemuFixture *f = *state;
        Domain *d = running(f);
        pid_t pid = child_pid(qemu_guest(d)->child);
        Error err = {};

        assert_int_equal(kill(pid, SIGSTOP), 0);
        for (int i = 0; i < 3; i++)
                assert_ok(ask_begin(f, d, &(DriverQuestion){.kind = ASK_SCREENSHOT}, &err));
        assert_ok(
                ask_begin(f, d, &(DriverQuestion){.kind = ASK_MONITOR, .text = "query-kvm"}, &err));
        assert_int_equal(kill(pid, SIGKILL), 0);
        fixture_wait(f);
        assert_int_equal(got.told, 4);
        assert_int_equal(got.error.code, ERROR_OPERATION_FAILED);
        assert_non_null(strstr(error_text(&got.error), "ended"));
}

static void questions_are_bounded(void **state)
{
        QemuFixture *f = *state;
        Domain *d = running(f);
        pid_t pid = child_pid(qemu_guest(d)->child);
        DriverQuestion question = {.kind = ASK_NMI};
        Error err = {};
        unsigned asked = 0;

        assert_int_equal(kill(pid, SIGSTOP), 0);
        while (ask_begin(f, d, &question, &err) >= 0)
                assert_true(++asked < 1000);
        assert_int_equal(err.code, ERROR_BUSY);
        error_done(&err);
        assert_int_equal(kill(pid, SIGCONT), 0);
        fixture_wait(f);
        assert_int_equal(got.told, asked);
        assert_verb(f, d, VERB_SUSPEND, NULL);
}

static void what_is_asked_ends_with_the_daemon(void **state)
{
        QemuFixture *f = *state;
        Domain *d = running(f);
        Error err = {};

        assert_ok(ask_begin(f, d, &(DriverQuestion){.kind = ASK_SCREENSHOT}, &err));
        assert_ok(
                ask_begin(f, d, &(DriverQuestion){.kind = ASK_MONITOR, .text = "query-kvm"}, &err));
        f->waiting = 0;
        fixture_restart(f);
        assert_int_equal(got.told, 0);
}

#define qemu_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                qemu_test(monitor_commands_pass_through),
                qemu_test(keys_and_nmi),
                qemu_test(a_screenshot_comes_as_a_descriptor),
                qemu_test(a_guest_that_ends_answers_with_the_cause),
                qemu_test(questions_are_bounded),
                qemu_test(what_is_asked_ends_with_the_daemon),
        };

        if (access(QEMU_BINARY, X_OK) < 0) {
                printf("1..0 # SKIP no " QEMU_BINARY "\n");
                return 0;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
