/* SPDX-License-Identifier: MIT */
#include "app/app.h"

#include "base/log.h"
#include "gpu/device.h"
#include "pipeline/capture/devices.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_NODES = 64, MOST_GPUS = 16 };

static void add_nodes(json_t *cameras, json_t *virtuals, const struct bt_device *nodes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct bt_device *d = &nodes[i];
        json_t *node = json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:s,s:b,s:s}", "path", d->path, "card", d->card, "driver", d->driver,
                                 "bus", d->bus, "formats", d->formats, "busy", d->busy, "holder", d->holder, "picked",
                                 d->picked, "state", bauta_status_text(d->opened));
        if (d->loopback)
            json_array_append_new(virtuals, node);
        else if (d->capture || d->opened)
            json_array_append_new(cameras, node);
        else
            json_decref(node);
    }
}

static void add_gpus(json_t *gpus, const struct bt_gpu_caps *caps, uint32_t count) {
    static const char *const kinds[] = {"CPU", "virtual", "integrated", "discrete"};
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(gpus, json_pack("{s:s,s:s,s:s,s:b,s:b}", "name", caps[i].name, "driver", caps[i].driver, "kind",
                                              kinds[caps[i].kind], "usable", caps[i].usable, "picked", caps[i].picked));
}

static const char *text(const json_t *object, const char *key) {
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

static void print(const char *title, const json_t *list, const char *if_empty) {
    size_t index;
    const json_t *entry;
    printf("%s\n", title);
    if (!json_array_size(list)) printf("    %s\n", if_empty);
    json_array_foreach(list, index, entry) {
        bool picked = json_is_true(json_object_get(entry, "picked"));
        printf("  %c ", picked ? '*' : ' ');
        if (json_object_get(entry, "path")) {
            printf("%-14s %s (%s) %s", text(entry, "path"), text(entry, "card"), text(entry, "driver"), text(entry, "formats"));
            if (json_is_true(json_object_get(entry, "busy"))) printf("  busy: %s", text(entry, "holder"));
            if (*text(entry, "state") && !*text(entry, "driver")) printf("  %s", text(entry, "state"));
        } else {
            printf("%s, %s, %s%s", text(entry, "name"), text(entry, "driver"), text(entry, "kind"),
                   json_is_true(json_object_get(entry, "usable")) ? "" : "  (lacks Vulkan 1.3)");
        }
        putchar('\n');
    }
}

bt_status bt_app_devices(struct bt_app *app) {
    struct bt_device *nodes = calloc(MOST_NODES, sizeof *nodes);
    struct bt_gpu_caps *caps = calloc(MOST_GPUS, sizeof *caps);
    json_t *cameras = json_array(), *virtuals = json_array(), *gpus = json_array();
    uint32_t node_count = 0, gpu_count = 0;
    bt_status status = nodes && caps && cameras && virtuals && gpus ? BT_OK : BT_E_MEMORY;
    if (!status) status = bt_devices_list(app->log, nodes, MOST_NODES, &node_count);
    if (!status) add_nodes(cameras, virtuals, nodes, node_count);
    if (!status && bt_gpu_list(app->log, caps, MOST_GPUS, &gpu_count))
        gpu_count = 0; /* said in the log; the cameras still are news */
    if (!status) add_gpus(gpus, caps, gpu_count);
    if (!status && app->options.json) {
        json_t *all = json_pack("{s:O,s:O,s:O}", "cameras", cameras, "virtual_cameras", virtuals, "vulkan", gpus);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
    } else if (!status) {
        print("cameras", cameras, "none: plug one in, or see whether you are in the group video");
        print("virtual cameras", virtuals,
              "none: install v4l2loopback-dkms, then modprobe v4l2loopback exclusive_caps=1 max_buffers=4");
        print("Vulkan devices", gpus, "none: install mesa-vulkan-drivers or your GPU's driver");
        printf("\n* is what bauta run would take.\n");
    }
    json_decref(gpus);
    json_decref(virtuals);
    json_decref(cameras);
    free(caps);
    free(nodes);
    return status;
}
