/* Packets: framing and headers. */
#include "wire/packet.h"

int packet_frame(const uint8_t *bytes, size_t len, size_t *ret_len, uint32_t *ret_n_fds, Error *err)
{
        uint32_t size, n_fds = 0;

        if (len < 4)
                return 0;
        size = xdr_get_u32(bytes);
        if (size < WIRE_HEADER_SIZE || size > WIRE_PACKET_MAX)
                return error_set(err, ERROR_PROTOCOL, "a packet cannot have %u bytes", size);
        if (len < WIRE_HEADER_SIZE)
                return 0;
        if (packet_header(bytes).type == WIRE_TYPE_CALL_WITH_FDS) {
                if (size < WIRE_HEADER_SIZE + 4)
                        return error_set(err, ERROR_PROTOCOL,
                                         "the count of descriptors is missing");
                if (len < WIRE_HEADER_SIZE + 4)
                        return 0;
                n_fds = xdr_get_u32(bytes + WIRE_HEADER_SIZE);
                if (n_fds > WIRE_FDS_MAX)
                        return error_set(err, ERROR_PROTOCOL,
                                         "%u descriptors where %u are the most", n_fds,
                                         WIRE_FDS_MAX);
        }
        if (len < (size_t) size + n_fds)
                return 0;
        *ret_len = size;
        *ret_n_fds = n_fds;
        return 1;
}

WireHeader packet_header(const uint8_t *bytes)
{
        return (WireHeader){
                .program = xdr_get_u32(bytes + 4),
                .version = xdr_get_u32(bytes + 8),
                .procedure = (int32_t) xdr_get_u32(bytes + 12),
                .type = xdr_get_u32(bytes + 16),
                .serial = xdr_get_u32(bytes + 20),
                .status = xdr_get_u32(bytes + 24),
        };
}

const uint8_t *packet_payload(const uint8_t *bytes, size_t len, size_t *ret_len)
{
        size_t skip = WIRE_HEADER_SIZE;

        if (packet_header(bytes).type == WIRE_TYPE_CALL_WITH_FDS)
                skip += 4;
        *ret_len = len - skip;
        return bytes + skip;
}

static void put_header(const WireHeader *header, size_t size, Str *out)
{
        const uint32_t words[] = {
                (uint32_t) size, header->program, header->version, (uint32_t) header->procedure,
                header->type,    header->serial,  header->status,
        };
        uint8_t bytes[WIRE_HEADER_SIZE];

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                xdr_put_u32(bytes + 4 * i, words[i]);
        str_addn(out, (const char *) bytes, sizeof(bytes));
}

int packet_build(const WireHeader *header, const WireLayout *layout, const void *value, Str *out,
                 Error *err)
{
        size_t start = out->len, size;
        int r;

        put_header(header, 0, out);
        r = xdr_encode(layout, value, out, err);
        size = out->len - start;
        if (r >= 0 && size > WIRE_PACKET_MAX)
                r = error_set(err, ERROR_PROTOCOL, "%zu bytes are too many for a packet", size);
        if (r < 0) {
                out->len = start;
                out->text[start] = '\0';
                return r;
        }
        xdr_put_u32((uint8_t *) out->text + start, (uint32_t) size);
        return 0;
}

void packet_build_bytes(const WireHeader *header, const void *bytes, size_t len, Str *out)
{
        put_header(header, WIRE_HEADER_SIZE + len, out);
        if (len > 0)
                str_addn(out, bytes, len);
}
