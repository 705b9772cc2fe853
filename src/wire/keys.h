/* Key codes of the sets that libvirt's clients may name, as QEMU's numbers. The tables are made
 * from schema/wire/keys.tsv. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WireKeySet {
        const char *name;        /* NULL ends the table */
        const uint16_t *numbers; /* by code; 0: no key */
        size_t len;
} WireKeySet;

extern const WireKeySet wire_key_sets[];

/* The name of a virKeycodeSet, NULL where there is none. */
const char *key_set_name(uint32_t set);
/* QEMU's number of a code; false where the set has no such key. */
bool key_number(uint32_t set, uint32_t code, uint32_t *ret);
