/* SPDX-License-Identifier: MIT */
#include "footage/decode.h"
#include "base/log.h"
#include <stdlib.h>
#include <turbojpeg.h>

bt_status bt_footage_decode(struct bt_log *log, struct bt_bytes jpeg, uint32_t channels,
                            struct bt_footage_picture *out_picture) {
    bt_status st = BT_E_FORMAT;
    uint8_t *data = NULL;
    int width, height, subsampling, space;
    tjhandle decoder = tjInitDecompress();
    if (!decoder) {
        return BT_E_MEMORY;
    }
    if (tjDecompressHeader3(decoder, jpeg.data, jpeg.size, &width, &height, &subsampling, &space)) {
        goto fail;
    }
    st = BT_E_MEMORY;
    data = malloc((size_t)width * (size_t)height * channels);
    if (!data) {
        goto fail;
    }
    st = BT_E_FORMAT;
    if (tjDecompress2(decoder, jpeg.data, jpeg.size, data, width, 0, height, channels == 4 ? TJPF_RGBX : TJPF_GRAY,
                      TJFLAG_ACCURATEDCT)) {
        goto fail;
    }
    *out_picture = (struct bt_footage_picture){(uint32_t)width, (uint32_t)height, channels, data};
    data = NULL;
    st = BT_OK;
fail:
    if (st) {
        bt_log_error(log, "footage: embedded picture: %s", tjGetErrorStr2(decoder));
    }
    free(data);
    tjDestroy(decoder);
    return st;
}
