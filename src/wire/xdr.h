/* The codec of the wire protocol: structs to bytes and back, by layout.
 *
 * Input is hostile. A length or count is compared with the protocol's maximum and with the bytes
 * that remain before any memory is taken: an array takes at most remaining / shortest item, a
 * string at most what remains. So a payload of n bytes makes structs of O(n) bytes, and a struct
 * nests only as deep as its layout, which is fixed. Strings with a NUL inside are refused. Surplus
 * bytes at the end and the content of padding are not looked at. */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "wire/protocol.gen.h"

/* Fills the struct of `layout` (NULL: nothing to do) from the bytes. `ret_value` is overwritten; it
 * is left zeroed on error, else released by xdr_release(). ERROR_PROTOCOL names layout and field.
 */
int xdr_decode(const WireLayout *layout, const uint8_t *bytes, size_t len, void *ret_value,
               Error *err);

/* Appends the struct to `out`. ERROR_PROTOCOL: a value beyond the protocol's maximum, or a string
 * that must be there and is not; `out` is as it was. */
int xdr_encode(const WireLayout *layout, const void *value, Str *out, Error *err);

/* Frees what the struct owns and zeroes it. */
void xdr_release(const WireLayout *layout, void *value);

/* Words, for headers. */
void xdr_put_u32(uint8_t bytes[4], uint32_t value);
uint32_t xdr_get_u32(const uint8_t bytes[4]);
