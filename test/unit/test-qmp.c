/* The QMP client against a peer that this test plays, over a socket pair. */
#include "unit-loop.h"

#include "base/fd.h"
#include "base/str.h"
#include "qemu/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"

enum {
        GREETING_MS = 1000,
        COMMAND_MS = 500,
};

typedef struct Peer {
        int fd;
        QmpClient *client;
        Str told;   /* "1:ok " or "1:ERROR_CODE " for each call told */
        Str events; /* "STOP " */
        Str seen;   /* what the client sent and was not looked at */
        unsigned broken;
        unsigned lost;
        Error error; /* of the last call or of the break */
        bool free_on_event, free_on_answer, call_on_break;
} Peer;

static void on_event(void *data, const char *event, json_t *value)
{
        Peer *p = data;

        (void) value;
        str_addf(&p->events, "%s ", event);
        if (p->free_on_event)
                p->client = qmp_client_free(p->client);
}

static void on_broken(void *data, const Error *err)
{
        Peer *p = data;

        p->broken++;
        error_copy(&p->error, err);
}

static void on_lost(void *data, const Error *err)
{
        Peer *p = data;

        (void) err;
        p->lost++;
}

typedef struct Call {
        Peer *peer;
        int number;
} Call;

static void on_answer(void *data, json_t *value, const Error *err)
{
        Call *call = data;
        Peer *p = call->peer;

        (void) value;
        str_addf(&p->told, "%d:%s ", call->number, err ? error_code_name(err->code) : "ok");
        if (err)
                error_copy(&p->error, err);
        if (p->free_on_answer)
                p->client = qmp_client_free(p->client);
        if (p->call_on_break) {
                p->call_on_break = false;
                qmp_client_call(p->client, "again", NULL, on_answer, call);
        }
}

static void open_with(Peer *p, bool hears_lost)
{
        int fds[2];
        QmpSpec spec = {
                .subject = "domain 'vm1'",
                .greeting_ms = GREETING_MS,
                .command_ms = COMMAND_MS,
                .event = on_event,
                .lost = hears_lost ? on_lost : NULL,
                .broken = on_broken,
                .data = p,
        };
        Error err = {};

        *p = (Peer){};
        loop_use_fake_clock(loop);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                         0);
        p->fd = fds[0];
        assert_ok(qmp_client_new(loop, fds[1], &spec, &p->client, &err));
}

static void open_peer(Peer *p)
{
        open_with(p, false);
}

static void close_peer(Peer *p)
{
        qmp_client_free(p->client);
        fd_close(p->fd);
        str_done(&p->told);
        str_done(&p->events);
        str_done(&p->seen);
        error_done(&p->error);
}

static void say(Peer *p, const char *text)
{
        assert_int_equal(fd_write_all(p->fd, text, strlen(text)), 0);
}

/* Turns until the client has said something that holds these words. */
static void hear(Peer *p, const char *words)
{
        char buf[4096];
        ssize_t n;

        for (;;) {
                while ((n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
                        str_addn(&p->seen, buf, (size_t) n);
                if (p->seen.text && strstr(p->seen.text, words)) {
                        str_clear(&p->seen);
                        return;
                }
                loop_turn(loop, true);
        }
}

static void turn_until_told(Peer *p, const char *expected)
{
        while (!p->told.text || p->told.len < strlen(expected))
                loop_turn(loop, true);
        assert_string_equal(p->told.text, expected);
}

static void turn_until_broken(Peer *p)
{
        while (!p->broken)
                loop_turn(loop, true);
        assert_int_equal(p->broken, 1);
}

static void get_ready(Peer *p)
{
        say(p, GREETING);
        hear(p, "\"qmp_capabilities\"");
        say(p, "{\"return\": {}, \"id\": 0}\r\n{\"event\": \"READY\"}\r\n");
        while (!p->events.len)
                loop_turn(loop, true);
        str_clear(&p->events);
}

/* --- */

static void a_call_waits_for_the_handshake_and_is_answered(void)
{
        Peer p;

        open_peer(&p);
        Call one = {&p, 1}, two = {&p, 2};
        qmp_client_call(p.client, "query-status", NULL, on_answer, &one);
        get_ready(&p);
        hear(&p, "{\"execute\":\"query-status\",\"id\":1}\n");
        qmp_client_call(p.client, "block_resize", json_pack("{s:i}", "size", 7), on_answer, &two);
        hear(&p, "{\"execute\":\"block_resize\",\"arguments\":{\"size\":7},\"id\":2}\n");
        say(&p, "{\"return\": {\"status\": \"running\"}, \"id\": 1}\r\n");
        say(&p, "{\"return\": {}, \"id\": 2}\r\n");
        turn_until_told(&p, "1:ok 2:ok ");
        close_peer(&p);
}

static void answers_find_their_calls_in_any_order_and_cut_anywhere(void)
{
        Peer p;
        const char *text = "{\"return\": {}, \"id\": 2}\r\n{\"event\": \"STOP\"}\r\n"
                           "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such disk\"}, "
                           "\"id\": 1}\r\n";

        open_peer(&p);
        Call one = {&p, 1}, two = {&p, 2};
        get_ready(&p);
        qmp_client_call(p.client, "eject", NULL, on_answer, &one);
        qmp_client_call(p.client, "cont", NULL, on_answer, &two);
        for (size_t i = 0; i < strlen(text); i++) {
                assert_int_equal(fd_write_all(p.fd, text + i, 1), 0);
                loop_turn(loop, false);
        }
        turn_until_told(&p, "2:ok 1:OPERATION_FAILED ");
        assert_string_equal(p.events.text, "STOP ");
        assert_string_equal(p.error.message, "unable to execute QEMU command 'eject' on domain "
                                             "'vm1': no such disk");
        close_peer(&p);
}

static void a_late_call_times_out_alone_and_its_answer_is_dropped(void)
{
        Peer p;

        open_peer(&p);
        Call one = {&p, 1}, two = {&p, 2};
        get_ready(&p);
        qmp_client_call(p.client, "stop", NULL, on_answer, &one);
        hear(&p, "\"stop\"");
        loop_advance(loop, COMMAND_MS - 1);
        assert_int_equal(p.told.len, 0);
        qmp_client_call(p.client, "cont", NULL, on_answer, &two);
        loop_advance(loop, 1);
        assert_string_equal(p.told.text, "1:TIMEOUT ");
        assert_non_null(strstr(p.error.message, "'stop' on domain 'vm1'"));
        say(&p, "{\"return\": {}, \"id\": 1}\r\n{\"return\": {}, \"id\": 2}\r\n");
        turn_until_told(&p, "1:TIMEOUT 2:ok ");
        assert_false(qmp_client_broken(p.client));
        close_peer(&p);
}

static void a_command_that_expired_before_the_handshake_is_never_sent(void)
{
        Peer p;

        open_with(&p, true);
        Call one = {&p, 1}, two = {&p, 2};
        say(&p, GREETING);
        hear(&p, "\"qmp_capabilities\"");
        qmp_client_free(p.client);
        fd_close(p.fd);

        /* without a limit for the greeting */
        int fds[2];
        QmpSpec spec = {.subject = "x",
                        .command_ms = COMMAND_MS,
                        .event = on_event,
                        .broken = on_broken,
                        .data = &p};
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                         0);
        p.fd = fds[0];
        assert_int_equal(qmp_client_new(loop, fds[1], &spec, &p.client, NULL), 0);
        qmp_client_call(p.client, "cont", NULL, on_answer, &one);
        qmp_client_ask(p.client, "query-status", NULL, on_answer, &two);
        loop_advance(loop, 100 * COMMAND_MS);
        assert_string_equal(p.told.text, "1:TIMEOUT ");
        get_ready(&p);
        hear(&p, "{\"execute\":\"query-status\",\"id\":2}\n");
        say(&p, "{\"return\": {}, \"id\": 2}\r\n");
        turn_until_told(&p, "1:TIMEOUT 2:ok ");
        close_peer(&p);
}

static void silence_instead_of_a_greeting_ends_every_call(void)
{
        Peer p;

        open_peer(&p);
        Call one = {&p, 1}, two = {&p, 2};
        qmp_client_call(p.client, "a", NULL, on_answer, &one);
        qmp_client_call(p.client, "b", NULL, on_answer, &two);
        loop_advance(loop, GREETING_MS);
        assert_string_equal(p.told.text, "1:TIMEOUT 2:TIMEOUT ");
        assert_int_equal(p.broken, 1);
        assert_non_null(strstr(p.error.message, "no greeting"));
        close_peer(&p);
}

static void a_greeting_and_then_silence_ends_every_call(void)
{
        Peer p;

        open_peer(&p);
        Call one = {&p, 1};
        qmp_client_call(p.client, "a", NULL, on_answer, &one);
        say(&p, GREETING);
        hear(&p, "qmp_capabilities");
        loop_advance(loop, GREETING_MS);
        assert_string_equal(p.told.text, "1:TIMEOUT ");
        close_peer(&p);
}

/* What the peer says breaks the client once, with this code and these words, and ends the call. */
static void breaks(bool ready, const char *text, const char *told, const char *words)
{
        Peer p;

        open_peer(&p);
        Call one = {&p, 1};
        if (ready)
                get_ready(&p);
        qmp_client_call(p.client, "a", NULL, on_answer, &one);
        if (ready)
                hear(&p, "\"a\"");
        say(&p, text);
        turn_until_broken(&p);
        assert_string_equal(p.told.text, told);
        assert_non_null(strstr(p.error.message, words));
        assert_null(strchr(p.error.message, '\n'));
        close_peer(&p);
}

static void garbage_breaks_the_client_once(void)
{
        breaks(false, "HTTP/1.1 400 Bad Request\r\n", "1:PROTOCOL ", "no QMP message");
        breaks(false, "[]\r\n", "1:PROTOCOL ", "not an object");
        breaks(false, "{\"return\": {}}\r\n", "1:PROTOCOL ", "no greeting");
        breaks(false, GREETING "{\"error\": {\"desc\": \"go away\"}, \"id\": 0}\r\n", "1:PROTOCOL ",
               "go away");
        breaks(true, "{\"return\": {}\r\n", "1:PROTOCOL ", "no QMP message");
        breaks(true, "{\"return\": {}, \"return\": {}, \"id\": 1}\r\n", "1:PROTOCOL ",
               "no QMP message");
        breaks(true, "\x80\xff\n", "1:PROTOCOL ", "no QMP message");
        breaks(true, "{\"return\": {}, \"id\": 99}\r\n", "1:PROTOCOL ", "answer to no command");
        breaks(true, "{\"return\": {}, \"id\": -1}\r\n", "1:PROTOCOL ", "answer to no command");
        breaks(true, "{\"return\": {}, \"id\": \"1\"}\r\n", "1:PROTOCOL ", "answer to no command");
        breaks(true, "{\"return\": {}}\r\n", "1:PROTOCOL ", "answer to no command");
        breaks(true, "{}\r\n", "1:PROTOCOL ", "answer to no command");
        breaks(true, "{\"error\": {\"desc\": \"stray\"}}\r\n", "1:PROTOCOL ", "stray");
        breaks(true, "{\"error\": {\"desc\": \"x\"}, \"return\": {}, \"id\": 1}\r\n", "1:PROTOCOL ",
               "answer to no command");
        breaks(true, "{\"return\": {}, \"id\": 0}\r\n", "1:PROTOCOL ", "answer to no command");
}

static void depth_is_bounded_before_the_parser_sees_it(void)
{
        _cleanup_(str_done) Str text = {};

        for (int i = 0; i < 100000; i++)
                str_addc(&text, '[');
        str_add(&text, "\n");
        breaks(true, text.text, "1:PROTOCOL ", "nests deeper");
}

static void brackets_in_strings_are_no_depth(void)
{
        _cleanup_(str_done) Str text = {};
        Peer p;

        str_add(&text, "{\"event\": \"E\\\"");
        for (int i = 0; i < 1000; i++)
                str_addc(&text, '[');
        str_add(&text, "\"}\n{\"event\": \"NUL\", \"data\": {\"x\": \"\\u0000\"}}\n");
        open_peer(&p);
        get_ready(&p);
        say(&p, text.text);
        while (!p.events.text || !strstr(p.events.text, "NUL "))
                loop_turn(loop, true);
        assert_int_equal(p.broken, 0);
        close_peer(&p);
}

static void a_message_without_end_breaks_at_the_bound(void)
{
        Peer p;
        char block[4096];

        open_peer(&p);
        get_ready(&p);
        memset(block, 'x', sizeof(block));
        while (!p.broken) {
                (void) !write(p.fd, block, sizeof(block));
                loop_turn(loop, false);
        }
        assert_int_equal(p.error.code, ERROR_PROTOCOL);
        assert_non_null(strstr(p.error.message, "longer than"));
        close_peer(&p);
}

static void end_of_file_in_the_middle_of_an_answer_ends_every_call(void)
{
        Peer p;

        open_peer(&p);
        Call one = {&p, 1}, two = {&p, 2};
        get_ready(&p);
        qmp_client_call(p.client, "a", NULL, on_answer, &one);
        qmp_client_call(p.client, "b", NULL, on_answer, &two);
        hear(&p, "\"b\"");
        say(&p, "{\"return\": {\"hal");
        p.fd = fd_close(p.fd);
        turn_until_broken(&p);
        assert_string_equal(p.told.text, "1:OPERATION_FAILED 2:OPERATION_FAILED ");
        assert_non_null(strstr(p.error.message, "connection closed"));
        close_peer(&p);
}

static void a_lost_connection_waits_for_its_owner_to_tell_why(void)
{
        Peer p;
        Error why = {};

        open_with(&p, true);
        Call one = {&p, 1}, two = {&p, 2};
        get_ready(&p);
        qmp_client_call(p.client, "a", NULL, on_answer, &one);
        hear(&p, "\"a\"");
        p.fd = fd_close(p.fd);
        while (!p.lost)
                loop_turn(loop, true);
        qmp_client_call(p.client, "b", NULL, on_answer, &two);
        loop_turn(loop, false);
        assert_int_equal(p.told.len, 0);

        error_set(&why, ERROR_OPERATION_FAILED, "the process was killed");
        qmp_client_break(p.client, &why);
        qmp_client_break(p.client, &why);
        assert_string_equal(p.told.text, "1:OPERATION_FAILED 2:OPERATION_FAILED ");
        assert_string_equal(p.error.message, "the process was killed");
        assert_int_equal(p.broken, 1);
        assert_int_equal(p.lost, 1);
        error_done(&why);
        close_peer(&p);
}

static void a_call_on_a_broken_client_is_told_later(void)
{
        Peer p;
        Error why = {};

        open_peer(&p);
        Call one = {&p, 1}, two = {&p, 2};
        error_set(&why, ERROR_ABORTED, "gone");
        p.call_on_break = true;
        qmp_client_call(p.client, "a", NULL, on_answer, &one); /* calls again when told */
        qmp_client_break(p.client, &why);
        assert_string_equal(p.told.text, "1:ABORTED ");
        loop_advance(loop, 0);
        loop_turn(loop, false);
        assert_string_equal(p.told.text, "1:ABORTED 1:ABORTED ");
        qmp_client_call(p.client, "b", NULL, on_answer, &two);
        assert_string_equal(p.told.text, "1:ABORTED 1:ABORTED ");
        loop_advance(loop, 0);
        loop_turn(loop, false);
        assert_string_equal(p.told.text, "1:ABORTED 1:ABORTED 2:ABORTED ");
        error_done(&why);
        close_peer(&p);
}

static void a_client_can_be_freed_in_every_callback(void)
{
        Peer p;

        open_peer(&p);
        Call one = {&p, 1}, two = {&p, 2};
        get_ready(&p);
        p.free_on_event = true;
        say(&p, "{\"event\": \"STOP\"}\r\n{\"event\": \"RESUME\"}\r\n");
        while (p.client)
                loop_turn(loop, true);
        assert_string_equal(p.events.text, "STOP ");
        close_peer(&p);

        open_peer(&p);
        get_ready(&p);
        p.free_on_answer = true;
        one.peer = two.peer = &p;
        qmp_client_call(p.client, "a", NULL, on_answer, &one);
        qmp_client_call(p.client, "b", NULL, on_answer, &two);
        hear(&p, "\"b\"");
        say(&p, "{\"return\": {}, \"id\": 1}\r\n{\"return\": {}, \"id\": 2}\r\n");
        while (p.client)
                loop_turn(loop, true);
        assert_string_equal(p.told.text, "1:ok ");
        close_peer(&p);

        open_peer(&p);
        p.free_on_answer = true;
        qmp_client_call(p.client, "a", NULL, on_answer, &one);
        qmp_client_call(p.client, "b", NULL, on_answer, &two);
        p.fd = fd_close(p.fd);
        while (p.client)
                loop_turn(loop, true);
        assert_string_equal(p.told.text, "1:OPERATION_FAILED ");
        assert_int_equal(p.broken, 0);
        close_peer(&p);
}

static void calls_that_nobody_answers_are_bounded(void)
{
        Peer p;

        open_peer(&p);
        Call call = {&p, 1};
        get_ready(&p);
        for (int i = 0; i < QMP_CALLS_MAX; i++)
                qmp_client_call(p.client, "query-status", NULL, NULL, NULL);
        qmp_client_call(p.client, "query-status", NULL, on_answer, &call);
        assert_int_equal(p.told.len, 0);
        loop_advance(loop, 0);
        assert_string_equal(p.told.text, "1:BUSY ");
        close_peer(&p);
}

static void a_descriptor_goes_with_its_command(void)
{
        Peer p;
        int pipe_fds[2];
        char text[256] = {}, control[CMSG_SPACE(sizeof(int))];
        struct iovec iov = {text, 1};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
        int got;

        open_peer(&p);
        Call one = {&p, 1};
        get_ready(&p);
        hear(&p, "");
        assert_int_equal(pipe(pipe_fds), 0);
        qmp_client_call_fd(p.client, "getfd", json_pack("{s:s}", "fdname", "x"), pipe_fds[1],
                           on_answer, &one);
        while (recvmsg(p.fd, &msg, MSG_DONTWAIT) != 1)
                loop_turn(loop, true);
        assert_int_equal(text[0], ' ');
        memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(got));
        assert_int_equal(write(got, "y", 1), 1);
        assert_int_equal(read(pipe_fds[0], text, 1), 1);
        assert_int_equal(text[0], 'y');
        hear(&p, "\"getfd\"");
        fd_close(got);
        assert_int_equal(read(pipe_fds[0], text, 1), 0); /* ours is closed */
        fd_close(pipe_fds[0]);
        close_peer(&p);
}

static void a_descriptor_that_was_not_sent_is_closed(void)
{
        Peer p;
        int pipe_fds[2];
        char byte;

        open_peer(&p);
        assert_int_equal(pipe(pipe_fds), 0);
        qmp_client_call_fd(p.client, "getfd", NULL, pipe_fds[1], NULL, NULL);
        close_peer(&p);
        assert_int_equal(read(pipe_fds[0], &byte, 1), 0);
        fd_close(pipe_fds[0]);
}

/* QEMU's unsigned numbers go to 64 bits, and the greatest of them means that it does not know. */
static void on_number(void *data, json_t *value, const Error *err)
{
        Peer *p = data;

        assert_null(err);
        str_addf(&p->told, "%lld %s ", (long long) json_integer_value(json_object_get(value, "n")),
                 json_text(value, "s", "-"));
}

static void a_number_beyond_63_bits_is_no_reason_to_break(void)
{
        Peer p;

        open_peer(&p);
        get_ready(&p);
        qmp_client_call(p.client, "one", NULL, on_number, &p);
        qmp_client_call(p.client, "two", NULL, on_number, &p);
        say(&p, "{\"return\": {\"n\": 18446744073709551615, "
                "\"s\": \"\\\"18446744073709551615\"}, \"id\": 1}\r\n");
        say(&p, "{\"return\": {\"n\": 9223372036854775807, \"m\": "
                "-99999999999999999999999, \"s\": \"x\"}, \"id\": 2}\r\n");
        turn_until_told(&p, "-1 \"18446744073709551615 9223372036854775807 x ");
        assert_false(qmp_client_broken(p.client));
        close_peer(&p);
}

static void on_raw(void *data, json_t *value, const Error *err)
{
        Peer *p = data;

        assert_null(err);
        str_addf(&p->told, "%s ", json_object_get(value, "error") ? "error" : "return");
}

static void a_raw_call_is_told_whatever_comes(void)
{
        Peer p;

        open_peer(&p);
        get_ready(&p);
        qmp_client_call_raw(p.client, "one", NULL, on_raw, &p);
        qmp_client_call_raw(p.client, "two", NULL, on_raw, &p);
        say(&p, "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}, "
                "\"id\": 1}\r\n{\"return\": {}, \"id\": 2}\r\n");
        turn_until_told(&p, "error return ");
        close_peer(&p);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                loop_test(a_call_waits_for_the_handshake_and_is_answered),
                loop_test(answers_find_their_calls_in_any_order_and_cut_anywhere),
                loop_test(a_late_call_times_out_alone_and_its_answer_is_dropped),
                loop_test(a_command_that_expired_before_the_handshake_is_never_sent),
                loop_test(silence_instead_of_a_greeting_ends_every_call),
                loop_test(a_greeting_and_then_silence_ends_every_call),
                loop_test(garbage_breaks_the_client_once),
                loop_test(depth_is_bounded_before_the_parser_sees_it),
                loop_test(brackets_in_strings_are_no_depth),
                loop_test(a_message_without_end_breaks_at_the_bound),
                loop_test(end_of_file_in_the_middle_of_an_answer_ends_every_call),
                loop_test(a_lost_connection_waits_for_its_owner_to_tell_why),
                loop_test(a_call_on_a_broken_client_is_told_later),
                loop_test(a_client_can_be_freed_in_every_callback),
                loop_test(calls_that_nobody_answers_are_bounded),
                loop_test(a_descriptor_goes_with_its_command),
                loop_test(a_descriptor_that_was_not_sent_is_closed),
                loop_test(a_number_beyond_63_bits_is_no_reason_to_break),
                loop_test(a_raw_call_is_told_whatever_comes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
