#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How much of the invisible mark survives what. Five clips (watermark_clips.py) are marked by the reference embedder, attacked
by ffmpeg, and read blind: scale, crop and shift unknown. Counted are windows in which the whole session number was read and
reported as present. Windows of 2 s begin each second, so they overlap; windows of 10 s do not.

    watermark.py BUILD GEOMETRY WORK [--seconds 10] [--clips a,b] [--attacks a,b] [--false]
    watermark.py BUILD GEOMETRY WORK --draw OUT.svg     table (Markdown, on stdout) and picture from what was measured

BUILD has bench_watermark and bench_footage; GEOMETRY is face_geometry.bin; WORK takes clips (350 MB each) and results."""
import argparse
import glob
import io
import json
import math
import os
import subprocess
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import watermark_clips as clips  # noqa: E402

W, H, FPS = clips.W, clips.H, clips.FPS
SESSION = '5eed1234'
CALL = '-b:v 300k -maxrate 300k -bufsize 300k -g 250'
X264 = '-c:v libx264 -preset veryfast'
BROAD = "lutyuv=y='clip(16+(val-16)*0.5,0,255)':u='128+(val-128)*0.5':v='128+(val-128)*0.5'"
# name: encoder, what is done to the decoded picture, its size then
ATTACKS = {
    'H.264 CRF 23': (f'{X264} -crf 23', None, (W, H)),
    'H.264 CRF 30': (f'{X264} -crf 30', None, (W, H)),
    'H.264 CRF 40': (f'{X264} -crf 40', None, (W, H)),
    'H.264 CRF 50': (f'{X264} -crf 50', None, (W, H)),
    'H.264 300 kbit/s': (f'{X264} -tune zerolatency {CALL}', None, (W, H)),
    'VP8 300 kbit/s': (f'-c:v libvpx -deadline realtime -cpu-used 16 -lag-in-frames 0 {CALL}', None, (W, H)),
    'VP9 300 kbit/s': (f'-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -lag-in-frames 0 {CALL}', None, (W, H)),
    'CRF 40, crop 0.71, brightness 0.5': (f'{X264} -crf 40', f'crop=908:510:171:93:exact=1,{BROAD}', (908, 510)),
    'screen at 0.75': (f'-vf scale=960:540 {X264} -crf 23', None, (960, 540)),
    'screen at 0.5': (f'-vf scale=640:360 {X264} -crf 23', None, (640, 360)),
    'screenshot, JPEG 75': None,
}
RAW = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p']


def run(command, **more):
    return subprocess.run(command, check=True, **more)


def ffmpeg(*words):
    return ['ffmpeg', '-v', 'error', '-y', *words]


def mark(bench, source, target, seconds):
    with open(source, 'rb') as i, open(target, 'wb') as o:
        psnr = run([bench, 'embed', str(W), str(H), str(FPS), SESSION], stdin=i, stdout=o, stderr=subprocess.PIPE).stderr
    pair = [x for p in (target, source) for x in (*RAW, '-s', f'{W}x{H}', '-i', p)]
    words = run(['ffmpeg', *pair, '-lavfi', 'ssim', '-f', 'null', '-'], stderr=subprocess.PIPE).stderr.decode().split()
    return float(psnr), float([w for w in words if w.startswith('Y:')][0][2:])


def screenshots(marked, count):
    """Every half second: to RGB, through JPEG, and back to luma."""
    size = W * H * 3 // 2
    out = b''
    with open(marked, 'rb') as f:
        for k in range(0, count, FPS // 2):
            f.seek(k * size)
            yuv = np.frombuffer(f.read(size), np.uint8).astype(np.float32)
            y = (yuv[:W * H].reshape(H, W) - 16) * 255 / 219
            u, v = ((yuv[W * H + i * W * H // 4:][:W * H // 4].reshape(H // 2, W // 2) - 128) * 255 / 224 + 128 for i in (0, 1))
            ycc = np.stack([y, u.repeat(2, 0).repeat(2, 1), v.repeat(2, 0).repeat(2, 1)], axis=-1)
            rgb = Image.fromarray(np.clip(np.rint(ycc), 0, 255).astype(np.uint8), 'YCbCr').convert('RGB')
            held = io.BytesIO()
            rgb.save(held, 'JPEG', quality=75)
            out += np.asarray(Image.open(held).convert('L')).tobytes() + bytes(W * H // 2)
    return out


def attack(bench, marked, name, folder, seconds):
    """Bit rate, and the detector's lines."""
    detect = [bench, 'detect', str(W), str(H), str(FPS)]
    if ATTACKS[name] is None:
        return 0, run(detect + ['0', '1'], input=screenshots(marked, seconds * FPS), stdout=subprocess.PIPE).stdout
    encode, after, (w, h) = ATTACKS[name]
    coded = os.path.join(folder, f'coded-{abs(hash(encode))}.nut')  # two attacks may share it
    if not os.path.exists(coded):
        run(ffmpeg(*RAW, '-s', f'{W}x{H}', '-r', str(FPS), '-i', marked, *encode.split(), '-f', 'nut', coded))
    decode = subprocess.Popen(ffmpeg('-i', coded, *(['-vf', after] if after else []), *RAW, '-'), stdout=subprocess.PIPE)
    detect = [bench, 'detect', str(w), str(h), str(FPS), '2', '1', '10', '10']
    lines = run(detect, stdin=decode.stdout, stdout=subprocess.PIPE).stdout
    decode.wait()
    return os.path.getsize(coded) * 8 / 1000 / seconds, lines


def measure(args):
    bench = os.path.join(args.build, 'bench_watermark')
    paths = clips.make_all(os.path.join(args.work, 'clips'), os.path.join(args.build, 'bench_footage'), args.geometry,
                           args.seconds)
    with open(os.path.join(args.work, 'results.jsonl'), 'a') as out:
        for clip in args.clips:
            marked = os.path.join(args.work, 'marked.yuv')
            for old in glob.glob(os.path.join(args.work, 'coded-*')):
                os.remove(old)
            psnr, ssim = mark(bench, paths[clip], marked, args.seconds)
            for name in args.attacks:
                rate, lines = attack(bench, marked, name, args.work, args.seconds)
                windows = {}
                for line in lines.decode().splitlines():
                    seconds, present, session, score, chance, scale, _, _, ms = line.split()
                    windows.setdefault(seconds, []).append(
                        [present == '1' and session == SESSION, present == '1' and session != SESSION, float(score),
                         float(chance), float(scale), float(ms)])
                row = dict(clip=clip, attack=name, psnr=psnr, ssim=ssim, kbps=rate, windows=windows)
                out.write(json.dumps(row) + '\n')
                out.flush()
                say = ' '.join(f'{s}s: {sum(x[0] for x in w)}/{len(w)}' for s, w in windows.items())
                print(f'{clip:8} {name:34} PSNR {psnr:.2f} SSIM {ssim:.4f} {rate:5.0f} kbit/s  {say}', flush=True)


def count_false(args):
    """Unmarked pictures and pictures marked under key 1, both read under other keys. What would pass is extrapolated with a
    Gumbel distribution (the largest of many) through the scores' mean and deviation."""
    bench = os.path.join(args.build, 'bench_watermark')
    size = W * H * 3 // 2
    pictures = b''
    for clip in clips.SCENES:
        source = os.path.join(args.work, 'clips', clip + '.yuv')
        with open(source, 'rb') as f:
            plain = f.read(size)
        pictures += plain + run([bench, 'embed', str(W), str(H), str(FPS), SESSION], input=plain, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout
    for keys, scale, what in ((200, '1', 'at the true scale'), (4, '0', 'at every scale')):
        lines = run([bench, 'false', str(W), str(H), str(keys), scale], input=pictures, stdout=subprocess.PIPE).stdout
        found = [line.split() for line in lines.decode().splitlines()]
        score = np.array([float(x[1]) for x in found])
        beta = score.std() * math.sqrt(6) / math.pi
        mu = score.mean() - 0.5772 * beta
        row = dict(false=what, windows=len(found), present=sum(x[0] == '1' for x in found), mean=score.mean(),
                   deviation=score.std(), highest=score.max(), mu=mu, beta=beta)
        with open(os.path.join(args.work, 'results.jsonl'), 'a') as out:
            out.write(json.dumps(row) + '\n')
        print(row, flush=True)


def draw(args):
    rows, false = {}, {}
    with open(os.path.join(args.work, 'results.jsonl')) as f:
        for line in f:
            row = json.loads(line)
            if 'attack' in row:
                rows[row['attack'], row['clip']] = row
            else:
                false[row['false']] = row
    cell = {}
    for name in ATTACKS:
        for clip in clips.SCENES:
            row = rows.get((name, clip))
            cell[name, clip] = {s: (sum(x[0] for x in w), len(w)) for s, w in row['windows'].items()} if row else {}
    lengths = lambda name: ('0',) if ATTACKS[name] is None else ('2', '10')  # noqa: E731
    print('| attack | s | ' + ' | '.join(clips.SCENES) + ' | all |')
    print('|---|---|' + '---|' * (len(clips.SCENES) + 1))
    svg, y = [], 60
    for name in ATTACKS:
        for s in lengths(name):
            got = [cell[name, c].get(s) for c in clips.SCENES]
            known = [g for g in got if g]
            if not known:
                continue
            total = (sum(g[0] for g in known), sum(g[1] for g in known))
            text = [f'{g[0]}/{g[1]}' if g else '' for g in got] + [f'{100 * total[0] / total[1]:.0f} %' if total[1] else '']
            print(f'| {name} | {"picture" if s == "0" else s} | ' + ' | '.join(text) + ' |')
            svg.append(f'<text x="300" y="{y + 15}" text-anchor="end">{name}, {"one picture" if s == "0" else s + " s"}</text>')
            for k, g in enumerate(got + [total if total[1] else None]):
                share = g[0] / g[1] if g else 0
                color = f'hsl({round(120 * share)},55%,{"72" if g else "92"}%)'
                svg.append(f'<rect x="{310 + 90 * k}" y="{y}" width="86" height="20" fill="{color}"/>')
                if g:
                    svg.append(f'<text x="{353 + 90 * k}" y="{y + 15}" text-anchor="middle">{100 * share:.0f} %</text>')
            y += 23
    heads = ''.join(f'<text x="{353 + 90 * k}" y="50" text-anchor="middle">{c}</text>' for k, c in enumerate(clips.SCENES + ('all',)))
    with open(args.draw, 'w') as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="860" height="{y + 10}" font-family="sans-serif" font-size="13">'
                '<rect width="100%" height="100%" fill="white"/>'
                '<text x="430" y="22" text-anchor="middle" font-size="15">Windows in which the whole session number was read, blind</text>'
                + heads + ''.join(svg) + '</svg>\n')
    print()
    for clip in clips.SCENES:
        row = next((r for (_, c), r in rows.items() if c == clip), None)
        rates = ', '.join(f'{n} {rows[n, clip]["kbps"]:.0f}' for n in ATTACKS if (n, clip) in rows and rows[n, clip]['kbps'])
        if row:
            print(f'{clip}: PSNR-Y {row["psnr"]:.2f} dB, SSIM-Y {row["ssim"]:.4f}; kbit/s: {rates}')
    for what, row in false.items():
        print(f'false alarms {what}: {row["present"]} of {row["windows"]}; highest score {row["highest"]:.3f}, '
              f'mean {row["mean"]:.3f}, deviation {row["deviation"]:.4f}')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('build')
    p.add_argument('geometry')
    p.add_argument('work')
    p.add_argument('--seconds', type=int, default=10)
    p.add_argument('--clips', type=lambda s: s.split(','), default=list(clips.SCENES))
    p.add_argument('--attacks', type=lambda s: s.split(';'), default=list(ATTACKS))
    p.add_argument('--false', action='store_true', help='count false alarms instead')
    p.add_argument('--draw', metavar='OUT.svg')
    args = p.parse_args()
    draw(args) if args.draw else count_false(args) if args.false else measure(args)


main()
