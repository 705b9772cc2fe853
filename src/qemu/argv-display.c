/* The command line of displays, graphics cards, keyboards and pointers. */
#include "qemu/argv-internal.h"

enum {
        VNC_PORT_BASE = 5900,
        VNC_DISPLAYS = 99, /* how far a free port is looked for */
};

/* Where VNC listens, in QEMU's words without the port. */
static char *vnc_host(const GraphicsVnc *vnc)
{
        const char *address = vnc->listen;

        if (!address && vnc->listens.len && vnc->listens.items[0].type == LISTEN_TYPE_ADDRESS)
                address = vnc->listens.items[0].at.address.address;
        if (!address)
                address = "127.0.0.1";
        return strchr(address, ':') ? xasprintf("[%s]", address) : xstrdup(address);
}

static const char *vnc_socket(const GraphicsVnc *vnc)
{
        if (vnc->socket)
                return vnc->socket;
        if (vnc->listens.len && vnc->listens.items[0].type == LISTEN_TYPE_SOCKET)
                return vnc->listens.items[0].at.socket.path;
        return NULL;
}

static void add_vnc(Argv *argv, const GraphicsVnc *vnc)
{
        _cleanup_(str_done) Str text = {};

        if (vnc_socket(vnc)) {
                str_add(&text, "unix:");
                argv_value(&text, vnc_socket(vnc));
        } else if (vnc->listens.len && vnc->listens.items[0].type == LISTEN_TYPE_NONE) {
                str_add(&text, "none");
        } else {
                _cleanup_(free_ptr) char *host = vnc_host(vnc);
                bool fixed = vnc->has_port && vnc->port >= VNC_PORT_BASE &&
                             !(vnc->has_autoport && vnc->autoport);

                argv_value(&text, host);
                if (fixed)
                        str_addf(&text, ":%d", (int) (vnc->port - VNC_PORT_BASE));
                else
                        str_addf(&text, ":0,to=%d", (int) VNC_DISPLAYS);
                if (vnc->has_websocket && vnc->websocket > 0)
                        str_addf(&text, ",websocket=%d", (int) vnc->websocket);
                else if (vnc->has_websocket)
                        str_add(&text, ",websocket=on");
        }
        if (vnc->passwd)
                str_add(&text, ",password=on");
        if (vnc->share_policy)
                str_addf(&text, ",share=%s", vnc_share_text(vnc->share_policy));
        argv_add(argv, "-vnc");
        argv_add(argv, text.text);
        if (vnc->keymap) {
                argv_add(argv, "-k");
                argv_add(argv, vnc->keymap);
        }
}

/* The address of a SPICE display: the attribute, or the first listen element. */
static const char *spice_address(const GraphicsSpice *spice)
{
        if (spice->listen)
                return spice->listen;
        return spice->listens.len && spice->listens.items[0].type == LISTEN_TYPE_ADDRESS &&
                               spice->listens.items[0].at.address.address
                       ? spice->listens.items[0].at.address.address
                       : "127.0.0.1";
}

static void add_word(Str *text, const char *key, const char *value)
{
        if (value)
                str_addf(text, ",%s=%s", key, value);
}

static void add_spice(Argv *argv, const GraphicsSpice *spice)
{
        ListenType listen = spice->listens.len ? spice->listens.items[0].type : LISTEN_TYPE_UNSET;
        _cleanup_(str_done) Str text = {};

        if (listen == LISTEN_TYPE_SOCKET) {
                str_add(&text, "unix=on,addr=");
                argv_value(&text, spice->listens.items[0].at.socket.path
                                          ? spice->listens.items[0].at.socket.path
                                          : "");
        } else if (listen == LISTEN_TYPE_NONE) {
                str_add(&text, "port=0");
        } else {
                str_addf(&text, "port=%d,addr=",
                         spice->has_port && spice->port > 0 ? (int) spice->port : 0);
                argv_value(&text, spice_address(spice));
        }
        if (!spice->passwd)
                str_add(&text, ",disable-ticketing=on");
        add_word(&text, "image-compression",
                 spice->image_compression ? spice_compression_text(spice->image_compression)
                                          : NULL);
        add_word(&text, "streaming-video",
                 spice->streaming ? spice_streaming_text(spice->streaming) : NULL);
        if (spice->mouse)
                add_word(&text, "agent-mouse", spice->mouse == SPICE_MOUSE_CLIENT ? "on" : "off");
        if (spice->has_copypaste && !spice->copypaste)
                str_add(&text, ",disable-copy-paste=on");
        if (spice->has_filetransfer && !spice->filetransfer)
                str_add(&text, ",disable-agent-file-xfer=on");
        str_add(&text, ",seamless-migration=on");
        argv_add(argv, "-spice");
        argv_add(argv, text.text);
        if (spice->keymap) {
                argv_add(argv, "-k");
                argv_add(argv, spice->keymap);
        }
}

int argv_graphics(Argv *argv, Error *err)
{
        (void) err;
        for (size_t i = 0; i < argv->config->graphics.len; i++) {
                const Graphics *graphics = &argv->config->graphics.items[i];

                if (graphics->type == GRAPHICS_TYPE_SPICE)
                        add_spice(argv, &graphics->data.spice);
                else
                        add_vnc(argv, &graphics->data.vnc);
        }
        return 0;
}

/* --- graphics cards --- */

static const char *video_device(const Video *video, bool first)
{
        switch (video->type) {
        case VIDEO_TYPE_VGA:
                return "VGA";
        case VIDEO_TYPE_CIRRUS:
                return "cirrus-vga";
        case VIDEO_TYPE_QXL:
                return first ? "qxl-vga" : "qxl";
        case VIDEO_TYPE_VIRTIO:
                return first ? "virtio-vga" : "virtio-gpu-pci";
        case VIDEO_TYPE_BOCHS:
                return "bochs-display";
        case VIDEO_TYPE_RAMFB:
                return "ramfb";
        case VIDEO_TYPE_VMVGA:
                return "vmware-svga";
        default:
                return NULL;
        }
}

static void add_video(Argv *argv, const Video *video, const char *driver, size_t n)
{
        _cleanup_(free_ptr) char *id = device_id(&video->info, "video", n);
        json_t *device = device_new(driver, id);

        if (video->type == VIDEO_TYPE_QXL) {
                device_number(device, "ram_size", video->has_ram, 1024ull * video->ram);
                device_number(device, "vram_size", video->has_vram, 1024ull * video->vram);
                device_number(device, "vram64_size_mb", video->has_vram64, video->vram64 / 1024);
                device_number(device, "vgamem_mb", video->has_vgamem, video->vgamem / 1024);
        } else if (video->type == VIDEO_TYPE_VGA || video->type == VIDEO_TYPE_VMVGA) {
                device_number(device, "vgamem_mb", video->has_vram, video->vram / 1024);
        } else if (video->type == VIDEO_TYPE_BOCHS) {
                device_number(device, "vgamem", video->has_vram, 1024ull * video->vram);
        }
        if (video->type == VIDEO_TYPE_QXL || video->type == VIDEO_TYPE_VIRTIO)
                device_number(device, "max_outputs", video->has_heads, video->heads);
        device_number(device, "xres", video->has_width, video->width);
        device_number(device, "yres", video->has_height, video->height);
        device_pci(argv, device, &video->info);
        argv_json(argv, "-device", device);
}

int argv_videos(Argv *argv, Error *err)
{
        (void) err;
        for (size_t i = 0; i < argv->config->videos.len; i++) {
                const Video *video = &argv->config->videos.items[i];
                const char *driver = video_device(video, i == 0);

                if (driver)
                        add_video(argv, video, driver, i);
        }
        return 0;
}

/* --- keyboards and pointers --- */

static char *input_device(const Input *input)
{
        static const char *const words[] = {
                [INPUT_TYPE_TABLET] = "tablet",
                [INPUT_TYPE_MOUSE] = "mouse",
                [INPUT_TYPE_KEYBOARD] = "keyboard",
        };

        if (input->bus == INPUT_BUS_USB)
                return xasprintf("usb-%s",
                                 input->type == INPUT_TYPE_KEYBOARD ? "kbd" : words[input->type]);
        if (input->bus == INPUT_BUS_VIRTIO) {
                _cleanup_(free_ptr) char *name = xasprintf("virtio-%s", words[input->type]);

                return virtio_device(name, input->model);
        }
        return NULL; /* PS/2 is part of the board */
}

int argv_inputs(Argv *argv, Error *err)
{
        (void) err;
        for (size_t i = 0; i < argv->config->inputs.len; i++) {
                const Input *input = &argv->config->inputs.items[i];
                _cleanup_(free_ptr) char *driver = input_device(input);
                _cleanup_(free_ptr) char *id = device_id(&input->info, "input", i);
                json_t *device;

                if (!driver)
                        continue;
                device = device_new(driver, id);
                if (input->bus == INPUT_BUS_USB)
                        device_usb(argv, device, &input->info);
                else
                        device_pci(argv, device, &input->info);
                argv_json(argv, "-device", device);
        }
        return 0;
}
