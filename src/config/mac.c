#include "config/mac.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

Mac mac_new(void)
{
        Mac mac = {{0x52, 0x54, 0x00}};

        if (getrandom(&mac.bytes[3], 3, 0) != 3) {
                perror("getrandom");
                abort();
        }
        return mac;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

bool mac_parse(const char *text, Mac *ret)
{
        Mac mac = {};

        for (size_t i = 0; i < sizeof(mac.bytes); i++) {
                if (i > 0 && *text++ != ':')
                        return false;
                int high = hex_digit(*text);
                if (high < 0)
                        return false;
                int low = hex_digit(text[1]);
                mac.bytes[i] = (uint8_t) (low < 0 ? high : high << 4 | low);
                text += low < 0 ? 1 : 2;
        }
        if (*text)
                return false;
        *ret = mac;
        return true;
}

char *mac_format(const Mac *mac, char text[MAC_TEXT_SIZE])
{
        const uint8_t *b = mac->bytes;

        snprintf(text, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
                 b[5]);
        return text;
}

bool mac_equal(const Mac *a, const Mac *b)
{
        return memcmp(a, b, sizeof(*a)) == 0;
}

bool mac_is_null(const Mac *mac)
{
        return mac_equal(mac, &(Mac){});
}
