#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The matchers on real people: official pictures of members of the United States Congress, works of its government and so in the
public domain, from two public repositories that are fetched and never kept in this one:

  git clone https://github.com/Hainish/congress-images-225x275    the pictures of 2015, by Bioguide number
  git clone https://github.com/voteview/member_photos             others of the same people, by ICPSR number

A person's second picture counts only if it is another: one that is the first again, cut or scaled or grey, is left out. Prints
what it made; then run `bauta evaluate match OUT`.

usage: match_real.py CONGRESS_IMAGES MEMBER_PHOTOS OUT [--sheet SHEET.png]
"""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy
from PIL import Image

SIDE = 256
SAME = 0.70  # correlation of the best overlay; two files of one picture have .85 and more


def show(repository, path):
    return subprocess.run(['git', '-C', repository, 'show', f'HEAD:{path}'], check=True, capture_output=True).stdout


def opened(data):
    return Image.open(io.BytesIO(data)).convert('RGB')


def unit(a):
    a = a - a.mean()
    return a / (numpy.linalg.norm(a) + 1e-9)


def edges(picture):
    """Gradients of the middle, so that a grey copy or another exposure correlates as the picture itself does."""
    a = numpy.asarray(picture.convert('L').resize((40, 50), Image.BOX), float)
    gy, gx = numpy.gradient(a)
    return numpy.hypot(gx, gy)


def alike(a, b):
    """The best correlation of b's middle with a, over small shifts and scales."""
    best, field = -1.0, edges(a)
    for zoom in numpy.arange(0.7, 1.45, 0.06):
        w, h = b.width * zoom, b.height * zoom
        grown = edges(b.crop(((b.width - w) / 2, (b.height - h) / 2, (b.width + w) / 2, (b.height + h) / 2)))
        patch = unit(grown[12:38, 10:30])
        windows = numpy.lib.stride_tricks.sliding_window_view(field, patch.shape)
        flat = windows.reshape(windows.shape[0], windows.shape[1], -1)
        mean = flat.mean(2)
        deviation = numpy.sqrt(numpy.maximum((flat ** 2).mean(2) - mean ** 2, 1e-9)) * numpy.sqrt(flat.shape[2])
        best = max(best, float(((flat @ patch.ravel()) / deviation).max()))
    return best


def people(photos):
    """ICPSR number to Bioguide number, and what the repository holds of each."""
    bioguide = {}
    for row in json.loads(show(photos, 'config/database-raw.json')):
        if row.get('bioguide_id'):
            bioguide['%06d' % row['icpsr']] = row['bioguide_id']
    for row in csv.DictReader(io.StringIO(show(photos, 'members.csv').decode())):
        if row['icpsr'] in bioguide and row['source'] in ('bio_guide', 'wiki'):
            yield bioguide[row['icpsr']], row['image']


def main():
    congress, photos, out = sys.argv[1:4]
    sheet = sys.argv[5] if sys.argv[4:5] == ['--sheet'] else None
    names = subprocess.run(['git', '-C', congress, 'ls-tree', '--name-only', 'HEAD', 'images/'], check=True, capture_output=True, text=True)
    first = {Path(n).stem: n for n in names.stdout.split() if n.endswith('.jpg')}
    second, score, made = {}, {}, 0
    for who, path in people(photos):
        if who in first and who not in second:
            second[who] = opened(show(photos, path))
    for who in sorted(first):
        picture = opened(show(congress, first[who]))
        folder = Path(out, who)
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / '1.png')
        if who in second:
            score[who] = alike(picture, second[who])
            if score[who] < SAME:
                second[who].save(folder / '2.png')
                made += 1
    print(f'{len(first)} people, {made} of them with a second picture')
    if sheet:
        kept = sorted((w for w in score), key=score.get)
        whole = Image.new('RGB', (18 * 100, 2 * 5 * 125))
        for i in range(90):
            who = kept[i * len(kept) // 90]
            whole.paste(Image.open(Path(out, who, '1.png')).resize((100, 125)), (i % 18 * 100, i // 18 * 250))
            whole.paste(second[who].resize((100, 125)), (i % 18 * 100, i // 18 * 250 + 125))
        whole.save(sheet)
        print([round(score[kept[i * len(kept) // 90]], 2) for i in range(90)])


main()
