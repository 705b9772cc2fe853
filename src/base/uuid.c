#include "base/uuid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

Uuid uuid_new(void)
{
        Uuid uuid;

        if (getrandom(&uuid, sizeof(uuid), 0) != sizeof(uuid)) {
                perror("getrandom");
                abort();
        }
        uuid.bytes[6] = (uint8_t) ((uuid.bytes[6] & 0x0f) | 0x40);
        uuid.bytes[8] = (uint8_t) ((uuid.bytes[8] & 0x3f) | 0x80);
        return uuid;
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

bool uuid_parse(const char *text, Uuid *ret)
{
        Uuid uuid;

        for (size_t i = 0; i < sizeof(uuid.bytes); i++) {
                if (i > 0 && *text == '-')
                        text++;
                int high = hex_digit(text[0]);
                int low = high < 0 ? -1 : hex_digit(text[1]);
                if (low < 0)
                        return false;
                uuid.bytes[i] = (uint8_t) (high << 4 | low);
                text += 2;
        }
        if (*text)
                return false;
        *ret = uuid;
        return true;
}

char *uuid_format(const Uuid *uuid, char text[UUID_TEXT_SIZE])
{
        char *p = text;

        for (size_t i = 0; i < sizeof(uuid->bytes); i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *p++ = '-';
                p += sprintf(p, "%02x", uuid->bytes[i]);
        }
        return text;
}

bool uuid_equal(const Uuid *a, const Uuid *b)
{
        return memcmp(a, b, sizeof(*a)) == 0;
}

bool uuid_is_null(const Uuid *uuid)
{
        return uuid_equal(uuid, &(Uuid){});
}
