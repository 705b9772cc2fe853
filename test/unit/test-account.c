/* daemon/account: users and groups by name and number. */
#include "unit.h"

#include "base/str.h"
#include "daemon/account.h"

static void groups(void **state)
{
        Error err = {};
        gid_t gid = 17;

        (void) state;
        assert_ok(account_group("", &gid, &err));
        assert_int_equal(gid, 17);
        assert_ok(account_group("root", &gid, &err));
        assert_int_equal(gid, 0);
        assert_ok(account_group("4711", &gid, &err));
        assert_int_equal(gid, 4711);
        assert_error(account_group("no-such-group", &gid, &err), INVALID_ARGUMENT);
        assert_error(account_group("4294967295", &gid, &err), INVALID_ARGUMENT);
        assert_int_equal(gid, 4711);
}

static void users(void **state)
{
        QemuUser user = {};
        Error err = {};

        (void) state;
        assert_ok(account_user("nobody", "", &user, &err));
        assert_true(user.set);
        assert_int_equal(user.uid, 65534);
        assert_true(user.n_groups >= 1);
        for (size_t i = 0; i < user.n_groups; i++)
                assert_int_not_equal(user.groups[i], 0);
        assert_ok(account_user("nobody", "4711", &user, &err));
        assert_int_equal(user.gid, 4711);
        assert_ok(account_user("65534", "", &user, &err));
        assert_int_equal(user.uid, 65534);
        assert_ok(account_user("root", "", &user, &err));
        assert_false(user.set);
        assert_error(account_user("no-such-user", "", &user, &err), INVALID_ARGUMENT);
        assert_error(account_user("nobody", "no-such-group", &user, &err), INVALID_ARGUMENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(groups), cmocka_unit_test(users)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
