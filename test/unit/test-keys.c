#include "unit.h"

#include "wire/keys.h"

#include <libvirt/libvirt.h>
#include <linux/input-event-codes.h>

static void is_key(uint32_t set, uint32_t code, uint32_t want)
{
        uint32_t number = 0;

        assert_true(key_number(set, code, &number));
        assert_int_equal(number, want);
}

/* One key, by its code in every set. */
static void the_letter_a(void **state)
{
        static const uint32_t codes[] = {
                [VIR_KEYCODE_SET_LINUX] = KEY_A, [VIR_KEYCODE_SET_XT] = 0x1e,
                [VIR_KEYCODE_SET_ATSET1] = 0x1e, [VIR_KEYCODE_SET_ATSET2] = 0x1c,
                [VIR_KEYCODE_SET_ATSET3] = 0x1c, [VIR_KEYCODE_SET_OSX] = 0,
                [VIR_KEYCODE_SET_XT_KBD] = 0x1e, [VIR_KEYCODE_SET_USB] = 4,
                [VIR_KEYCODE_SET_WIN32] = 'A',   [VIR_KEYCODE_SET_QNUM] = 0x1e,
        };

        (void) state;
        for (uint32_t set = 0; set < sizeof(codes) / sizeof(*codes); set++)
                is_key(set, codes[set], 0x1e);
}

/* The keys that e0 precedes, by the scancodes that keyboards send. */
static void extended_keys(void **state)
{
        static const struct {
                uint32_t code, number;
        } keys[] = {
                {KEY_KPENTER, 0x9c},  {KEY_RIGHTCTRL, 0x9d}, {KEY_KPSLASH, 0xb5},
                {KEY_RIGHTALT, 0xb8}, {KEY_HOME, 0xc7},      {KEY_UP, 0xc8},
                {KEY_PAGEUP, 0xc9},   {KEY_LEFT, 0xcb},      {KEY_RIGHT, 0xcd},
                {KEY_END, 0xcf},      {KEY_DOWN, 0xd0},      {KEY_PAGEDOWN, 0xd1},
                {KEY_INSERT, 0xd2},   {KEY_DELETE, 0xd3},    {KEY_LEFTMETA, 0xdb},
        };

        (void) state;
        for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
                is_key(VIR_KEYCODE_SET_LINUX, keys[i].code, keys[i].number);
}

/* Linux took the codes of the main block from the first PC keyboards. */
static void the_main_block_is_the_same(void **state)
{
        (void) state;
        for (uint32_t code = KEY_ESC; code <= KEY_KPDOT; code++) {
                if (code == KEY_NUMLOCK)
                        continue;
                is_key(VIR_KEYCODE_SET_LINUX, code, code);
                is_key(VIR_KEYCODE_SET_XT, code, code);
        }
}

static void what_is_no_key(void **state)
{
        uint32_t number;

        (void) state;
        assert_false(key_number(VIR_KEYCODE_SET_LINUX, 0, &number));
        assert_false(key_number(VIR_KEYCODE_SET_LINUX, 100000, &number));
        assert_false(key_number(VIR_KEYCODE_SET_LINUX, UINT32_MAX, &number));
        assert_false(key_number(VIR_KEYCODE_SET_QNUM, UINT32_MAX, &number));
        assert_false(key_number(VIR_KEYCODE_SET_XT, 300, &number));
        assert_false(key_number(10, 1, &number));
        assert_false(key_number(UINT32_MAX, 1, &number));
        assert_null(key_set_name(10));
        for (const WireKeySet *set = wire_key_sets; set->name; set++)
                assert_true(set->len > 0 && set->len <= 4096);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_letter_a),
                cmocka_unit_test(extended_keys),
                cmocka_unit_test(the_main_block_is_the_same),
                cmocka_unit_test(what_is_no_key),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
