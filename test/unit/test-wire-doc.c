/* docs/wire.md tells of every procedure, and whether it is served: its table is made from the
 * tables of the program, and this test compares. OSTLER_UPDATE_DOCS=1 writes it anew. */
#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "wire/dispatch.h"

#include <stdlib.h>

#define BEGIN "<!-- table: OSTLER_UPDATE_DOCS=1 build/test/unit/test-wire-doc -->\n"
#define END   "<!-- end of table -->\n"

static const char *status_of(const WireDispatch *dispatch, const WireProc *proc)
{
        if (proc->program == WIRE_KEEPALIVE)
                return "both ways";
        if (proc->kind == WIRE_CALL)
                return dispatch->handlers[proc->index] ? "served" : "";
        switch (proc->program == WIRE_REMOTE ? proc->number : 0) {
        case REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE:
        case REMOTE_DOMAIN_EVENT_CALLBACK_REBOOT:
        case REMOTE_DOMAIN_EVENT_CALLBACK_JOB_COMPLETED:
                return "sent";
        default:
                return "";
        }
}

static void add_row(Str *out, const WireDispatch *dispatch, const WireProc *proc)
{
        static const char *const access[] = {"yes", "no", "by flags", "by flags"};

        str_addf(out, "| %d | %s | %s | %s | %s | %d |\n", proc->number, proc->name,
                 status_of(dispatch, proc),
                 proc->kind == WIRE_CALL ? access[proc->access] : "event",
                 proc->since ? proc->since : "", proc->tier);
}

static char *make_table(void)
{
        WireDispatch dispatch;
        Str out = {};
        unsigned calls = 0, served = 0;

        dispatch_init(&dispatch);
        for (size_t i = 0; i < WIRE_PROC_COUNT; i++) {
                calls += wire_procs[i].kind == WIRE_CALL;
                served += dispatch.handlers[i] != NULL;
        }
        str_addf(&out, "%u of %u calls are served.\n", served, calls);
        for (size_t p = 0; p < _WIRE_PROGRAM_MAX; p++) {
                str_addf(&out,
                         "\n### Program %s, 0x%08x\n\n"
                         "| number | procedure | status | read-only | since | tier |\n"
                         "|---|---|---|---|---|---|\n",
                         wire_programs[p].name, wire_programs[p].number);
                for (uint32_t i = 0; i < wire_programs[p].n_procs; i++)
                        add_row(&out, &dispatch, &wire_programs[p].procs[i]);
        }
        return str_take(&out);
}

static void test_the_table_is_up_to_date(void **state)
{
        const char *source = getenv("OSTLER_SOURCE"); /* else it runs in the source's folder */
        _cleanup_(free_ptr) char *path = path_join(source ? source : ".", "docs/wire.md");
        _cleanup_(free_ptr) char *text = NULL, *table = make_table();
        _cleanup_(str_done) Str out = {};
        char *begin, *end;
        Error err = {};

        (void) state;
        assert_ok(file_read(path, 1024 * 1024, &text, NULL, &err));
        begin = strstr(text, BEGIN);
        end = strstr(text, END);
        assert_true(begin && end && begin < end);
        begin += strlen(BEGIN);
        if (getenv("OSTLER_UPDATE_DOCS")) {
                str_addn(&out, text, (size_t) (begin - text));
                str_add(&out, table);
                str_add(&out, end);
                assert_ok(file_write_atomic(path, out.text, out.len, 0644, &err));
                return;
        }
        if ((size_t) (end - begin) != strlen(table) || memcmp(begin, table, strlen(table)) != 0)
                fail_msg("docs/wire.md is older than the program: run this test with "
                         "OSTLER_UPDATE_DOCS=1");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_table_is_up_to_date),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
