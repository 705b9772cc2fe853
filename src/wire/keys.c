#include "wire/keys.h"

#include "base/str.h"

#include <libvirt/libvirt.h>

const char *key_set_name(uint32_t set)
{
        static const char *const names[] = {
                [VIR_KEYCODE_SET_LINUX] = "linux",   [VIR_KEYCODE_SET_XT] = "xt",
                [VIR_KEYCODE_SET_ATSET1] = "atset1", [VIR_KEYCODE_SET_ATSET2] = "atset2",
                [VIR_KEYCODE_SET_ATSET3] = "atset3", [VIR_KEYCODE_SET_OSX] = "osx",
                [VIR_KEYCODE_SET_XT_KBD] = "xt_kbd", [VIR_KEYCODE_SET_USB] = "usb",
                [VIR_KEYCODE_SET_WIN32] = "win32",   [VIR_KEYCODE_SET_QNUM] = "qnum",
        };

        return set < ELEMENTSOF(names) ? names[set] : NULL;
}

bool key_number(uint32_t set, uint32_t code, uint32_t *ret)
{
        const char *name = key_set_name(set);

        if (set == VIR_KEYCODE_SET_QNUM) {
                *ret = code;
                return code <= UINT16_MAX;
        }
        for (const WireKeySet *known = wire_key_sets; name && known->name; known++) {
                if (!str_eq(known->name, name))
                        continue;
                if (code >= known->len || !known->numbers[code])
                        return false;
                *ret = known->numbers[code];
                return true;
        }
        return false;
}
