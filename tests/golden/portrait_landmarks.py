#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes portrait_landmarks.txt: where the 478 landmarks lie on NASA's portrait of E. Collins, by onnxruntime.

    npm install onnxruntime-node@1.30.0 --ignore-scripts          (anywhere; NODE_PATH then names its node_modules)
    NODE_PATH=.../node_modules portrait_landmarks.py MODELS PORTRAIT > portrait_landmarks.txt

MODELS is what packaging/models/build.py makes; PORTRAIT is python3-skimage's data/astronaut.png (512 x 512, public domain).

Pixel centres lie at .5. A crop of side `size`, centre c, turned by `angle`, is sampled bilinearly, without a prefilter, on
N x N: frame = c + R(angle) (crop - N/2) size/N; outside the picture it is black.
  1. detector: the whole picture, 192 px, RGB as v / 127.5 - 1. Cell i (48 x 48, row-major) has centre (x + .5, y + .5) / 48;
     boxes[i] is the box's centre as an offset, its size, then six points as offsets, all in 1/192. Of the cells
     of sigmoid(score) > .5 the best and all that overlap it by more than .3 (intersection over union) are averaged, weighted by score.
  2. region: the box's centre, its longer side x 1.5, the angle of point 0 (right eye) to point 1 (left eye).
  3. mesh: the region, 192 px, RGB as v / 255. Lips and eyes replace x and y of the mesh's points; their z stays. An iris's
     z is the mean of the 16 points around its eye. x, y, z in crop px; z is multiplied by size/192.
  4. region again: the centre of the upright box around all landmarks, its longer side x 1.5, the angle of point 33 to 263.
  5. mesh once more: those are the landmarks.
(MediaPipe: face_detection_full_range.pbtxt, face_detection_front_detection_to_roi.pbtxt, face_landmark_landmarks_to_roi.pbtxt,
tensors_to_face_landmarks_with_attention.pbtxt.)
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

LIPS = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95, 88, 178, 87, 14, 317,
        402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415, 76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73,
        72, 11, 302, 303, 304, 408, 62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407]
LEFT_EYE = [33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112, 243,
            247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189, 35, 124,
            46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193]
RIGHT_EYE = [263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252, 256, 341,
             463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
             265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417]

RUNNER = """
const ort = require('onnxruntime-node'), fs = require('fs'), [model, dir] = process.argv.slice(1);
(async () => {
    const s = await ort.InferenceSession.create(model, {intraOpNumThreads: 1});
    const b = fs.readFileSync(dir + '/in'), dims = JSON.parse(fs.readFileSync(dir + '/dims'));
    const o = await s.run({image: new ort.Tensor('float32', new Float32Array(b.buffer, b.byteOffset, b.length / 4), dims)});
    const shapes = {};
    for (const k of s.outputNames) { shapes[k] = o[k].dims; fs.writeFileSync(dir + '/out.' + k, Buffer.from(o[k].data.buffer)); }
    console.log(JSON.stringify(shapes));
})();
"""


def run(model, picture):
    """The network's outputs by name for one H x W x 3 picture."""
    with tempfile.TemporaryDirectory() as folder:
        tensor = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], "<f4")
        tensor.tofile(folder + "/in")
        Path(folder, "dims").write_text(json.dumps(tensor.shape))
        done = subprocess.run(["node", "-e", RUNNER, str(model), folder], stdout=subprocess.PIPE, text=True, check=True)
        return {k: np.fromfile(f"{folder}/out.{k}", "<f4").reshape(dims) for k, dims in json.loads(done.stdout).items()}


def turn(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def to_frame(region, points, side=192):
    centre, size, angle = region
    return centre + (points - side / 2) @ turn(angle).T * (size / side)


def crop(image, region, side=192):
    y, x = np.mgrid[0:side, 0:side] + 0.5
    at = to_frame(region, np.stack([x, y], -1).reshape(-1, 2), side).reshape(side, side, 2) - 0.5
    low = np.floor(at).astype(int)
    part = (at - low)[..., None]
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))

    def pixel(dx, dy):
        px = np.clip(low[..., 0] + dx + 1, 0, image.shape[1] + 1)
        py = np.clip(low[..., 1] + dy + 1, 0, image.shape[0] + 1)
        return padded[py, px]

    fx, fy = part[:, :, 0], part[:, :, 1]
    return (pixel(0, 0) * (1 - fx) + pixel(1, 0) * fx) * (1 - fy) + (pixel(0, 1) * (1 - fx) + pixel(1, 1) * fx) * fy


def overlap(a, b):
    low, high = np.maximum(a[:2] - a[2:] / 2, b[:2] - b[2:] / 2), np.minimum(a[:2] + a[2:] / 2, b[:2] + b[2:] / 2)
    both = np.prod(np.maximum(high - low, 0))
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def detect(models, image):
    """The region of the best face, and its score."""
    height, width = image.shape[:2]
    whole = (np.array([width / 2, height / 2]), float(max(width, height)), 0.0)
    out = run(models / "face_detector.onnx", crop(image, whole) / 127.5 - 1)
    score = 1 / (1 + np.exp(-out["scores"][0, :, 0].astype(float)))
    cells = np.stack(np.meshgrid(np.arange(48), np.arange(48)), -1).reshape(-1, 2) * 4 + 2.0
    boxes = out["boxes"][0].astype(float)
    boxes[:, 0:2] += cells
    boxes[:, 4:] += np.tile(cells, 6)
    best = int(np.argmax(score))
    group = [i for i in np.where(score > 0.5)[0] if overlap(boxes[i, :4], boxes[best, :4]) > 0.3]
    box = (boxes[group] * score[group, None]).sum(0) / score[group].sum()
    centre, eyes = to_frame(whole, box[0:2]), box[6:8] - box[4:6]
    return (centre, max(box[2:4]) * whole[1] / 192 * 1.5, float(np.arctan2(eyes[1], eyes[0]))), score[best]


def landmarks(models, image, region):
    out = run(models / "face_mesh.onnx", crop(image, region) / 255)
    points = np.zeros((478, 3))
    points[:468] = out["mesh"][0]
    for where, name in ((LIPS, "lips"), (LEFT_EYE, "left_eye"), (RIGHT_EYE, "right_eye"), (range(468, 473), "left_iris"),
                        (range(473, 478), "right_iris")):
        points[list(where), :2] = out[name][0]
    points[468:473, 2], points[473:478, 2] = points[LEFT_EYE[:16], 2].mean(), points[RIGHT_EYE[:16], 2].mean()
    points[:, :2] = to_frame(region, points[:, :2])
    points[:, 2] *= region[1] / 192
    return points, 1 / (1 + np.exp(-float(out["face_flag"].item())))


def region_of(points):
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    along = points[263, :2] - points[33, :2]
    return (low + high) / 2, float(max(high - low)) * 1.5, float(np.arctan2(along[1], along[0]))


def main():
    models, image = Path(sys.argv[1]), np.asarray(Image.open(sys.argv[2]).convert("RGB")).astype(float)
    region, score = detect(models, image)
    print("# SPDX-License-Identifier: MIT")
    print("# The 478 landmarks of NASA's portrait of E. Collins (skimage's astronaut.png, 512 x 512): x y z in its pixels, one a line.")
    print("# Made by portrait_landmarks.py beside this file, which says how, with onnxruntime 1.30.0 on this project's ONNX files.")
    print(f"# detector: score {score:.4f}, region centre {region[0][0]:.3f} {region[0][1]:.3f} size {region[1]:.3f} angle {region[2]:.5f}")
    for number in (1, 2):
        points, flag = landmarks(models, image, region)
        print(f"# mesh pass {number}: region centre {region[0][0]:.3f} {region[0][1]:.3f} size {region[1]:.3f} "
              f"angle {region[2]:.5f}, face flag {flag:.4f}")
        region = region_of(points)
    for point in points:
        print("{:.3f} {:.3f} {:.3f}".format(*point))


if __name__ == "__main__":
    main()
