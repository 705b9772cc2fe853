/* Every document of the folders against QEMU's command line for it, and the command line against
 * QEMU.
 *
 *   NAME.xml    read, finished, given aliases; its words, one a line, are NAME.argv
 *
 * Then a real QEMU, where there is one, is started with these words and must answer over QMP. What
 * lies in /images for the documents is made in a folder of the test's own. Documents of type kvm,
 * and those with a comment that begins "compared only", are compared: this host need not have what
 * they ask for. One with a comment that begins "no command line" is not looked at.
 *
 * `OSTLER_GOLDEN=update` writes the expectations anew; look at the difference before keeping it. */
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "config/device.h"
#include "qemu/argv.h"
#include "qemu/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
        FILE_MAX = 1024 * 1024,
        MONITOR = 3,
};

static unsigned tests, failed;
static char *folder; /* stands for /images */

static void result(bool ok, const char *what, const char *name, const char *why)
{
        printf("%sok %u - %s %s\n", ok ? "" : "not ", ++tests, name, what);
        if (!ok) {
                printf("# %s\n", why);
                failed++;
        }
}

/* The text with every /images replaced by the test's folder. */
static char *here(const char *text)
{
        Str out = {};
        const char *at;

        while ((at = strstr(text, "/images"))) {
                str_addn(&out, text, (size_t) (at - text));
                str_add(&out, folder);
                text = at + strlen("/images");
        }
        str_add(&out, text);
        return str_take(&out);
}

static char **words_of(const char *xml, Error *err)
{
        _cleanup_(domain_config_freep) DomainConfig *config = NULL;
        QemuArgvSpec spec = {.monitor_fd = MONITOR, .tap_fd = MONITOR + 1, .now = 1700000000};
        char **words;

        if (domain_config_from_xml(xml, strlen(xml), &config, err) < 0 ||
            domain_config_finish(config, err) < 0)
                return NULL;
        domain_config_set_aliases(config);
        return qemu_argv(config, &spec, &words, err) < 0 ? NULL : words;
}

static void check_words(const char *name, const char *path, char *const *words)
{
        _cleanup_(free_ptr) char *file =
                xasprintf("%.*s.argv", (int) (strlen(path) - strlen(".xml")), path);
        _cleanup_(free_ptr) char *expected = NULL;
        _cleanup_(str_done) Str text = {};
        _cleanup_(error_done) Error err = {};

        for (; *words; words++)
                str_addf(&text, "%s\n", *words);
        if (getenv("OSTLER_GOLDEN")) {
                bool ok = file_write_atomic(file, text.text, text.len, 0644, &err) == 0;

                result(ok, "is written", name, error_text(&err));
                return;
        }
        bool ok = file_read(file, FILE_MAX, &expected, NULL, &err) == 0;
        if (!ok) {
                result(false, "is said", name, error_text(&err));
                return;
        }
        result(str_eq(expected, text.text), "is said", name, text.text);
}

/* --- the real one --- */

/* As much of a Linux kernel as QEMU looks at: one sector of setup, protocol 2.6, loaded high. */
static int make_kernel(int fd)
{
        uint8_t header[0x280] = {[0x1f1] = 1,
                                 [0x202] = 'H',
                                 'd',
                                 'r',
                                 'S',
                                 6,
                                 2,
                                 [0x211] = 1,
                                 [0x22c] = 0xff,
                                 0xff,
                                 0xff,
                                 0x37,
                                 [0x238] = 0xff,
                                 7};

        return pwrite(fd, header, sizeof(header), 0) == sizeof(header) ? 0 : -1;
}

static void make_files(void)
{
        static const char *const raw[] = {"kernel,1", "initrd", "b,1.raw", "b.raw", "c.iso",
                                          "c2.iso",   "d.raw",  "e.raw",   "f.raw"};

        for (size_t i = 0; i < ELEMENTSOF(raw); i++) {
                _cleanup_(free_ptr) char *path = path_join(folder, raw[i]);
                _cleanup_(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

                if (fd < 0 || ftruncate(fd, 1024 * 1024) < 0 || (i == 0 && make_kernel(fd) < 0))
                        perror(path);
        }
        _cleanup_(free_ptr) char *command =
                xasprintf("qemu-img create -q -f qcow2 '%s/a.qcow2' 1M", folder);
        if (system(command) != 0)
                perror("qemu-img");
}

/* Reads a line; false at the end. */
static bool read_line(int fd, Str *line)
{
        char c;

        str_clear(line);
        while (read(fd, &c, 1) == 1) {
                if (c == '\n')
                        return true;
                str_addc(line, c);
        }
        return false;
}

static bool say(int fd, const char *text)
{
        return fd_write_all(fd, text, strlen(text)) == 0;
}

/* Greeting, status of a guest that was not begun, and a clean end. */
static bool talk(int fd, Str *line)
{
        return read_line(fd, line) && strstr(line->text, "QMP") &&
               say(fd, "{\"execute\":\"qmp_capabilities\"}\n") && read_line(fd, line) &&
               strstr(line->text, "return") && say(fd, "{\"execute\":\"query-status\"}\n") &&
               read_line(fd, line) && strstr(line->text, "prelaunch") &&
               say(fd, "{\"execute\":\"quit\"}\n");
}

static pid_t start(char *const *words, int monitor, int log)
{
        pid_t pid = fork();

        if (pid == 0) {
                dup2(log, 1);
                dup2(log, 2);
                if (monitor == MONITOR)
                        fd_set_cloexec(monitor, false);
                else
                        dup2(monitor, MONITOR);
                execv(words[0], words);
                perror(words[0]);
                _exit(127);
        }
        return pid;
}

static void check_real(const char *name, char *const *words)
{
        _cleanup_(free_ptr) char *path = path_join(folder, "monitor");
        _cleanup_(free_ptr) char *log = path_join(folder, "log");
        _cleanup_(free_ptr) char *said = NULL;
        _cleanup_(str_done) Str line = {};
        _cleanup_(error_done) Error err = {};
        int listener, fd, log_fd, status = -1;
        off_t log_start;
        bool ok;

        if (monitor_bind(path, &listener, &err) < 0 || monitor_connect(path, &fd, &err) < 0 ||
            process_log_open(log, words, &log_fd, &log_start, &err) < 0) {
                result(false, "runs", name, error_text(&err));
                return;
        }
        pid_t pid = start(words, listener, log_fd);
        fd_close(listener);
        fd_close(log_fd);
        fd_set_nonblock(fd, false);
        ok = talk(fd, &line);
        if (!ok)
                kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        fd_close(fd);
        said = process_log_tail(log, log_start);
        result(ok && status == 0, "is accepted by QEMU", name, said ? said : line.text);
}

static void check(const char *dir, const char *name, const char *emulator)
{
        _cleanup_(free_ptr) char *path = path_join(dir, name);
        _cleanup_(free_ptr) char *xml = NULL;
        _cleanup_(strv_freep) char **words = NULL;
        _cleanup_(strv_freep) char **real = NULL;
        _cleanup_(error_done) Error err = {};

        if (file_read(path, FILE_MAX, &xml, NULL, &err) == 0 && strstr(xml, "<!-- no command line"))
                return;
        if (!xml || !(words = words_of(xml, &err))) {
                result(false, "is said", name, error_text(&err));
                return;
        }
        check_words(name, path, words);
        if (strstr(xml, "type='kvm'") || strstr(xml, "<!-- compared only"))
                return;
        if (access(emulator, X_OK) < 0) {
                printf("ok %u - %s is accepted by QEMU # SKIP no %s\n", ++tests, name, emulator);
                return;
        }
        _cleanup_(free_ptr) char *moved = here(xml);
        real = words_of(moved, &err);
        if (real)
                check_real(name, real);
        else
                result(false, "is accepted by QEMU", name, error_text(&err));
}

static void check_folder(const char *dir, const char *emulator)
{
        struct dirent **entries = NULL;
        int n = scandir(dir, &entries, NULL, alphasort);

        for (int i = 0; i < n; i++) {
                const char *name = entries[i]->d_name;

                if (str_ends(name, ".xml") && !str_ends(name, ".finished.xml"))
                        check(dir, name, emulator);
                free(entries[i]);
        }
        free(entries);
}

int main(int argc, char **argv)
{
        char template[] = "/tmp/ostler-argv-XXXXXX";

        if (argc < 3 || !(folder = mkdtemp(template)))
                return 1;
        signal(SIGPIPE, SIG_IGN);
        make_files();
        for (int i = 2; i < argc; i++)
                check_folder(argv[i], argv[1]);
        printf("1..%u\n", tests);

        _cleanup_(free_ptr) char *command = xasprintf("rm -rf '%s'", folder);
        return system(command) != 0 || failed || !tests;
}
