#include "config/cpu-set.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

bool cpu_set_has(const CpuSet *set, unsigned number)
{
        return number < CPU_SET_MAX && set->bits[number / 64] >> (number % 64) & 1;
}

long cpu_set_last(const CpuSet *set)
{
        for (long i = CPU_SET_MAX - 1; i >= 0; i--)
                if (cpu_set_has(set, (unsigned) i))
                        return i;
        return -1;
}

/* One part, "3", "0-3" or "^2"; NULL where it is none. */
static const char *parse_part(const char *p, CpuSet *set)
{
        bool but = *p == '^';
        unsigned long first, last;
        char *end;

        p += but;
        if (!is_digit(*p))
                return NULL;
        first = last = strtoul(p, &end, 10);
        if (*end == '-' && !but) {
                if (!is_digit(end[1]))
                        return NULL;
                last = strtoul(end + 1, &end, 10);
        }
        if (last < first || last >= CPU_SET_MAX)
                return NULL;
        for (; first <= last; first++)
                if (but)
                        set->bits[first / 64] &= ~(1ull << (first % 64));
                else
                        set->bits[first / 64] |= 1ull << (first % 64);
        return end;
}

bool cpu_set_parse(const char *text, CpuSet *ret)
{
        CpuSet set = {};
        const char *p = text;

        while ((p = parse_part(p, &set)) && *p == ',')
                p++;
        if (!p || *p || cpu_set_last(&set) < 0)
                return false;
        *ret = set;
        return true;
}

char *cpu_set_text(const CpuSet *set)
{
        Str text = {};

        for (unsigned i = 0, first; i < CPU_SET_MAX; i++) {
                if (!cpu_set_has(set, i))
                        continue;
                for (first = i; cpu_set_has(set, i + 1);)
                        i++;
                str_addf(&text, "%s%u", text.len ? "," : "", first);
                if (i > first)
                        str_addf(&text, "-%u", i);
        }
        return text.len ? str_take(&text) : xstrdup("");
}

void cpu_set_from_bytes(CpuSet *set, const uint8_t *bytes, size_t len)
{
        *set = (CpuSet){};
        for (size_t i = 0; i < len * 8 && i < CPU_SET_MAX; i++)
                if (bytes[i / 8] >> (i % 8) & 1)
                        set->bits[i / 64] |= 1ull << (i % 64);
}

void cpu_set_to_bytes(const CpuSet *set, uint8_t *bytes, size_t len)
{
        memset(bytes, 0, len);
        for (size_t i = 0; i < len * 8 && i < CPU_SET_MAX; i++)
                if (cpu_set_has(set, (unsigned) i))
                        bytes[i / 8] |= (uint8_t) (1u << (i % 8));
}
