#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the pictures and the mesh of src/footage from NASA's portrait of E. Collins (public domain): prepare.py PORTRAIT MATTE OUT

PORTRAIT is python3-skimage's data/astronaut.png (512 x 512); MATTE a grey picture of the same size, a first guess of the
person (selfie_matte.onnx gave ours; GrabCut sharpens it); OUT is src/footage. Run once by hand; the results are committed.
Needs python3-numpy, python3-opencv, python3-scipy.

    portrait.jpg  x 0 ... 440, y 0 ... 352 of the portrait, twice as large
    alpha.jpg     how much of each of those pixels is the person
    plate.jpg     the room without the person: x -8 ... 464, y -28 ... 236, at the portrait's size
    inner.jpg     what lies behind lips and lids: x 176 ... 272, y 88 ... 200, twice as large
    mesh.c        landmarks, and a mesh of hair, neck and body around them
"""
import sys
from pathlib import Path

import cv2
import numpy as np
from scipy.interpolate import griddata
from scipy.sparse import coo_matrix, eye
from scipy.sparse.linalg import spsolve
from scipy.spatial import Delaunay

HERE = Path(__file__).resolve().parent
LANDMARKS = HERE.parents[1] / "tests" / "golden" / "portrait_landmarks.txt"
WIDTH, HEIGHT = 440, 352
PLATE = (-8, -28, 464, 236)
RING = ((419, 443), (388, 276), 16)  # centre, axes and turn of an ellipse, twice as large as the portrait
INNER = (176, 88, 272, 200)
OVAL = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58,
        132, 93, 234, 127, 162, 21, 54, 103, 67, 109]
INNER_LIPS = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191]
LEFT_LIDS = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246]
RIGHT_LIDS = [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466]


def guided_filter(guide, source, radius, eps):
    """He, Sun, Tang: Guided Image Filtering (2013), with a colour guide."""
    def mean(x):
        return cv2.blur(x, (2 * radius + 1, 2 * radius + 1))

    mean_g, mean_s = mean(guide), mean(source)
    cross = mean(guide * source[..., None]) - mean_g * mean_s[..., None]
    matrix = np.empty(guide.shape[:2] + (3, 3))
    for i in range(3):
        for j in range(3):
            matrix[..., i, j] = mean(guide[..., i] * guide[..., j]) - mean_g[..., i] * mean_g[..., j] + eps * (i == j)
    slope = np.linalg.solve(matrix, cross[..., None])[..., 0]
    offset = mean_s - (slope * mean_g).sum(-1)
    return (mean(slope) * guide).sum(-1) + mean(offset)


def person_alpha(image, guess):
    """The guess, cut along the picture's own edges, with soft hair. Twice the size."""
    big = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4)
    soft = cv2.resize(guess, (big.shape[1], big.shape[0]), interpolation=cv2.INTER_LINEAR)
    marks = np.full(soft.shape, cv2.GC_PR_BGD, np.uint8)
    marks[soft > 0.5] = cv2.GC_PR_FGD
    marks[cv2.erode(soft, np.ones((13, 13))) > 0.9] = cv2.GC_FGD
    marks[cv2.dilate(soft, np.ones((25, 25))) < 0.05] = cv2.GC_BGD
    ring = np.zeros(soft.shape, np.uint8)  # the suit's neck ring, which a segmenter of people leaves out
    cv2.ellipse(ring, RING, 1, -1)
    ring[:, 400:] = 0  # the right half it sees
    marks[ring > 0] = cv2.GC_FGD
    cv2.grabCut(big, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    hard = ((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)).astype(np.uint8)
    hard = cv2.morphologyEx(cv2.morphologyEx(hard, cv2.MORPH_OPEN, np.ones((5, 5))), cv2.MORPH_CLOSE, np.ones((9, 9)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hard)
    hard = (labels == 1 + np.argmax(stats[1:count, cv2.CC_STAT_AREA])).astype(np.float32)
    alpha = guided_filter(big.astype(np.float64) / 255, hard.astype(np.float64), 6, 1e-4)
    near = cv2.blur(hard, (17, 17))
    alpha = np.where(near > 0.98, 1, np.where(near < 0.02, 0, np.clip((alpha - 0.12) / 0.8, 0, 1)))
    return cv2.GaussianBlur(alpha, (0, 0), 0.8)


def room(image, alpha):
    """The picture behind the person, filled from around it, and continued above the top."""
    hole = (cv2.dilate(alpha, np.ones((33, 33)))[::2, ::2] > 0.02).astype(np.float32)
    filled = image.astype(np.float32)
    hole[:, :112] = 1  # the flag goes too: it would have to go on behind the person
    known = 1 - hole
    levels = [(filled * known[..., None], known)]
    while min(levels[-1][1].shape) > 4:  # pull up: means of what is known
        colour, weight = levels[-1]
        size = (max(colour.shape[1] // 2, 1), max(colour.shape[0] // 2, 1))
        weight2 = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
        levels.append((cv2.resize(colour, size, interpolation=cv2.INTER_AREA), weight2))
    result = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)[..., None]
    for colour, weight in reversed(levels[:-1]):  # push down: fill what is not
        result = cv2.resize(result, (colour.shape[1], colour.shape[0]), interpolation=cv2.INTER_LINEAR)
        own = colour / np.maximum(weight, 1e-6)[..., None]
        result = own * np.minimum(weight, 1)[..., None] + result * (1 - np.minimum(weight, 1)[..., None])
    soft = cv2.GaussianBlur(hole, (0, 0), 2)[..., None]
    noise = np.random.default_rng(1).normal(0, 1, image.shape[:2] + (1,)).astype(np.float32)
    mottle = cv2.GaussianBlur(noise, (0, 0), 7)[..., None] * 60 + cv2.GaussianBlur(noise, (0, 0), 18)[..., None] * 180
    result = result + mottle * hole[..., None]  # as mottled as the studio's own backdrop
    result = np.where(hole[..., None] > 0, cv2.GaussianBlur(result, (0, 0), 5), result) * soft + result * (1 - soft)
    x0, y0, x1, y1 = PLATE
    edge = dict(top=-y0, bottom=0, left=-x0, right=0)
    wide = cv2.copyMakeBorder(result, **edge, borderType=cv2.BORDER_REFLECT)
    straight = cv2.copyMakeBorder(result, **edge, borderType=cv2.BORDER_REPLICATE)
    columns = slice(395 - x0, 441 - x0)  # the rocket goes straight on
    wide[:-y0, columns] = straight[:-y0, columns]
    return np.clip(wide[0:y1 - y0, 0:x1 - x0], 0, 255)


def polygon(points, ring, origin, scale, shape):
    mask = np.zeros(shape, np.uint8)
    at = (points[ring, :2] - origin) * scale - 0.5
    cv2.fillPoly(mask, [np.round(at * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def inner(big, points):
    """Teeth with darkness around them, and eyes with sclera around them."""
    x0, y0, x1, y1 = INNER
    out = big[y0 * 2:y1 * 2, x0 * 2:x1 * 2].astype(np.float32).copy()
    shape, origin = out.shape[:2], np.array([x0, y0])
    for ring in (LEFT_LIDS, RIGHT_LIDS):
        eye_mask = polygon(points, ring, origin, 2, shape)
        hole = (cv2.dilate(eye_mask, np.ones((15, 25))) > 0.02) & (cv2.erode(eye_mask, np.ones((3, 3))) < 0.9)
        grown = cv2.inpaint(np.clip(out, 0, 255).astype(np.uint8), hole.astype(np.uint8), 4, cv2.INPAINT_TELEA).astype(np.float32)
        sclera = np.array([188, 176, 172], np.float32)
        keep = cv2.GaussianBlur(eye_mask, (0, 0), 1.0)[..., None]
        out = np.where(hole[..., None], out * keep + (0.6 * grown + 0.4 * sclera) * (1 - keep), out)
    mouth = polygon(points, INNER_LIPS, origin, 2, shape)
    yy, xx = np.mgrid[0:shape[0], 0:shape[1]].astype(np.float32)
    corner_a, corner_b = (points[78, :2] - origin) * 2, (points[308, :2] - origin) * 2
    middle = (corner_a + corner_b) / 2
    across = (xx - middle[0]) / (np.linalg.norm(corner_b - corner_a) / 2)
    edge = (points[[78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308], :2] - origin) * 2
    lower_edge = np.interp(xx[0], edge[:, 0], edge[:, 1])
    below = (yy - lower_edge[None]) / 2  # portrait px below the smile's lower edge
    dark = np.array([46, 20, 22], np.float32) + 0 * out
    tongue = np.exp(-((below - 13) / 6) ** 2 - (across / 0.55) ** 2)[..., None]
    dark = dark + tongue * np.array([74, 26, 30], np.float32)
    dark *= np.clip(1.1 - 0.5 * across ** 2, 0.35, 1)[..., None]
    lower_teeth = (np.exp(-((below - 17) / 2.2) ** 4) * np.clip(1 - (across / 0.6) ** 4, 0, 1))[..., None] * 0.55
    dark = dark * (1 - lower_teeth) + lower_teeth * np.array([150, 132, 118], np.float32)
    upper = (points[[78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308], :2] - origin) * 2
    upper_edge = np.interp(xx[0], upper[:, 0], upper[:, 1])
    row = np.clip(np.maximum(yy, upper_edge[None] + 2.5), 0, shape[0] - 1)  # teeth go on under the upper lip
    teeth = cv2.remap(out, xx, row.astype(np.float32), cv2.INTER_LINEAR)
    gum = np.clip((upper_edge[None] - 1 - yy) / 5, 0, 1)[..., None]
    teeth = teeth * (1 - gum) + gum * np.array([105, 52, 54], np.float32)
    fade = np.clip((lower_edge[None] - 1.0 - yy) / 2.0 + 0.5, 0, 1) * np.clip(1.15 - across ** 4 * 0.9, 0, 1)
    mouth_colour = teeth * fade[..., None] + dark * (1 - fade[..., None])
    region = np.zeros(shape, np.float32)
    cv2.ellipse(region, tuple(int(v) for v in (middle[0], middle[1] + 16)), (56, 48), 0, 0, 360, 1, -1)
    region = cv2.GaussianBlur(np.maximum(region, cv2.dilate(mouth, np.ones((5, 5)))), (0, 0), 1.5)[..., None]
    return out * (1 - region) + mouth_colour * region


def outer_mesh(points, alpha):
    """Vertices of hair, neck and body around the face's oval, with depth and how far each follows the head; and triangles."""
    oval = points[OVAL, :2]
    inside = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(inside, [np.round(oval).astype(np.int32)], 1)
    small = alpha[::2, ::2]
    solid = (small > 0.02).astype(np.uint8)
    reach = cv2.dilate(solid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (23, 23)))
    reach[215:] = cv2.dilate(solid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (51, 51)))[215:]
    near_oval = cv2.dilate(inside, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11)))
    placed = []
    for y in np.arange(-8, HEIGHT + 9, 9):
        step = 9 if y < 215 else 22
        if y >= 215 and (y // 9) % 2:
            continue
        for x in np.arange(4, WIDTH, step):
            x = x + (step / 2 if (y // 9) % 2 else 0)
            xi, yi = int(np.clip(x, 0, WIDTH - 1)), int(np.clip(y, 0, HEIGHT - 1))
            if reach[yi, xi] and not near_oval[yi, xi]:
                placed.append((x, float(y)))
    placed = np.array(placed)
    everything = np.vstack([oval, placed])
    triangles = Delaunay(everything).simplices
    centre = everything[triangles].mean(1)
    longest = np.max(np.linalg.norm(everything[triangles] - everything[np.roll(triangles, 1, 1)], axis=2), axis=1)
    keep = [t for t, c, size in zip(triangles, centre, longest)
            if size < 40 and not inside[int(np.clip(c[1], 0, HEIGHT - 1)), int(np.clip(c[0], 0, WIDTH - 1))] and max(t) >= len(OVAL)]
    depth = np.full(len(everything), np.nan)
    follow = np.full(len(everything), np.nan)  # of the head's rotation about the vertical
    depth[:len(OVAL)] = points[OVAL, 2]
    hair_middle, hair_size = np.array([226.5, 88.0]), np.array([74.0, 74.0])
    for i, (x, y) in enumerate(everything):
        if i < len(OVAL):
            continue
        if y > 186:
            depth[i] = 40.0
        elif np.hypot(*(np.array([x, y]) - hair_middle) / hair_size) > 0.93:
            depth[i] = 50.0
    depth = smooth(everything, keep, depth)
    follow[:len(OVAL)] = 1
    for i, (x, y) in enumerate(everything):
        if i < len(OVAL):
            continue
        if np.hypot(*(np.array([x, y]) - hair_middle) / hair_size) > 0.97 and y < 112:
            follow[i] = 0
        elif y > 196 or abs(x - 226) > 75:
            follow[i] = 0
        elif 106 < y < 150 and abs(x - 226) < 57:  # the ears
            follow[i] = 1
        elif 106 < y < 168 and 0 < x - 226 < 48:  # beside the jaw; on the other side the neck ring is too near
            follow[i] = 1
    turn = smooth(everything, keep, follow)
    y, x = everything[:, 1], everything[:, 0]
    head = np.clip((198 - y) / 22, 0, 1)  # how far it nods, tilts and shifts with the head, against the body
    head = head * head * (3 - 2 * head)
    head[:len(OVAL)] = 1
    turn = np.minimum(turn, 1)
    # mesh.c numbers the outer vertices from 468 on: face points keep their own numbers.
    names = np.array(OVAL + [468 + i for i in range(len(placed))])
    return everything[len(OVAL):], depth[len(OVAL):], turn[len(OVAL):], head[len(OVAL):], names[np.array(keep)]


def smooth(vertices, triangles, values):
    """Fills NaNs so that each is the mean of its neighbours: a membrane over the mesh."""
    n = len(vertices)
    pairs = {(a, b) for t in triangles for a in t for b in t if a != b}
    rows, columns = np.array(sorted(pairs)).T
    adjacency = coo_matrix((np.ones(len(rows)), (rows, columns)), (n, n)).tocsr()
    degree = np.maximum(np.asarray(adjacency.sum(1)).ravel(), 1)
    laplace = eye(n).tocsr() - adjacency.multiply(1 / degree[:, None]).tocsr()
    free = np.isnan(values)
    result = values.copy()
    fixed = np.where(free, 0, values)
    result[free] = spsolve(laplace[free][:, free].tocsc(), -(laplace @ fixed)[free])
    return result


def rows_of(items, per_line):
    lines = [", ".join(items[i:i + per_line]) for i in range(0, len(items), per_line)]
    return ",\n    ".join(lines)


def write_mesh(path, points, outer):
    vertices, depth, turn, head, triangles = outer
    face = ["{%.2f, %.2f, %.2f}" % tuple(p) for p in points]
    around = ["{%.1f, %.1f, %.1f, %.2f, %.2f}" % (*v, z, t, h) for v, z, t, h in zip(vertices, depth, turn, head)]
    corners = ["{%d, %d, %d}" % tuple(t) for t in triangles]
    path.write_text(
        "/* SPDX-License-Identifier: MIT */\n"
        "/* Made by packaging/footage/prepare.py: not edited by hand. The portrait's landmarks are those of\n"
        "   tests/golden/portrait_landmarks.txt, whose head says how they were found. */\n"
        "#include \"footage/portrait.h\"\n\n// clang-format off\n"
        f"const struct bt_vec3 bt_footage_landmark[BT_FOOTAGE_LANDMARKS] = {{\n    {rows_of(face, 4)}}};\n\n"
        f"const struct bt_footage_outer bt_footage_outer[] = {{\n    {rows_of(around, 3)}}};\n"
        "const uint32_t bt_footage_outer_count = BT_COUNT(bt_footage_outer);\n\n"
        f"const uint16_t bt_footage_outer_triangle[][3] = {{\n    {rows_of(corners, 7)}}};\n"
        "const uint32_t bt_footage_outer_triangle_count = BT_COUNT(bt_footage_outer_triangle);\n// clang-format on\n")


def sharpened(image, amount):
    return np.clip(image + amount * (image - cv2.GaussianBlur(image, (0, 0), 1.6)), 0, 255)


def main():
    image = cv2.imread(sys.argv[1])
    guess = cv2.imread(sys.argv[2], cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    out = Path(sys.argv[3])
    points = np.loadtxt(LANDMARKS)
    alpha = person_alpha(image, guess)
    big = sharpened(cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4).astype(np.float32), 0.3)

    def save(name, picture, quality):
        cv2.imwrite(str(out / name), np.clip(picture + 0.5, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])

    cut = np.s_[0:2 * HEIGHT, 0:2 * WIDTH]
    plate = room(image, alpha)
    save("portrait.jpg", big[cut], 94)
    save("alpha.jpg", alpha[cut] * 255, 92)
    save("plate.jpg", plate, 92)
    save("inner.jpg", inner(big[..., ::-1], points)[..., ::-1], 94)
    write_mesh(out / "mesh.c", points, outer_mesh(points, alpha))


if __name__ == "__main__":
    main()
