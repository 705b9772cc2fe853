#include "config/edit-internal.h"

#include "base/str.h"

static void set_text(char **at, const char *text)
{
        char *copy = text && *text ? xstrdup(text) : NULL;

        free(*at);
        *at = copy;
}

static int edit_title(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        (void) live;
        if (edit->text && strchr(edit->text, '\n'))
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "Domain title can't contain newlines");
        set_text(&config->title, edit->text);
        return 0;
}

static int edit_description(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        (void) live;
        (void) err;
        set_text(&config->description, edit->text);
        return 0;
}

static int edit_element(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        (void) live;
        return domain_config_set_metadata(config, edit->uri, edit->key, edit->text, err);
}

/* --- memory, KiB --- */

static int edit_max_memory(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        if (live)
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "cannot resize the maximum memory on an active domain");
        if (edit->number == 0)
                return error_set(err, ERROR_INVALID_ARGUMENT, "memory must not be zero");
        config->memory = edit->number;
        if (config->current_memory > config->memory)
                config->current_memory = config->memory;
        return 0;
}

static int edit_memory(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        (void) live;
        if (edit->number == 0)
                return error_set(err, ERROR_INVALID_ARGUMENT, "memory must not be zero");
        if (edit->number > config->memory)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "cannot set memory higher than max memory");
        config->current_memory = edit->number;
        config->has_current_memory = true;
        return 0;
}

static int edit_stats_period(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        Memballoon *balloon = config->memballoon;

        (void) live;
        if (!balloon || balloon->model == MEMBALLOON_MODEL_NONE ||
            balloon->model == MEMBALLOON_MODEL_XEN)
                return error_set(
                        err, ERROR_OPERATION_INVALID,
                        "Memory balloon model must be virtio to set the collection period");
        balloon->stats_period = (uint32_t) edit->number;
        balloon->has_stats_period = edit->number > 0;
        return 0;
}

/* --- the table --- */

static const struct {
        EditFn *fn;
        bool moves_guest;
} edits[] = {
        [EDIT_KIND_TITLE] = {edit_title, false},
        [EDIT_KIND_DESCRIPTION] = {edit_description, false},
        [EDIT_KIND_ELEMENT] = {edit_element, false},
        [EDIT_KIND_MAX_MEMORY] = {edit_max_memory, false},
        [EDIT_KIND_MEMORY] = {edit_memory, true},
        [EDIT_KIND_MAX_VCPUS] = {edit_max_vcpus, false},
        [EDIT_KIND_VCPUS] = {edit_vcpus, true},
        [EDIT_KIND_VCPU_PIN] = {edit_vcpu_pin, true},
        [EDIT_KIND_EMULATOR_PIN] = {edit_emulator_pin, true},
        [EDIT_KIND_IOTHREAD_PIN] = {edit_iothread_pin, true},
        [EDIT_KIND_IOTHREAD_ADD] = {edit_iothread_add, true},
        [EDIT_KIND_IOTHREAD_DELETE] = {edit_iothread_delete, true},
        [EDIT_KIND_STATS_PERIOD] = {edit_stats_period, true},
};

int config_edit(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        if ((size_t) edit->kind >= ELEMENTSOF(edits) || !edits[edit->kind].fn)
                return error_set(err, ERROR_INTERNAL, "no such edit");
        return edits[edit->kind].fn(config, edit, live, err);
}

bool config_edit_moves_guest(const Edit *edit)
{
        return edits[edit->kind].moves_guest;
}
