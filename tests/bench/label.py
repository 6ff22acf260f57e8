# SPDX-License-Identifier: MIT
"""label.py [--frames N] [--every K] [--attacks a,b] [--clips a,b] [--keep DIR]: can the visible label still be read?

Clips of 1280 x 720 at 25 pictures a second go through disclose (label_draw: the program's own kernel), then through what a call,
a screenshot or a screen does to them; tesseract (packages tesseract-ocr, -eng, -chi-sim) reads every K-th picture. The picture
is cropped to the label's plate, as label_draw says where it is, and scaled to 60 rows of gray, no more. Read
counts when chi_sim finds "AI生成" and eng finds "AI MODIFIED", white space aside but for the one between the two words.
BAUTA_TEST_BUILD names the build folder, BAUTA_TEST_MODELS the models. Prints a table in Markdown."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

W, H, FPS = 1280, 720, 25
RAW = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', f'{W}x{H}', '-r', str(FPS)]
ROWS = 60


def run(arguments, **more):
    return subprocess.run(arguments, check=True, **more)


def ffmpeg(*arguments):
    run(['ffmpeg', '-v', 'error', '-y', '-threads', '1', *arguments])


# Made from the built-in footage, which is a still, light background; the moving cells of "busy" reach under the label.
CLIPS = {
    'demo': None,
    'busy': ['-f', 'lavfi', '-i', f'life=s={W // 8}x{H // 8}:r=6:ratio=0.4:mold=6:seed=7:death_color=0x904020:life_color=0xf0ff60:mold_color=0x202060',
             '-filter_complex', f'[1]scale={W}:{H}:flags=neighbor,fps={FPS},noise=alls=8:allf=t[bg];[0]crop=600:{H}[fg];[bg][fg]overlay=340:0:shortest=1,format=yuv420p'],
    'dark': ['-vf', 'eq=brightness=-0.28:contrast=0.55,noise=alls=10:allf=t,format=yuv420p'],
    'bright': ['-vf', 'eq=brightness=0.35:contrast=1.3,format=yuv420p'],
}

H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-b:v', '300k', '-maxrate', '300k', '-bufsize', '300k', '-g', '250']
# As a call's encoder: where 300 kbit/s is too little even for the coarsest steps, pictures are dropped, and the last one stays.
VP8 = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-b:v', '300k', '-minrate', '300k',
       '-maxrate', '300k', '-bufsize', '300k', '-drop-threshold', '30', '-error-resilient', '1', '-g', '250']
ATTACKS = ('none', 'H.264 300 kbit/s', 'VP8 300 kbit/s', 'JPEG 40', 'half size', 'brightness 0.5', 'brightness 1.5')


def footage(path, frames, build, models):
    run([os.path.join(build, 'bench_footage'), os.path.join(models, 'face_geometry.bin'), path, str(W), str(H), str(frames)],
        stdout=subprocess.DEVNULL)


def coded(path, out, codec):
    ffmpeg(*RAW, '-i', path, *codec, out + '.mkv')
    ffmpeg('-i', out + '.mkv', '-vsync', 'cfr', '-r', str(FPS), '-f', 'rawvideo', '-pix_fmt', 'yuv420p', out)
    kbits = os.path.getsize(out + '.mkv') * 8 / 1000 / (os.path.getsize(path) / (W * H * 1.5) / FPS)
    os.remove(out + '.mkv')
    return kbits


def luma(path, frame):
    return np.fromfile(path, np.uint8, W * H, offset=frame * W * H * 3 // 2).reshape(H, W)


def spoil(attack, gray):
    """Full-range gray, as a screen shows it."""
    if attack == 'brightness 0.5':
        return Image.fromarray((gray * 0.5).astype(np.uint8))
    if attack == 'brightness 1.5':
        return Image.fromarray(np.minimum(gray * 1.5, 255).astype(np.uint8))
    picture = Image.fromarray(gray.astype(np.uint8))
    return picture.resize((W // 2, H // 2), Image.BOX) if attack == 'half size' else picture


def jpeg(path, frame, folder):
    """A screenshot in colour, saved at quality 40 (libjpeg's scale, chroma at half size), and opened again."""
    raw = np.fromfile(path, np.uint8, W * H * 3 // 2, offset=frame * W * H * 3 // 2).astype(np.float32)
    y = (raw[:W * H].reshape(H, W) - 16) / 219
    u, v = (np.repeat(np.repeat(c.reshape(H // 2, W // 2), 2, 0), 2, 1) / 224 - 128 / 224 for c in np.split(raw[W * H:], 2))
    red, blue = y + 1.5748 * v, y + 1.8556 * u  # BT.709
    rgb = np.stack([red, (y - .2126 * red - .0722 * blue) / .7152, blue], -1)
    name = os.path.join(folder, 'shot.jpg')
    Image.fromarray((np.clip(rgb, 0, 1) * 255 + .5).astype(np.uint8)).save(name, quality=40)
    return Image.open(name).convert('L')


def crop_of(picture, place):
    x, y, w, h = place
    scale = picture.width / W
    part = picture.crop([int(v * scale) for v in (x, y, x + w, y + h)])
    return part.resize((part.width * ROWS // part.height, ROWS), Image.BICUBIC)


def texts(files, language, folder):
    """What tesseract reads in each, one process for all. psm 7: a single line."""
    listing = os.path.join(folder, 'list.txt')
    with open(listing, 'w') as out:
        out.write('\n'.join(files) + '\n')
    got = run(['tesseract', listing, '-', '-l', language, '--psm', '7'], capture_output=True, text=True,
              env={**os.environ, 'OMP_THREAD_LIMIT': '1'}).stdout
    return got.split('\f')[:len(files)]


def read(files, folder):
    """For each picture whether both halves are read."""
    chinese = [re.sub(r'\s', '', t) for t in texts(files, 'chi_sim', folder)]
    english = [re.sub(r'\s+', ' ', t) for t in texts(files, 'eng', folder)]
    return [('AI生成' in c, 'AI MODIFIED' in e, c, e) for c, e in zip(chinese, english, strict=True)]


def pictures_of(attack, path, places, numbers, folder):
    source, kbits = path, None
    if attack.startswith(('H.264', 'VP8')):
        source = path + '.coded'
        kbits = coded(path, source, H264 if attack.startswith('H') else VP8)
    files = []
    for n in numbers:
        if attack == 'JPEG 40':
            picture = jpeg(path, n, folder)
        else:
            picture = spoil(attack, np.clip((luma(source, n).astype(np.float32) - 16) * 255 / 219, 0, 255))
        name = os.path.join(folder, f'{n}.png')
        crop_of(picture, places[n]).save(name)
        files.append(name)
    return files, kbits


def table(clips, attacks, frames, every, keep, build, models):
    """{attack: {clip: (read, looked at)}}"""
    score = {a: {} for a in attacks}
    with tempfile.TemporaryDirectory() as folder:
        plain, labelled = os.path.join(folder, 'plain.yuv'), os.path.join(folder, 'labelled.yuv')
        footage(plain, frames, build, models)
        for clip in clips:
            made = plain
            if CLIPS[clip]:
                made = os.path.join(folder, 'clip.yuv')
                ffmpeg(*RAW, '-i', plain, *CLIPS[clip], '-frames:v', str(frames), '-f', 'rawvideo', made)
            with open(made, 'rb') as source, open(labelled, 'wb') as out:
                run([os.path.join(build, 'label_draw'), str(W), str(H), str(FPS), os.path.join(folder, 'places')], stdin=source, stdout=out)
            with open(os.path.join(folder, 'places')) as f:
                places = [[int(v) for v in line.split()] for line in f]
            numbers = range(every // 2, len(places), every)
            for attack in attacks:
                files, kbits = pictures_of(attack, labelled, places, numbers, folder)
                results = read(files, folder)
                good = sum(c and e for c, e, _, _ in results)
                score[attack][clip] = (good, len(results))
                rate = f', {kbits:.0f} kbit/s' if kbits else ''
                print(f'{clip}, {attack}{rate}: {good} of {len(results)}', file=sys.stderr, flush=True)
                for n, (c, e, chinese, english) in zip(numbers, results, strict=True):
                    if not (c and e):
                        print(f'  frame {n}: "{chinese}" "{english}"', file=sys.stderr)
                        if keep:
                            os.makedirs(keep, exist_ok=True)
                            shutil.copy(os.path.join(folder, f'{n}.png'), os.path.join(keep, f'{clip}-{attack.replace("/", " a ")}-{n}.png'))
    return score


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--frames', type=int, default=250)
    parser.add_argument('--every', type=int, default=10)
    parser.add_argument('--attacks', default=','.join(ATTACKS))
    parser.add_argument('--clips', default=','.join(CLIPS))
    parser.add_argument('--keep')
    a = parser.parse_args()
    clips, attacks = a.clips.split(','), a.attacks.split(',')
    score = table(clips, attacks, a.frames, a.every, a.keep, os.environ['BAUTA_TEST_BUILD'], os.environ['BAUTA_TEST_MODELS'])
    print('| | ' + ' | '.join(clips) + ' | all |\n|---' * 1 + '|---' * (len(clips) + 1) + '|')
    for attack in attacks:
        cells = [score[attack][c] for c in clips]
        good, looked = sum(g for g, _ in cells), sum(n for _, n in cells)
        print(f'| {attack} | ' + ' | '.join(f'{g}/{n}' for g, n in cells) + f' | {100 * good / looked:.1f} % |')


if __name__ == '__main__':
    main()
