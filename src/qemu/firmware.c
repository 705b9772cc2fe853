#include "qemu/firmware.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "qemu/qmp.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <unistd.h>

enum {
        DESCRIPTION_MAX = 256 * 1024,
        NVRAM_MAX = 64 * 1024 * 1024,
};

static const char *const host_folders[] = {"/usr/share/qemu/firmware", "/etc/qemu/firmware", NULL};

FirmwareWant *firmware_want(const DomainConfig *config, const char *nvram)
{
        const Os *os = &config->os;
        FirmwareWant *want = xnew0(FirmwareWant, 1);

        *want = (FirmwareWant){
                .arch = xstrdup_null(os->arch),
                .machine = xstrdup_null(os->machine),
                .choose = os->firmware == FIRMWARE_EFI && !os->loader,
                .smm = config->features.has_smm && config->features.smm,
                .loader = xstrdup_null(os->loader),
                .template = xstrdup_null(os->nvram_template),
                .nvram = xstrdup_null(os->nvram),
        };
        for (size_t i = 0; i < os->firmware_features.len; i++) {
                const FirmwareFeature *feature = &os->firmware_features.items[i];
                bool secure = feature->name == FIRMWARE_FEATURE_NAME_SECURE_BOOT;

                *(secure             ? feature->enabled ? &want->secure : &want->no_secure
                  : feature->enabled ? &want->enrolled
                                     : &want->no_enrolled) = true;
        }
        if (!want->nvram && (want->choose || want->template))
                want->nvram = xstrdup(nvram);
        return want;
}

FirmwareWant *firmware_want_free(FirmwareWant *want)
{
        if (!want)
                return NULL;
        free(want->arch);
        free(want->machine);
        free(want->loader);
        free(want->template);
        free(want->nvram);
        free(want);
        return NULL;
}

/* --- descriptions --- */

static bool has_word(const json_t *list, const char *word)
{
        const json_t *item;
        size_t i;

        json_array_foreach(list, i, item) if (str_eq(json_string_value(item), word)) return true;
        return false;
}

static bool is_for(const json_t *description, const FirmwareWant *want)
{
        const json_t *target, *machine;
        size_t i, k;

        json_array_foreach(json_object_get(description, "targets"), i, target)
        {
                if (!str_eq(json_text(target, "architecture", ""), want->arch))
                        continue;
                json_array_foreach(json_object_get(target, "machines"), k,
                                   machine) if (fnmatch(json_string_value(machine)
                                                                ? json_string_value(machine)
                                                                : "",
                                                        want->machine ? want->machine : "",
                                                        0) == 0) return true;
        }
        return false;
}

static const char *file_name(const json_t *mapping, const char *key)
{
        return json_text(json_object_get(mapping, key), "filename", NULL);
}

/* Takes the described firmware if it fits. */
static bool try(FirmwareWant *want, const json_t *description)
{
        const json_t *mapping = json_object_get(description, "mapping");
        const json_t *features = json_object_get(description, "features");
        const char *code = file_name(mapping, "executable");
        const char *variables = file_name(mapping, "nvram-template");
        bool secure = has_word(features, "secure-boot");
        bool enrolled = has_word(features, "enrolled-keys");
        bool needs_smm = has_word(features, "requires-smm");

        if (!has_word(json_object_get(description, "interface-types"), "uefi") ||
            !str_eq(json_text(mapping, "device", ""), "flash") || !code || !variables ||
            !is_for(description, want) || (want->secure && !secure) ||
            (want->no_secure && secure) || (want->enrolled && !enrolled) ||
            (want->no_enrolled && enrolled) || (needs_smm && !want->smm && !want->secure))
                return false;
        want->loader = xstrdup(code);
        if (!want->template)
                want->template = xstrdup(variables);
        want->needs_smm = needs_smm;
        return true;
}

static bool try_file(FirmwareWant *want, const char *path)
{
        _cleanup_(free_ptr) char *text = NULL;
        json_t *description;
        bool taken;

        /* A description that cannot be read is passed over, as one that does not fit. */
        if (file_read(path, DESCRIPTION_MAX, &text, NULL, NULL) < 0)
                return false;
        description = json_loads(text, 0, NULL);
        taken = description && try(want, description);
        json_decref(description);
        return taken;
}

static int by_name(const void *a, const void *b)
{
        const char *x = strrchr(*(char *const *) a, '/'), *y = strrchr(*(char *const *) b, '/');

        return strcmp(x, y);
}

/* The paths of all descriptions, by name. */
static char **descriptions(const char *const *folders)
{
        char **paths = NULL;
        size_t n = 0;

        for (; *folders; folders++) {
                DIR *dir = opendir(*folders);

                for (struct dirent *entry; dir && (entry = readdir(dir));) {
                        _cleanup_(free_ptr) char *path = path_join(*folders, entry->d_name);
                        size_t same = 0;

                        if (!str_ends(entry->d_name, ".json"))
                                continue;
                        while (same < n && !str_eq(strrchr(paths[same], '/') + 1, entry->d_name))
                                same++;
                        if (same < n) {
                                free(paths[same]);
                                paths[same] = TAKE_PTR(path);
                        } else {
                                strv_add(&paths, TAKE_PTR(path));
                                n++;
                        }
                }
                if (dir)
                        closedir(dir);
        }
        if (n)
                qsort(paths, n, sizeof(*paths), by_name);
        return paths;
}

int firmware_choose(FirmwareWant *want, const char *const *folders, Error *err)
{
        _cleanup_(strv_freep) char **paths = NULL;

        if (!want->choose)
                return 0;
        paths = descriptions(folders ? folders : host_folders);
        for (char **path = paths; path && *path; path++)
                if (try_file(want, *path))
                        return 0;
        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                         "no UEFI firmware of this host fits machine '%s'%s: none in %s",
                         want->machine ? want->machine : "default",
                         want->secure || want->enrolled ? " and the features asked for" : "",
                         folders ? folders[0] : host_folders[0]);
}

int firmware_make_nvram(const FirmwareWant *want, Error *err)
{
        _cleanup_(free_ptr) char *content = NULL, *folder = NULL;
        size_t len;
        int r;

        if (!want->nvram || access(want->nvram, F_OK) == 0)
                return 0;
        if (!want->template)
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "file of variables '%s' is not there and has no template",
                                 want->nvram);
        folder = path_parent(want->nvram);
        r = path_make_dirs(folder, 0711, err);
        if (r >= 0)
                r = file_read(want->template, NVRAM_MAX, &content, &len, err);
        return r < 0 ? r : file_write_atomic(want->nvram, content, len, 0600, err);
}

void firmware_apply(FirmwareWant *want, DomainConfig *config)
{
        Os *os = &config->os;

        if (want->choose) {
                os->loader = TAKE_PTR(want->loader);
                os->loader_type = LOADER_TYPE_PFLASH;
                os->has_loader_readonly = os->loader_readonly = true;
                if (want->needs_smm) {
                        os->has_loader_secure = os->loader_secure = true;
                        config->features.has_smm = config->features.smm = true;
                }
        }
        if (!os->nvram_template)
                os->nvram_template = TAKE_PTR(want->template);
        if (!os->nvram)
                os->nvram = TAKE_PTR(want->nvram);
}
