/* UUIDs: 16 raw bytes in the order they are printed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37

typedef struct Uuid {
        uint8_t bytes[16];
} Uuid;

/* A random (version 4) UUID. */
Uuid uuid_new(void);
/* Accepts 32 hex digits of any case, with hyphens anywhere between bytes; false otherwise. */
bool uuid_parse(const char *text, Uuid *ret);
/* Writes the 36 lower-case characters and NUL; returns `text`. */
char *uuid_format(const Uuid *uuid, char text[UUID_TEXT_SIZE]);
bool uuid_equal(const Uuid *a, const Uuid *b);
bool uuid_is_null(const Uuid *uuid);

/* The text form as a temporary good until the end of the enclosing block. */
#define UUID_TEXT(uuid) uuid_format((uuid), (char[UUID_TEXT_SIZE]){})
