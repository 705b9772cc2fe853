/* Single values as the text of an attribute or element. */
#pragma once

#include "base/str.h"
#include "config/schema.h"

/* Reads one value of a scalar field into `at`. False: `expected` tells what the text should have
 * been, and nothing is written. A string is newly allocated. Sizes go through size_parse() instead.
 */
bool scalar_parse(const SchemaField *f, const char *text, void *at, Str *expected);
/* The caller's. */
char *scalar_format(const SchemaField *f, const void *at);

/* A number with a unit (NULL: KiB), in KiB, rounded up. Units are those of libvirt's documents: b
 * or bytes, and k, m, g, t, p, e, each alone or with iB for powers of 1024, with B for powers of
 * 1000, of any case. False: `expected` tells what was wrong. */
bool size_parse(const char *text, const char *unit, uint64_t *ret_kib, Str *expected);
