/* Tap devices, in a network of the test's own. Skipped where that cannot be had. */
#include "base/fd.h"
#include "qemu/argv.h"
#include "qemu/tap.h"
#include "unit.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int control;

static struct ifreq request_of(const char *name)
{
        struct ifreq request = {};

        strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
        return request;
}

static void an_ethernet_device_is_made_and_goes_with_its_descriptors(void **state)
{
        Interface interface = {.type = INTERFACE_TYPE_ETHERNET,
                               .mac = {{0x52, 0x54, 0, 1, 2, 3}},
                               .has_mtu = true,
                               .mtu = 1400};
        _cleanup_(free_ptr) char *name = NULL;
        Error err = {};
        int fd;

        (void) state;
        assert_ok(tap_open(&interface, &fd, &name, &err));
        assert_memory_equal(name, "vnet", 4);

        struct ifreq request = request_of(name);
        assert_int_equal(ioctl(control, SIOCGIFMTU, &request), 0);
        assert_int_equal(request.ifr_mtu, 1400);
        request = request_of(name);
        assert_int_equal(ioctl(control, SIOCGIFFLAGS, &request), 0);
        assert_true(request.ifr_flags & IFF_UP);
        request = request_of(name);
        assert_int_equal(ioctl(control, SIOCGIFHWADDR, &request), 0);
        assert_memory_equal(request.ifr_hwaddr.sa_data, "\xfe\x54\x00\x01\x02\x03", 6);

        fd_close(fd);
        assert_int_equal(if_nametoindex(name), 0);
}

static void a_bridged_device_is_a_port_of_its_bridge_in_all_its_queues(void **state)
{
        Interface interface = {.type = INTERFACE_TYPE_BRIDGE,
                               .target_dev = (char *) "tap7",
                               .source.bridge.bridge = (char *) "br0",
                               .mac = {{0x52, 0x54, 0, 1, 2, 4}},
                               .driver = {.has_queues = true, .queues = 4}};
        _cleanup_(free_ptr) char *name = NULL;
        Error err = {};
        int fds[4];

        (void) state;
        assert_int_equal(ioctl(control, SIOCBRADDBR, "br0"), 0);
        assert_ok(tap_open(&interface, fds, &name, &err));
        assert_string_equal(name, "tap7");

        struct ifreq request = request_of("br0");
        request.ifr_ifindex = (int) if_nametoindex("tap7");
        assert_int_equal(ioctl(control, SIOCBRDELIF, &request), 0); /* it was in there */
        for (int i = 0; i < 4; i++)
                fd_close(fds[i]);
        assert_int_equal(if_nametoindex("tap7"), 0);
        assert_int_equal(ioctl(control, SIOCBRDELBR, "br0"), 0);
}

static void a_bridge_that_is_not_there_is_told_and_leaves_no_device(void **state)
{
        Interface interface = {.type = INTERFACE_TYPE_BRIDGE,
                               .target_dev = (char *) "tap8",
                               .source.bridge.bridge = (char *) "nonesuch"};
        _cleanup_(error_done) Error err = {};
        char *name;
        int fd;

        (void) state;
        assert_true(tap_open(&interface, &fd, &name, &err) < 0);
        assert_non_null(strstr(err.message, "bridge 'nonesuch'"));
        assert_int_equal(if_nametoindex("tap8"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_ethernet_device_is_made_and_goes_with_its_descriptors),
                cmocka_unit_test(a_bridged_device_is_a_port_of_its_bridge_in_all_its_queues),
                cmocka_unit_test(a_bridge_that_is_not_there_is_told_and_leaves_no_device),
        };

        if (unshare(CLONE_NEWNET) < 0 || access("/dev/net/tun", R_OK | W_OK) < 0) {
                printf("1..0 # SKIP no network of our own, or no /dev/net/tun\n");
                return 0;
        }
        control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
