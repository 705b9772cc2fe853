/* What the generated protocol tables are made of: types, fields, layouts, procedures.
 *
 * schema/gen/wire.py makes protocol.gen.h (a struct for every payload) and protocol.gen.c (a layout
 * for every struct, the table of procedures) from schema/wire. The codec in xdr.h interprets
 * layouts; nothing else knows them. */
#pragma once

#include "base/uuid.h"

#include <stddef.h>
#include <stdint.h>

typedef enum WireKind {
        WIRE_INT,             /* int32_t */
        WIRE_UINT,            /* uint32_t */
        WIRE_HYPER,           /* int64_t */
        WIRE_UHYPER,          /* uint64_t */
        WIRE_DOUBLE,          /* double */
        WIRE_SHORT,           /* uint16_t, a word */
        WIRE_CHAR,            /* char, a word */
        WIRE_UCHAR,           /* uint8_t, a word */
        WIRE_STRING,          /* char *, never NULL in a whole struct */
        WIRE_STRING_OPTIONAL, /* char *, NULL: absent */
        WIRE_UUID,            /* Uuid */
        WIRE_BYTES,           /* WireBytes */
        WIRE_PARAM,           /* WireTypedParam */
        WIRE_STRUCT,          /* the struct of `layout` */
} WireKind;

typedef enum WireShape {
        WIRE_ONE,
        WIRE_OPTIONAL, /* a pointer, NULL: absent */
        WIRE_FIXED,    /* `max` of them in the struct */
        WIRE_COUNTED,  /* a pointer, and a uint32_t count at count_offset */
} WireShape;

typedef struct WireLayout WireLayout;

typedef struct WireField {
        const char *name;
        uint8_t kind, shape;
        uint16_t offset, count_offset;
        uint32_t max; /* items of WIRE_FIXED and WIRE_COUNTED; bytes of WIRE_BYTES */
        const WireLayout *layout;
} WireField;

struct WireLayout {
        const char *name;
        uint32_t size;        /* of the struct in memory */
        uint32_t min_encoded; /* bytes of the shortest value on the wire, at least 4 */
        uint32_t n_fields;
        const WireField *fields;
};

typedef struct WireBytes {
        uint8_t *data; /* NULL where len is 0 */
        uint32_t len;
} WireBytes;

/* The tags of typed parameters; the numbers are the protocol's. */
typedef enum WireParamTag {
        WIRE_PARAM_INT = 1,
        WIRE_PARAM_UINT,
        WIRE_PARAM_LLONG,
        WIRE_PARAM_ULLONG,
        WIRE_PARAM_DOUBLE,
        WIRE_PARAM_BOOLEAN,
        WIRE_PARAM_STRING,
} WireParamTag;

typedef struct WireTypedParam {
        char *field;
        int32_t tag;
        union {
                int32_t i; /* INT, BOOLEAN */
                uint32_t u;
                int64_t l;
                uint64_t ul;
                double d;
                char *s;
        } value;
} WireTypedParam;

typedef enum WireProcKind {
        WIRE_CALL,
        WIRE_EVENT,          /* a message without a registration's number */
        WIRE_EVENT_CALLBACK, /* a message whose first field is the registration's number */
} WireProcKind;

/* What a read-only connection may do. */
typedef enum WireAccess {
        WIRE_READ,
        WIRE_WRITE,
        WIRE_WRITE_IF,  /* refused when the word at access_offset has a bit of access_mask */
        WIRE_SECURE_IF, /* likewise, in other words */
} WireAccess;

typedef enum WireStreamKind {
        WIRE_STREAM_NONE,
        WIRE_STREAM_READ,  /* the daemon sends */
        WIRE_STREAM_WRITE, /* the client sends */
} WireStreamKind;

typedef struct WireProc {
        const char *name; /* domain_get_info */
        const char *api;  /* virDomainGetInfo */
        int32_t number;
        uint16_t index; /* in the table of all procedures */
        uint8_t program;
        uint8_t kind, access, stream;
        uint8_t high;    /* never waits for a guest */
        uint8_t preauth; /* may come before authentication has ended */
        uint8_t tier;
        uint16_t access_offset;
        uint32_t access_mask;
        uint32_t sparse; /* bit of flags that permits holes; 0: none */
        const char *fds; /* descriptors of call and reply, for people; NULL: none */
        const char *since;
        const WireLayout *args, *ret; /* NULL: no payload */
} WireProc;

typedef struct WireProgramInfo {
        const char *name;
        uint32_t number, version;
        const WireProc *procs; /* procedure n at n - 1 */
        uint32_t n_procs;
} WireProgramInfo;
