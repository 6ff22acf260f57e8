# SPDX-License-Identifier: MIT
"""Clips for watermark.py: five scenes of 1280 x 720, 25 pictures a second, raw 4:2:0, made from this project's portrait and from
the public-domain pictures that come with Debian's python3-skimage (astronaut: NASA; coffee, cat, rocket, gravel, grass: CC0)."""
import os
import subprocess

import numpy as np
from PIL import Image

W, H, FPS = 1280, 720, 25
PICTURES = '/usr/lib/python3/dist-packages/skimage/data'
SCENES = ('still', 'talking', 'moving', 'dark', 'busy')


def load(name):
    return Image.open(os.path.join(PICTURES, name)).convert('RGB')


def planes(rgb):
    """A PIL picture as Y, U, V of BT.601, limited range, chroma at half size, as floats."""
    ycc = np.asarray(rgb.convert('YCbCr'), dtype=np.float32)
    half = ycc.reshape(H // 2, 2, W // 2, 2, 3).mean(axis=(1, 3))
    return [16 + ycc[..., 0] * 219 / 255, 128 + (half[..., 1] - 128) * 224 / 255, 128 + (half[..., 2] - 128) * 224 / 255]


class Sensor:
    """Noise as a camera's: Gaussian, other numbers in every picture (shifts of one large field)."""

    def __init__(self, deviation, seed):
        self.rng = np.random.default_rng(seed)
        self.field = self.rng.normal(0, deviation, (2 * H, 2 * W)).astype(np.float32)

    def write(self, out, yuv):
        for plane in yuv:
            h, w = plane.shape
            y, x = self.rng.integers(0, 2 * H - h), self.rng.integers(0, 2 * W - w)
            noise = self.field[y:y + h, x:x + w] * (1.0 if w == W else 0.5)
            out.write(np.clip(np.rint(plane + noise), 0, 255).astype(np.uint8).tobytes())


def frames_of(path, count):
    with open(path, 'rb') as f:
        for _ in range(count):
            raw = np.frombuffer(f.read(W * H * 3 // 2), np.uint8).astype(np.float32)
            if raw.size < W * H * 3 // 2:
                return
            yield [raw[:W * H].reshape(H, W), raw[W * H:W * H * 5 // 4].reshape(H // 2, W // 2),
                   raw[W * H * 5 // 4:].reshape(H // 2, W // 2)]


def shifted(plane, dx, dy):
    """By parts of a pixel, bilinear; the border repeats."""
    def axis(p, d, a):
        whole = int(np.floor(d))
        part = d - whole
        index = np.clip(np.arange(p.shape[a]) + whole, 0, p.shape[a] - 1)
        other = np.clip(index + 1, 0, p.shape[a] - 1)
        return np.take(p, index, a) * (1 - part) + np.take(p, other, a) * part
    return axis(axis(plane, dx, 1), dy, 0)


def mosaic():
    names = ('astronaut.png', 'coffee.png', 'chelsea.png', 'rocket.jpg')
    canvas = Image.new('RGB', (2048, 1280))
    x = y = n = 0
    while y < 1280:
        p = load(names[n % len(names)])
        canvas.paste(p, (x, y))
        x += p.width
        n += 1
        if x >= 2048:
            x, y, n = -(n * 130 % 300), y + 300, n + 1
    return canvas


def make(scene, path, footage, count):
    """footage: the talking head, raw, of at least `count` pictures."""
    seed = SCENES.index(scene)
    t = np.arange(count) / FPS
    with open(path, 'wb') as out:
        if scene == 'talking':
            with open(footage, 'rb') as f:
                out.write(f.read(count * W * H * 3 // 2))
        elif scene == 'still':
            sensor = Sensor(1.5, seed)
            first = next(frames_of(footage, 1))
            for k in range(count):
                dx, dy = 2 * np.sin(2 * np.pi * t[k] / 4.3), 1.5 * np.sin(2 * np.pi * t[k] / 3.1)
                sensor.write(out, [shifted(p, dx * (1 if i == 0 else .5), dy * (1 if i == 0 else .5)) for i, p in enumerate(first)])
        elif scene == 'dark':
            sensor = Sensor(2.5, seed)
            for yuv in frames_of(footage, count):
                sensor.write(out, [16 + (yuv[0] - 16) * .18, 128 + (yuv[1] - 128) * .25, 128 + (yuv[2] - 128) * .25])
        elif scene == 'moving':
            sensor = Sensor(1.0, seed)
            canvas = mosaic()
            for k in range(count):
                zoom = 1 + .25 * np.sin(2 * np.pi * t[k] / 9)
                w, h = W / zoom, H / zoom
                x, y = 330 + 150 * np.sin(2 * np.pi * t[k] / 7), 250 + 100 * np.sin(2 * np.pi * t[k] / 5.3)
                box = (x, y, min(x + w, 2048), min(y + h, 1280))
                sensor.write(out, planes(canvas.resize((W, H), Image.BILINEAR, box=box)))
        else:  # busy: the head before gravel and grass
            sensor = Sensor(1.5, seed)
            wall = Image.new('RGB', (W, H))
            for i, name in enumerate(('gravel.png', 'grass.png', 'gravel.png')):
                tile = load(name).resize((512, 512))
                for y in range(0, H, 512):
                    wall.paste(tile, (i * 512, y))
            back = planes(wall)
            yy, xx = np.mgrid[0:H, 0:W].astype(np.float32)
            head = np.clip(1.35 - np.hypot((xx - W / 2) / 330, (yy - H * .52) / 420) * 1.2, 0, 1)
            small = head.reshape(H // 2, 2, W // 2, 2).mean(axis=(1, 3))
            for yuv in frames_of(footage, count):
                sensor.write(out, [b + (p - b) * (head if i == 0 else small) for i, (p, b) in enumerate(zip(yuv, back))])


def make_all(folder, footage_program, geometry, seconds):
    """Files that are there already stay."""
    count = seconds * FPS
    os.makedirs(folder, exist_ok=True)
    footage = os.path.join(folder, 'talking.yuv')
    paths = {s: os.path.join(folder, s + '.yuv') for s in SCENES}
    size = count * W * H * 3 // 2
    if not os.path.exists(footage) or os.path.getsize(footage) != size:
        subprocess.run([footage_program, geometry, footage, str(W), str(H), str(count), '1'], check=True, stdout=subprocess.DEVNULL)
    for scene, path in paths.items():
        if not os.path.exists(path) or os.path.getsize(path) != size:
            make(scene, path, footage, count)
    return paths
