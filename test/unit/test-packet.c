#include "unit.h"

#include "wire/packet.h"

static const uint8_t lookup[] = {
        0x00, 0x00, 0x00, 0x24, 0x20, 0x00, 0x80, 0x86, 0x00, 0x00, 0x00, 0x01,
        0x00, 0x00, 0x00, 0x17, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 'v',  'm',  '1',  0x00,
};

static void test_a_captured_call(void **state)
{
        size_t size, len;
        uint32_t n_fds;
        Error err = {};
        WireHeader header;
        RemoteDomainLookupByNameArgs args = {.name = (char *) "vm1"};
        _cleanup_(str_done) Str built = {};

        (void) state;
        assert_int_equal(packet_frame(lookup, sizeof(lookup), &size, &n_fds, &err), 1);
        assert_int_equal(size, sizeof(lookup));
        assert_int_equal(n_fds, 0);
        header = packet_header(lookup);
        assert_int_equal(header.program, 0x20008086);
        assert_int_equal(header.version, 1);
        assert_int_equal(header.procedure, REMOTE_DOMAIN_LOOKUP_BY_NAME);
        assert_int_equal(header.type, WIRE_TYPE_CALL);
        assert_int_equal(header.serial, 6);
        assert_int_equal(header.status, WIRE_STATUS_OK);
        assert_ptr_equal(packet_payload(lookup, size, &len), lookup + 28);
        assert_int_equal(len, 8);

        assert_ok(packet_build(&header, &wire_layout_remote_domain_lookup_by_name_args, &args,
                               &built, &err));
        assert_int_equal(built.len, sizeof(lookup));
        assert_memory_equal(built.text, lookup, sizeof(lookup));
}

static void test_a_packet_is_whole_with_its_last_byte_alone(void **state)
{
        size_t size;
        uint32_t n_fds;
        Error err = {};

        (void) state;
        for (size_t len = 0; len < sizeof(lookup); len++)
                assert_int_equal(packet_frame(lookup, len, &size, &n_fds, &err), 0);
}

static void test_impossible_lengths(void **state)
{
        static const uint32_t bad[] = {0, 3, 4, 27, WIRE_PACKET_MAX + 1, 0x7fffffff, 0xffffffff};
        uint8_t bytes[WIRE_HEADER_SIZE] = {};
        size_t size;
        uint32_t n_fds;
        Error err = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                xdr_put_u32(bytes, bad[i]);
                assert_error(packet_frame(bytes, sizeof(bytes), &size, &n_fds, &err), PROTOCOL);
                assert_error(packet_frame(bytes, 4, &size, &n_fds, &err), PROTOCOL);
        }
        xdr_put_u32(bytes, 28);
        assert_int_equal(packet_frame(bytes, sizeof(bytes), &size, &n_fds, &err), 1);
        xdr_put_u32(bytes, WIRE_PACKET_MAX);
        assert_int_equal(packet_frame(bytes, sizeof(bytes), &size, &n_fds, &err), 0);
}

/* Descriptors ride on bytes behind the packet that its length does not count. */
static void test_descriptors_follow_the_packet(void **state)
{
        uint8_t bytes[64] = {};
        size_t size, len;
        uint32_t n_fds;
        Error err = {};

        (void) state;
        xdr_put_u32(bytes, 36);
        xdr_put_u32(bytes + 16, WIRE_TYPE_CALL_WITH_FDS);
        xdr_put_u32(bytes + 28, 2);
        assert_int_equal(packet_frame(bytes, 37, &size, &n_fds, &err), 0);
        assert_int_equal(packet_frame(bytes, 38, &size, &n_fds, &err), 1);
        assert_int_equal(size, 36);
        assert_int_equal(n_fds, 2);
        assert_ptr_equal(packet_payload(bytes, size, &len), bytes + 32);
        assert_int_equal(len, 4);

        xdr_put_u32(bytes + 28, WIRE_FDS_MAX + 1);
        assert_error(packet_frame(bytes, sizeof(bytes), &size, &n_fds, &err), PROTOCOL);
        xdr_put_u32(bytes + 28, 0xffffffff);
        assert_error(packet_frame(bytes, 32, &size, &n_fds, &err), PROTOCOL);
        xdr_put_u32(bytes, 28);
        assert_error(packet_frame(bytes, sizeof(bytes), &size, &n_fds, &err), PROTOCOL);
}

static void test_what_cannot_be_built_leaves_nothing(void **state)
{
        WireHeader header = {};
        RemoteDomainLookupByNameArgs args = {};
        _cleanup_(str_done) Str out = {};
        Error err = {};

        (void) state;
        str_add(&out, "x");
        assert_error(packet_build(&header, &wire_layout_remote_domain_lookup_by_name_args, &args,
                                  &out, &err),
                     PROTOCOL);
        assert_int_equal(out.len, 1);
}

static void test_bytes_as_payload(void **state)
{
        WireHeader header = {.type = WIRE_TYPE_STREAM, .serial = 7, .status = WIRE_STATUS_CONTINUE};
        _cleanup_(str_done) Str out = {};

        (void) state;
        packet_build_bytes(&header, "abc", 3, &out);
        assert_int_equal(out.len, 31);
        assert_int_equal(xdr_get_u32((uint8_t *) out.text), 31);
        assert_memory_equal(out.text + 28, "abc", 3);
        str_clear(&out);
        packet_build_bytes(&header, NULL, 0, &out);
        assert_int_equal(out.len, 28);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_captured_call),
                cmocka_unit_test(test_a_packet_is_whole_with_its_last_byte_alone),
                cmocka_unit_test(test_impossible_lengths),
                cmocka_unit_test(test_descriptors_follow_the_packet),
                cmocka_unit_test(test_what_cannot_be_built_leaves_nothing),
                cmocka_unit_test(test_bytes_as_payload),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
