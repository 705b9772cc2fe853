#include "unit.h"
#include "wire-random.h"

enum {
        ROUNDS = 20, /* of every layout */
};

static void put(Str *out, uint32_t word)
{
        uint8_t bytes[4];

        xdr_put_u32(bytes, word);
        str_addn(out, (const char *) bytes, 4);
}

/* What was encoded comes back, with every byte used, and encodes to the same bytes. */
static void test_every_layout_round_trips(void **state)
{
        Dice d = {.state = 1};

        (void) state;
        for (size_t i = 0; i < WIRE_LAYOUT_COUNT; i++)
                for (int round = 0; round < ROUNDS; round++) {
                        const WireLayout *layout = wire_layouts[i];
                        _cleanup_(free_ptr) void *value = xcalloc(1, layout->size);
                        _cleanup_(free_ptr) void *back = xcalloc(1, layout->size);
                        _cleanup_(str_done) Str bytes = {}, again = {};
                        Error err = {};

                        random_struct(&d, layout, value);
                        assert_ok(xdr_encode(layout, value, &bytes, &err));
                        assert_int_equal(bytes.len % 4, 0);
                        assert_true(bytes.len >= layout->min_encoded);
                        assert_ok(
                                xdr_decode(layout, (uint8_t *) bytes.text, bytes.len, back, &err));
                        assert_ok(xdr_encode(layout, back, &again, &err));
                        assert_int_equal(bytes.len, again.len);
                        assert_memory_equal(bytes.text, again.text, bytes.len);
                        xdr_release(layout, value);
                        xdr_release(layout, back);
                }
}

/* Cut anywhere, the bytes are refused and nothing is left behind (ASan watches). */
static void test_every_layout_is_refused_when_truncated(void **state)
{
        Dice d = {.state = 2};

        (void) state;
        for (size_t i = 0; i < WIRE_LAYOUT_COUNT; i++) {
                const WireLayout *layout = wire_layouts[i];
                _cleanup_(free_ptr) void *value = xcalloc(1, layout->size);
                _cleanup_(free_ptr) void *zero = xcalloc(1, layout->size);
                _cleanup_(str_done) Str bytes = {};
                Error err = {};

                random_struct(&d, layout, value);
                assert_ok(xdr_encode(layout, value, &bytes, &err));
                xdr_release(layout, value);
                for (size_t len = 0; len < bytes.len; len++) {
                        /* a copy of its own, so that reading beyond it is seen */
                        _cleanup_(free_ptr) uint8_t *cut = xmemdup(bytes.text, len);

                        assert_error(xdr_decode(layout, cut, len, value, &err), PROTOCOL);
                        assert_memory_equal(value, zero, layout->size);
                }
        }
}

/* The captured look-up of "vm1" and its answer. */
static void test_the_bytes_are_the_protocols(void **state)
{
        static const uint8_t call[] = {0, 0, 0, 3, 'v', 'm', '1', 0};
        static const uint8_t reply[] = {0,    0,    0,    3,    'v',  'm',  '1',  0,    0x11, 0x11,
                                        0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55,
                                        0x55, 0x55, 0x55, 0x55, 0,    0,    0,    1};
        RemoteDomainLookupByNameArgs args = {.name = (char *) "vm1"};
        RemoteDomainLookupByNameRet ret;
        _cleanup_(str_done) Str bytes = {};
        Error err = {};

        (void) state;
        assert_ok(xdr_encode(&wire_layout_remote_domain_lookup_by_name_args, &args, &bytes, &err));
        assert_int_equal(bytes.len, sizeof(call));
        assert_memory_equal(bytes.text, call, sizeof(call));

        assert_ok(xdr_decode(&wire_layout_remote_domain_lookup_by_name_ret, reply, sizeof(reply),
                             &ret, &err));
        assert_string_equal(ret.dom.name, "vm1");
        assert_string_equal(UUID_TEXT(&ret.dom.uuid), "11111111-2222-3333-4444-555555555555");
        assert_int_equal(ret.dom.id, 1);
        xdr_release(&wire_layout_remote_domain_lookup_by_name_ret, &ret);
}

/* A character takes a word: the model of the host's CPU is 128 bytes. */
static void test_characters_are_words(void **state)
{
        RemoteNodeGetInfoRet info = {.model = "x86_64"};
        _cleanup_(str_done) Str bytes = {};
        Error err = {};

        (void) state;
        assert_ok(xdr_encode(&wire_layout_remote_node_get_info_ret, &info, &bytes, &err));
        assert_int_equal(bytes.len, 32 * 4 + 8 + 6 * 4);
        assert_memory_equal(bytes.text,
                            "\0\0\0x\0\0\0"
                            "8",
                            8);
}

/* Counts and lengths beyond the maximum, or beyond what remains, take no memory. */
static void test_counts_are_bounded_before_memory_is_taken(void **state)
{
        static const uint32_t counts[] = {16385, 0x7fffffff, 0xffffffff, 16384};
        RemoteConnectListAllDomainsRet list;
        RemoteDomainLookupByNameArgs name;
        RemoteSecretSetValueArgs secret;
        Error err = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                _cleanup_(str_done) Str bytes = {};

                put(&bytes, counts[i]);
                put(&bytes, 0);
                assert_error(xdr_decode(&wire_layout_remote_connect_list_all_domains_ret,
                                        (uint8_t *) bytes.text, bytes.len, &list, &err),
                             PROTOCOL);
        }
        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                _cleanup_(str_done) Str bytes = {};

                put(&bytes, counts[i]);
                put(&bytes, 0);
                assert_error(xdr_decode(&wire_layout_remote_domain_lookup_by_name_args,
                                        (uint8_t *) bytes.text, bytes.len, &name, &err),
                             PROTOCOL);
        }
        _cleanup_(str_done) Str bytes = {};
        str_addn(&bytes, "0123456789abcdef", 16); /* uuid */
        put(&bytes, 0);                           /* usage type */
        put(&bytes, 0);                           /* usage id */
        put(&bytes, 65537);
        for (int i = 0; i < 65540 / 4; i++)
                put(&bytes, 0);
        put(&bytes, 0);
        assert_error(xdr_decode(&wire_layout_remote_secret_set_value_args, (uint8_t *) bytes.text,
                                bytes.len, &secret, &err),
                     PROTOCOL);
}

/* The longest string is taken, one byte more is not. */
static void test_string_maximum(void **state)
{
        RemoteDomainLookupByNameArgs name;

        (void) state;
        for (uint32_t extra = 0; extra < 2; extra++) {
                _cleanup_(str_done) Str bytes = {};
                _cleanup_(free_ptr) char *text = xcalloc(1, WIRE_STRING_MAX + 4);
                Error err = {};

                memset(text, 'a', WIRE_STRING_MAX + 4);
                put(&bytes, WIRE_STRING_MAX + extra);
                str_addn(&bytes, text, WIRE_STRING_MAX + 4);
                if (extra) {
                        assert_error(xdr_decode(&wire_layout_remote_domain_lookup_by_name_args,
                                                (uint8_t *) bytes.text, bytes.len, &name, &err),
                                     PROTOCOL);
                        continue;
                }
                assert_ok(xdr_decode(&wire_layout_remote_domain_lookup_by_name_args,
                                     (uint8_t *) bytes.text, bytes.len, &name, &err));
                assert_int_equal(strlen(name.name), WIRE_STRING_MAX);
                xdr_release(&wire_layout_remote_domain_lookup_by_name_args, &name);
        }
}

static void test_bad_presence_words(void **state)
{
        static const uint32_t words[] = {2, 0x01000000, 0xffffffff};
        RemoteConnectOpenArgs open;
        RemoteConnectDomainEventCallbackRegisterAnyArgs watch;
        Error err = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                _cleanup_(str_done) Str bytes = {};

                put(&bytes, words[i]);
                for (int n = 0; n < 16; n++)
                        put(&bytes, 0);
                assert_error(xdr_decode(&wire_layout_remote_connect_open_args,
                                        (uint8_t *) bytes.text, bytes.len, &open, &err),
                             PROTOCOL);
                /* here the word comes second */
                xdr_put_u32((uint8_t *) bytes.text + 4, words[i]);
                assert_error(
                        xdr_decode(
                                &wire_layout_remote_connect_domain_event_callback_register_any_args,
                                (uint8_t *) bytes.text, bytes.len, &watch, &err),
                        PROTOCOL);
        }
}

static void test_bad_parameter_tags_and_names(void **state)
{
        static const uint32_t tags[] = {0, 8, 0xffffffff};
        RemoteDomainRestoreParamsArgs args;
        Error err = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(tags); i++) {
                _cleanup_(str_done) Str bytes = {};

                put(&bytes, 1);
                put(&bytes, 1);
                str_addn(&bytes, "f\0\0\0", 4);
                put(&bytes, tags[i]);
                put(&bytes, 0);
                put(&bytes, 0);
                assert_error(xdr_decode(&wire_layout_remote_domain_restore_params_args,
                                        (uint8_t *) bytes.text, bytes.len, &args, &err),
                             PROTOCOL);
        }
        _cleanup_(str_done) Str bytes = {};
        put(&bytes, 1);
        put(&bytes, WIRE_PARAM_FIELD_MAX);
        for (int n = 0; n < WIRE_PARAM_FIELD_MAX / 4; n++)
                str_addn(&bytes, "name", 4);
        put(&bytes, WIRE_PARAM_INT);
        put(&bytes, 0);
        put(&bytes, 0);
        assert_error(xdr_decode(&wire_layout_remote_domain_restore_params_args,
                                (uint8_t *) bytes.text, bytes.len, &args, &err),
                     PROTOCOL);
}

/* "a\0b" is not "a". */
static void test_a_nul_inside_a_string_is_refused(void **state)
{
        static const uint8_t bytes[] = {0, 0, 0, 3, 'a', 0, 'b', 0};
        RemoteDomainLookupByNameArgs name;
        Error err = {};

        (void) state;
        assert_error(xdr_decode(&wire_layout_remote_domain_lookup_by_name_args, bytes,
                                sizeof(bytes), &name, &err),
                     PROTOCOL);
}

/* Stock peers send no padding but zeros; what stands there, and behind the end, is not looked at.
 */
static void test_padding_and_surplus_are_ignored(void **state)
{
        static const uint8_t bytes[] = {0, 0, 0, 3, 'v', 'm', '1', 9, 8, 7, 6, 5};
        RemoteDomainLookupByNameArgs name;
        Error err = {};

        (void) state;
        assert_ok(xdr_decode(&wire_layout_remote_domain_lookup_by_name_args, bytes, sizeof(bytes),
                             &name, &err));
        assert_string_equal(name.name, "vm1");
        xdr_release(&wire_layout_remote_domain_lookup_by_name_args, &name);
}

/* What cannot be said is an error, and the output is as it was. */
static void test_encoding_refuses_what_the_protocol_cannot_say(void **state)
{
        _cleanup_(free_ptr) char *long_text = xcalloc(1, WIRE_STRING_MAX + 2);
        RemoteDomainLookupByNameArgs name = {};
        RemoteConnectListDomainsRet ids = {.n_ids = WIRE_DOMAIN_LIST_MAX + 1};
        _cleanup_(str_done) Str bytes = {};
        Error err = {};

        (void) state;
        str_add(&bytes, "before");
        assert_error(
                xdr_encode(&wire_layout_remote_domain_lookup_by_name_args, &name, &bytes, &err),
                PROTOCOL);
        memset(long_text, 'a', WIRE_STRING_MAX + 1);
        name.name = long_text;
        assert_error(
                xdr_encode(&wire_layout_remote_domain_lookup_by_name_args, &name, &bytes, &err),
                PROTOCOL);
        assert_error(xdr_encode(&wire_layout_remote_connect_list_domains_ret, &ids, &bytes, &err),
                     PROTOCOL);
        assert_string_equal(bytes.text, "before");
        assert_int_equal(bytes.len, 6);
}

static void test_errors_name_layout_and_field(void **state)
{
        RemoteDomainLookupByNameArgs name;
        _cleanup_(str_done) Str out = {};
        Error err = {};

        (void) state;
        assert_true(xdr_decode(&wire_layout_remote_domain_lookup_by_name_args, (uint8_t *) "", 0,
                               &name, &err) < 0);
        assert_string_equal(err.message,
                            "remote_domain_lookup_by_name_args: name: the payload ends early");
        error_done(&err);
        /* who does not want the message still learns of the failure */
        assert_int_equal(xdr_decode(&wire_layout_remote_domain_lookup_by_name_args, (uint8_t *) "",
                                    0, &name, NULL),
                         -ERROR_PROTOCOL);
        name.name = NULL;
        assert_int_equal(
                xdr_encode(&wire_layout_remote_domain_lookup_by_name_args, &name, &out, NULL),
                -ERROR_PROTOCOL);
}

/* The table itself: numbers without gaps, and what each row promises. */
static void test_the_table_of_procedures(void **state)
{
        size_t n = 0;

        (void) state;
        assert_int_equal(WIRE_PROC_COUNT, 453);
        for (size_t p = 0; p < _WIRE_PROGRAM_MAX; p++)
                for (uint32_t i = 0; i < wire_programs[p].n_procs; i++, n++) {
                        const WireProc *proc = &wire_programs[p].procs[i];

                        assert_int_equal(proc->program, p);
                        assert_int_equal(proc->number, i + 1);
                        assert_int_equal(proc->index, n);
                        assert_ptr_equal(proc, &wire_procs[n]);
                        assert_true(proc->tier >= 1 && proc->tier <= 4);
                        if (proc->kind != WIRE_CALL)
                                assert_null(proc->ret);
                        if (proc->kind == WIRE_EVENT_CALLBACK)
                                assert_string_equal(proc->args->fields[0].name, "callback_id");
                }
        assert_int_equal(n, WIRE_PROC_COUNT);
        assert_int_equal(wire_programs[WIRE_REMOTE].number, 0x20008086);
        assert_int_equal(wire_programs[WIRE_KEEPALIVE].number, 0x6b656570);
        assert_string_equal(wire_programs[WIRE_REMOTE].procs[272].name, "connect_list_all_domains");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_layout_round_trips),
                cmocka_unit_test(test_every_layout_is_refused_when_truncated),
                cmocka_unit_test(test_the_bytes_are_the_protocols),
                cmocka_unit_test(test_characters_are_words),
                cmocka_unit_test(test_counts_are_bounded_before_memory_is_taken),
                cmocka_unit_test(test_string_maximum),
                cmocka_unit_test(test_bad_presence_words),
                cmocka_unit_test(test_bad_parameter_tags_and_names),
                cmocka_unit_test(test_a_nul_inside_a_string_is_refused),
                cmocka_unit_test(test_padding_and_surplus_are_ignored),
                cmocka_unit_test(test_encoding_refuses_what_the_protocol_cannot_say),
                cmocka_unit_test(test_errors_name_layout_and_field),
                cmocka_unit_test(test_the_table_of_procedures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
