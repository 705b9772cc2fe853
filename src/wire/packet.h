/* Packets: one header and a payload, back to back on a byte stream.
 *
 * A packet is a length word that counts itself, six header words and a payload. Descriptors follow
 * it, one extra byte each, which the length does not count. */
#pragma once

#include "wire/xdr.h"

enum {
        WIRE_HEADER_SIZE = 28, /* with the length word */
};

typedef enum WireType {
        WIRE_TYPE_CALL,
        WIRE_TYPE_REPLY,
        WIRE_TYPE_MESSAGE,
        WIRE_TYPE_STREAM,
        WIRE_TYPE_CALL_WITH_FDS,
        WIRE_TYPE_REPLY_WITH_FDS,
        WIRE_TYPE_STREAM_HOLE,
} WireType;

typedef enum WireStatus {
        WIRE_STATUS_OK,
        WIRE_STATUS_ERROR,
        WIRE_STATUS_CONTINUE,
} WireStatus;

typedef struct WireHeader {
        uint32_t program, version;
        int32_t procedure;
        uint32_t type, serial, status;
} WireHeader;

/* Whether a whole packet is there. 1: it has *ret_len bytes, with n_fds more behind it; 0: more
 * must arrive; ERROR_PROTOCOL: no packet can begin like this. Nothing is believed before it is
 * bounded. */
int packet_frame(const uint8_t *bytes, size_t len, size_t *ret_len, uint32_t *ret_n_fds,
                 Error *err);
/* The header of a whole packet. */
WireHeader packet_header(const uint8_t *bytes);
/* The payload of a whole packet; a count of descriptors before it is skipped. */
const uint8_t *packet_payload(const uint8_t *bytes, size_t len, size_t *ret_len);

/* Appends a packet with the struct of `layout` as its payload, or with bytes. ERROR_PROTOCOL when
 * it is more than the protocol allows; `out` is as it was. */
int packet_build(const WireHeader *header, const WireLayout *layout, const void *value, Str *out,
                 Error *err);
void packet_build_bytes(const WireHeader *header, const void *bytes, size_t len, Str *out);
