/* Feeds files to LLVMFuzzerTestOneInput(), so that a fuzzer's corpus is a test without libFuzzer.
 *
 *   replay FILE-OR-DIRECTORY...      fails when there is no input, or when the program ends early
 */
#include "base/fd.h"
#include "base/path.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
        INPUT_MAX = 64 * 1024 * 1024,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static unsigned inputs, unreadable;

static void replay_file(const char *path)
{
        _cleanup_(error_done) Error err = {};
        _cleanup_(free_ptr) char *text = NULL;
        size_t len;

        if (file_read(path, INPUT_MAX, &text, &len, &err) < 0) {
                fprintf(stderr, "%s\n", error_text(&err));
                unreadable++;
                return;
        }
        /* A buffer of its own and of the exact size: a read past the end is seen. */
        _cleanup_(free_ptr) uint8_t *bytes = len ? xmemdup(text, len) : NULL;
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(bytes, len);
        inputs++;
}

static int is_visible(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
        struct dirent **entries = NULL;
        struct stat st;

        if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
                replay_file(path);
                return;
        }
        int n = scandir(path, &entries, is_visible, alphasort);
        for (int i = 0; i < n; i++) {
                _cleanup_(free_ptr) char *inner = path_join(path, entries[i]->d_name);
                replay(inner);
                free(entries[i]);
        }
        free(entries);
}

int main(int argc, char **argv)
{
        for (int i = 1; i < argc; i++)
                replay(argv[i]);
        printf("%u inputs, %u unreadable\n", inputs, unreadable);
        return inputs == 0 || unreadable > 0;
}
