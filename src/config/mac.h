/* Ethernet addresses. All zero means: not said. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MAC_TEXT_SIZE 18

typedef struct Mac {
        uint8_t bytes[6];
} Mac;

/* 52:54:00 and three random bytes. */
Mac mac_new(void);
/* Six groups of one or two hex digits with colons between; false otherwise. */
bool mac_parse(const char *text, Mac *ret);
/* Writes the 17 lower-case characters and NUL; returns `text`. */
char *mac_format(const Mac *mac, char text[MAC_TEXT_SIZE]);
bool mac_equal(const Mac *a, const Mac *b);
bool mac_is_null(const Mac *mac);
