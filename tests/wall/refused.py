#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What must not compile: a sink that is given anything but a bt_disclosed, a swap without a grant, a made-up grant."""
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
COMPILERS = [c for c in ("gcc", "clang") if subprocess.run(["sh", "-c", f"command -v {c}"], capture_output=True, check=False).returncode == 0]

PRELUDE = """
#include "pipeline/disclose/disclose.h"
#include "pipeline/output/output.h"
#include "pipeline/swap/swap.h"
#include "trust/consent/consent.h"
#include "pipeline/capture/capture.h"
bt_status f(struct bt_output *output, struct bt_disclose *disclose, struct bt_swap_params *p, struct bt_frame frame, struct bt_swap **swap,
            struct bt_grant *grant, struct bt_faces *faces, void *any, uint8_t *bytes, struct bt_disclosed good, struct bt_picture *picture);
bt_status f(struct bt_output *output, struct bt_disclose *disclose, struct bt_swap_params *p, struct bt_frame frame, struct bt_swap **swap,
            struct bt_grant *grant, struct bt_faces *faces, void *any, uint8_t *bytes, struct bt_disclosed good, struct bt_picture *picture) {
    (void)output, (void)disclose, (void)p, (void)frame, (void)swap, (void)grant, (void)faces, (void)any, (void)bytes, (void)good, (void)picture;
    %s
}
"""

COMPILES = [
    "return bt_output_send(output, good);",
    "return bt_swap_create(p, grant, swap);",
    "return bt_swap_and_blend(*swap, grant, &frame, faces);",
    "return bt_output_send(output, bt_disclose_placard(disclose, BT_E_NO_FACE, 0, 0));",
]

REFUSED = [
    ("a frame in a sink", "return bt_output_send(output, frame);"),
    ("a frame's address in a sink", "return bt_output_send(output, &frame);"),
    ("a void pointer in a sink", "return bt_output_send(output, any);"),
    ("bytes in a sink", "return bt_output_send(output, bytes);"),
    ("a raw picture in a sink", "return bt_output_send(output, *picture);"),
    ("a handle's address in a sink", "return bt_output_send(output, &good);"),
    ("a cast of a void pointer", "return bt_output_send(output, (struct bt_disclosed)any);"),
    ("nothing in a sink", "return bt_output_send(output);"),
    ("a swap without a grant", "return bt_swap_create(p, swap);"),
    ("a tick without a grant", "return bt_swap_and_blend(*swap, &frame, faces);"),
    ("a grant made by hand", "struct bt_grant mine; return bt_swap_create(p, &mine, swap);"),
    ("a grant's inside", "grant->expires_ns = 0; return BT_OK;"),
    ("a frame's bytes by a handle's name", "return bt_disclose_bytes(disclose, frame).placard ? BT_OK : BT_E_IO;"),
    ("a status thrown away", "bt_output_send(output, good); return BT_OK;"),
]


def compiles(compiler, body):
    done = subprocess.run([compiler, "-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", "-c", "-o", "/dev/null", "-x", "c", f"-I{SOURCE}/src", f"-I{SOURCE}/include",
                           f"-I{SOURCE}/shaders", "-"], input=PRELUDE % body, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr


def main():
    failures = 0
    for compiler in COMPILERS:
        for body in COMPILES:
            good, said = compiles(compiler, body)
            if not good:
                failures += 1
                print(f"{compiler}: should compile: {body}\n{said}")
        for what, body in REFUSED:
            good, said = compiles(compiler, body)
            if good:
                failures += 1
                print(f"{compiler}: compiles, and must not: {what}")
    print(f"{', '.join(COMPILERS)}: {len(REFUSED)} refused, {len(COMPILES)} accepted, {failures} failures")
    return 1 if failures or not COMPILERS else 0


if __name__ == "__main__":
    sys.exit(main())
