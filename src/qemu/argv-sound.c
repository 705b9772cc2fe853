/* The command line of sound: what takes it on the host, and the cards of the guest.
 *
 * A card without an <audio> of the document is connected to audio1: the SPICE display where there
 * is one, else nothing. */
#include "qemu/argv-internal.h"

static bool has_spice(const DomainConfig *config)
{
        for (size_t i = 0; i < config->graphics.len; i++)
                if (config->graphics.items[i].type == GRAPHICS_TYPE_SPICE)
                        return true;
        return false;
}

static void add_audios(Argv *argv)
{
        const DomainConfig *config = argv->config;

        for (size_t i = 0; i < config->audios.len; i++) {
                const Audio *audio = &config->audios.items[i];
                const char *driver = audio->type == AUDIO_TYPE_FILE ? "wav"
                                     : audio->type == AUDIO_TYPE_PULSEAUDIO
                                             ? "pa"
                                             : audio_type_text(audio->type);
                char id[16];
                json_t *object;

                snprintf(id, sizeof(id), "audio%u", audio->id);
                object = json_pack("{s:s, s:s}", "id", id, "driver", driver);
                if (audio->type == AUDIO_TYPE_FILE)
                        device_text(object, "path", audio->path);
                argv_json(argv, "-audiodev", object);
        }
        if (config->audios.len == 0 && config->sounds.len > 0)
                argv_json(argv, "-audiodev",
                          json_pack("{s:s, s:s}", "id", "audio1", "driver",
                                    has_spice(config) ? "spice" : "none"));
}

static void add_codec(Argv *argv, const char *card, const char *driver, size_t n, const char *audio)
{
        _cleanup_(free_ptr) char *id = xasprintf("%s-codec%zu", card, n);
        _cleanup_(free_ptr) char *bus = xasprintf("%s.0", card);

        argv_json(argv, "-device",
                  json_pack("{s:s, s:s, s:s, s:I, s:s}", "driver", driver, "id", id, "bus", bus,
                            "cad", (json_int_t) n, "audiodev", audio));
}

static void add_codecs(Argv *argv, const Sound *sound, const char *card, const char *audio)
{
        static const char *const drivers[] = {[SOUND_CODEC_DUPLEX] = "hda-duplex",
                                              [SOUND_CODEC_MICRO] = "hda-micro",
                                              [SOUND_CODEC_OUTPUT] = "hda-output"};

        for (size_t i = 0; i < sound->codecs.len; i++)
                add_codec(argv, card, drivers[sound->codecs.items[i]], i, audio);
        if (sound->codecs.len == 0)
                add_codec(argv, card, "hda-duplex", 0, audio);
}

static void add_sound(Argv *argv, const Sound *sound, size_t n)
{
        static const struct {
                const char *driver;
                bool codecs;
        } cards[_SOUND_MODEL_MAX] = {
                [SOUND_MODEL_ICH6] = {"intel-hda", true},
                [SOUND_MODEL_ICH9] = {"ich9-intel-hda", true},
                [SOUND_MODEL_AC97] = {"AC97", false},
                [SOUND_MODEL_ES1370] = {"ES1370", false},
                [SOUND_MODEL_SB16] = {"sb16", false},
                [SOUND_MODEL_USB] = {"usb-audio", false},
        };
        const char *driver = cards[sound->model].driver;
        _cleanup_(free_ptr) char *id = device_id(&sound->info, "sound", n);
        char audio[16];
        json_t *device;

        if (!driver)
                return; /* the speaker, part of the board */
        snprintf(audio, sizeof(audio), "audio%u", sound->has_audio ? sound->audio : 1);
        device = device_new(driver, id);
        if (!cards[sound->model].codecs)
                json_object_set_new(device, "audiodev", json_string(audio));
        if (sound->model == SOUND_MODEL_USB)
                device_usb(argv, device, &sound->info);
        else
                device_pci(argv, device, &sound->info);
        argv_json(argv, "-device", device);
        if (cards[sound->model].codecs)
                add_codecs(argv, sound, id, audio);
}

int argv_sounds(Argv *argv, Error *err)
{
        (void) err;
        add_audios(argv);
        for (size_t i = 0; i < argv->config->sounds.len; i++)
                add_sound(argv, &argv->config->sounds.items[i], i);
        return 0;
}
