/* The listening sockets. */
#include "wire-fixture.h"

#include <sys/stat.h>
#include <sys/un.h>

static int dial(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        strcpy(address.sun_path, path);
        assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        fd_set_nonblock(fd, true);
        return fd;
}

static mode_t mode_of(const char *path)
{
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        assert_true(S_ISSOCK(st.st_mode));
        return st.st_mode & 07777;
}

static void test_two_sockets_and_what_may_be_done_there(void **state)
{
        char dir[] = "/tmp/ostler-sock-XXXXXX";
        assert_non_null(mkdtemp(dir));
        _cleanup_(free_ptr) char *path = path_join(dir, "sock"),
                                 *ro_path = path_join(dir, "sock-ro");
        WireConfig config = {.path = path, .ro_path = ro_path, .ro_mode = 0777};
        mode_t umask_before = umask(077);
        WireFixture *f = wire_open(&config);
        RemoteConnectOpenArgs open = {.name = (char *) "test:///default"};
        RemoteDomainDefineXmlArgs define = {.xml = (char *) "<domain/>"};

        (void) state;
        assert_int_equal(mode_of(path), 0600);
        assert_int_equal(mode_of(ro_path), 0777);

        Peer writer = {.f = f, .fd = dial(path)}, reader = {.f = f, .fd = dial(ro_path)};
        peer_do(&writer, REMOTE_CONNECT_OPEN, &open, NULL);
        peer_do(&reader, REMOTE_CONNECT_OPEN, &open, NULL);
        peer_fail(&reader, REMOTE_DOMAIN_DEFINE_XML, &define, VIR_ERR_OPERATION_DENIED,
                  VIR_FROM_DOMAIN,
                  "operation forbidden: read only access prevents virDomainDefineXML");
        WireDomain dom = peer_define(&writer, "vm1");
        free(dom.name);

        wire_close(f);
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(access(ro_path, F_OK), -1);
        peer_done(&writer);
        peer_done(&reader);
        umask(umask_before);
        assert_int_equal(rmdir(dir), 0);
}

/* A daemon that was killed leaves its socket file; the next one takes the place. */
static void test_a_socket_left_over_is_replaced(void **state)
{
        char dir[] = "/tmp/ostler-sock-XXXXXX";
        assert_non_null(mkdtemp(dir));
        _cleanup_(free_ptr) char *path = path_join(dir, "sock");
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        WireConfig config = {.path = path};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) state;
        strcpy(address.sun_path, path);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        fd_close(fd);
        WireFixture *f = wire_open(&config);
        Peer peer = {.f = f, .fd = dial(path)};
        peer_expect_silence(&peer);
        peer_done(&peer);
        wire_close(f);
        assert_int_equal(rmdir(dir), 0);
}

static void test_sockets_that_cannot_be_made(void **state)
{
        WireFixture *f = *state;
        char long_path[200];
        WireConfig config = {.path = long_path};
        WireServer *server;
        Error err = {};

        memset(long_path, 'x', sizeof(long_path));
        long_path[0] = '/';
        long_path[sizeof(long_path) - 1] = '\0';
        int before = count_fds();
        assert_error(wire_server_new(f->loop, f->engine, &config, &server, &err), INVALID_ARGUMENT);
        config.path = "/nonexistent/folder/sock";
        assert_error(wire_server_new(f->loop, f->engine, &config, &server, &err), SYSTEM);
        assert_int_equal(count_fds(), before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_two_sockets_and_what_may_be_done_there),
                cmocka_unit_test(test_a_socket_left_over_is_replaced),
                wire_test(test_sockets_that_cannot_be_made),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
