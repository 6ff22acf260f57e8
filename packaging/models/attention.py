# SPDX-License-Identifier: MIT
"""The attention mesh's three custom operators, in plain ONNX, for lips, left eye and right eye at once.

The network looks again, closer, at three square patches of its own 48 x 48 feature map. MediaPipe writes that as
Landmarks2TransformMatrix (a patch's placement from the first landmarks), TransformTensorBilinear (the patch itself) and
TransformLandmarks (patch coordinates back to the picture's); their meaning is in MediaPipe's
mediapipe/util/tflite/operations/{landmarks_to_transform_matrix,transform_tensor_bilinear,transform_landmarks}.cc.

For a region with landmarks q (feature-map pixels, row vectors), eye or mouth corners a and b, and patch size n:
    (c, s) = (b - a) / |b - a|           R = [[c, -s], [s, c]]     turns a direction upright: q R
    low, high = min, max of q R          size = (high - low) 1.5 / n          centre = (low + high) / 2
    a patch point p lies at              ((p - n/2) size + centre) Rᵀ
MediaPipe makes one matrix a region out of that. Here the three regions are one batch, so that a GPU runs 30 small
steps instead of 200. The angle's atan2 never has to be taken: its cosine and sine are (c, s).
"""
import numpy as np
from onnx import TensorProto

from tflite import Unsupported

PLACE, SAMPLE, RESTORE = "Landmarks2TransformMatrix", "TransformTensorBilinear", "TransformLandmarks"


def find(lowering):
    """An Attention for a model that has the custom operators, else None."""
    operations = lowering.model.operations
    return Attention(lowering, operations) if any(op.kind == PLACE for op in operations) else None


class Attention:
    """Takes over the custom operators and the reshapes and scalings between them."""

    def __init__(self, lowering, operations):
        self.low = lowering
        self.build = lowering.builder
        self.maker = {output: op for op in operations for output in op.outputs}
        self.place = [op for op in operations if op.kind == PLACE]
        self.sample = [op for op in operations if op.kind == SAMPLE]
        self.restore = [op for op in operations if op.kind == RESTORE]
        scaled = [op for op in operations if op.kind == "MUL"]
        self.glue = {id(op) for op in scaled} | {id(self.maker[op.inputs[0]]) for op in self.restore}
        self.glue |= {id(self.maker[op.inputs[0]]) for op in scaled if self.maker[op.inputs[0]].kind == "RESHAPE"}
        self.restored = 0

    def takes(self, op):
        return op.kind in (PLACE, SAMPLE, RESTORE) or id(op) in self.glue

    def lower(self, op):
        if op is self.place[0]:
            self._placement()
        elif op is self.sample[0]:
            self._patches(op)
        elif op.kind == RESTORE:
            self.restored += 1
            if self.restored == len(self.restore):
                self._landmarks()

    def _region_of(self, matrix):
        """Which region's matrix this tensor is, and the constants by which its turn and its shift were multiplied."""
        maker, scales = self.maker[matrix], (1.0, 1.0)
        if maker.kind == "MUL":
            factors = self.low.constants[maker.inputs[1]].reshape(4, 4)
            scales = (float(factors[0, 0]), float(factors[0, 3]))
            if np.any(factors[:2, :2] != scales[0]) or np.any(factors[:2, 3] != scales[1]):
                raise Unsupported("attention: an uneven scale")
            maker = self.maker[maker.inputs[0]]
        return self.place.index(maker), scales

    def _placement(self):
        """Per region: Rᵀ (3 x 2 x 2), size and centre (3 x 1 x 2), from the first landmarks."""
        node, const = self.build.node, self.build.constant
        first = self.place[0]
        self.side = first.options["output_width"]
        rows = []
        for op in self.place:
            options = op.options
            if (options["output_width"], options["output_height"], options["scale_x"], options["scale_y"],
                    options["target_rotation_radians"]) != (self.side, self.side, 1.5, 1.5, 0.0):
                raise Unsupported("attention: other patch options than 1.5 and upright")
            ends = [options["left_rotation_idx"], options["right_rotation_idx"]]
            rows.append(ends + [i for i in options["subset_idxs"] if i not in ends])
        self.points = max(map(len, rows))
        rows = [row + row[:1] * (self.points - len(row)) for row in rows]  # repeats change neither minimum nor maximum
        scaled = self.maker[first.inputs[0]]
        net_output = self.low.values[self.maker[scaled.inputs[0]].inputs[0]]
        mesh = self.build.reshaped(net_output.names[net_output.order], [468, 3])
        chosen = node("Gather", [mesh, const(np.array(rows, np.int64), "i")], axis=0)
        chosen = node("Slice", [chosen, self.build.ints(0), self.build.ints(2), self.build.ints(2)])
        chosen = node("Mul", [chosen, const(self.low.constants[scaled.inputs[1]].reshape(1))])  # picture px to feature px

        def end(i):
            return node("Slice", [chosen, self.build.ints(i), self.build.ints(i + 1), self.build.ints(1)])

        along = node("Sub", [end(1), end(0)])
        length = node("Sqrt", [node("MatMul", [node("Mul", [along, along]), const(np.ones((2, 2), np.float32))])])
        cos_sin = node("Div", [along, length])
        spread = const(np.array([[1, 0, 0, 1], [0, -1, 1, 0]], np.float32))
        turn = self.build.reshaped(node("MatMul", [cos_sin, spread]), [3, 2, 2])
        self.turn_back = node("Transpose", [turn], perm=[0, 2, 1])
        upright = node("MatMul", [chosen, turn])
        low = node("ReduceMin", [upright], axes=[1], keepdims=1)
        high = node("ReduceMax", [upright], axes=[1], keepdims=1)
        self.size = node("Mul", [node("Sub", [high, low]), const(np.array([1.5 / self.side], np.float32))])
        self.centre = node("Mul", [node("Add", [high, low]), const(np.array([0.5], np.float32))])

    def _put(self, points):
        """Patch points less n/2 (a name, shape 1 or 3 x N x 2) to feature-map positions, 3 x N x 2."""
        node = self.build.node
        return node("MatMul", [node("Add", [node("Mul", [points, self.size]), self.centre]), self.turn_back])

    def _patches(self, op):
        """Samples the three patches, one above the other, and cuts them apart. Outside the map a patch is zero."""
        node, const, ints = self.build.node, self.build.constant, self.build.ints
        features = self.low.values[op.inputs[0]]
        side, (_, height, width, channels) = self.side, features.shape
        if height != width or any(self.sample[i].inputs[0] != op.inputs[0] or self._region_of(self.sample[i].inputs[1])[0] != i
                                  for i in range(3)):
            raise Unsupported("attention: patches of different maps")
        y, x = np.mgrid[0:side, 0:side].astype(np.float32) + np.float32(0.5)
        grid = np.stack([x.ravel(), y.ravel()], 1)[None] - np.float32(side / 2)
        # GridSample counts corner centres as -1 and 1; a position of .5 is the first pixel's centre.
        where = node("Mul", [self._put(const(grid)), const(np.array([2 / (width - 1)], np.float32))])
        where = node("Sub", [where, const(np.array([1 + 1 / (width - 1)], np.float32))])
        inside = node("And", [node("GreaterOrEqual", [where, const(np.array([-1], np.float32))]),
                              node("LessOrEqual", [where, const(np.array([1], np.float32))])])
        inside = node("ReduceMin", [node("Cast", [inside], to=TensorProto.FLOAT)], axes=[2], keepdims=0)
        patches = node("GridSample", [self.build.use(features, "first"), self.build.reshaped(where, [1, 3 * side, side, 2])],
                       mode="bilinear", padding_mode="zeros", align_corners=1)
        patches = node("Mul", [patches, self.build.reshaped(inside, [1, 1, 3 * side, side])])
        for i, sample in enumerate(self.sample):
            patch = node("Slice", [patches, ints(i * side), ints((i + 1) * side), ints(2)])
            self.low.values[sample.outputs[0]] = self.low.value([1, side, side, channels], "first", patch)

    def _landmarks(self):
        """Puts all refined landmarks back into the picture and cuts them into the outputs."""
        node, const, ints = self.build.node, self.build.constant, self.build.ints
        rows, scales = [[], [], []], set()
        for op in self.restore:
            region, pair = self._region_of(op.inputs[1])
            source = self.low.values[self.maker[op.inputs[0]].inputs[0]]
            rows[region].append((op.outputs[0], source))
            scales.add(pair)
        pieces, ranges, at = [], {}, 0
        for row in rows:
            end = at + self.points
            for output, source in row:
                count = source.shape[3] // 2
                pieces.append(source.names[source.order])
                ranges[output] = (at, at + count)
                at += count
            if at < end:
                pieces.append(const(np.zeros((1, 2 * (end - at), 1, 1), np.float32)))
            at = end
        local = self.build.reshaped(node("Concat", pieces, axis=1), [3, self.points, 2])
        turn_scale, shift_scale = scales.pop()
        if scales:
            raise Unsupported("attention: regions of different scale")
        # a R p + b (shift) = b (R (a/b) p + shift): the heads speak of a patch b/a times finer, and the picture is b times the map.
        local = node("Mul", [local, const(np.array([turn_scale / shift_scale], np.float32))])
        local = node("Sub", [local, const(np.array([self.side / 2], np.float32))])
        placed = node("Mul", [self._put(local), const(np.array([shift_scale], np.float32))])
        placed = self.build.reshaped(placed, [1, 3 * self.points, 2])
        for output, (start, stop) in ranges.items():
            cut = node("Slice", [placed, ints(start), ints(stop), ints(1)])
            self.low.values[output] = self.low.value([1, stop - start, 2], "last", cut)
