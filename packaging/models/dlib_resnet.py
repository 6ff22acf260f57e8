# SPDX-License-Identifier: MIT
"""dlib's face recognition network (face_recognition_resnet_model_v1: 29 convolutions, 128 numbers) as ONNX.

The package holds only weights: a list of names, shapes and how each is quantised, and one file with all the bytes. The
architecture is that of dlib's examples/dnn_face_recognition_ex.cpp (anet_type), as the package's JavaScript runs it: a residual
block is relu(conv relu(conv x) + x); one that goes down strides by two, without padding, beside a 2 x 2 mean of x. Of those two
the smaller picture is padded with zeros at its end, and the mean with channels of zeros. Each convolution has a bias, then a
factor and a term a channel, which are folded in here. The input is RGB less its mean colour, over 256.
"""
import json

import numpy as np

from lower import Builder, finished
from tflite import Unsupported

STAGES = [(32, ["1", "2", "3"]), (64, ["down", "1", "2", "3"]), (128, ["down", "1", "2"]), (256, ["down", "1", "2", "down_out"])]


def _weights(data, listing):
    """Arrays by name. Quantised ones are bytes: value = byte * scale + min."""
    found, at = {}, 0
    for entry in (entry for group in json.loads(listing) for entry in group["weights"]):
        count, scheme = int(np.prod(entry["shape"])), entry.get("quantization")
        if scheme:
            stored = np.frombuffer(data, np.uint8, count, at).astype(np.float64) * scheme["scale"] + scheme["min"]
        else:
            stored = np.frombuffer(data, np.float32, count, at).astype(np.float64)
        at += count * (1 if scheme else 4)
        found[entry["name"]] = stored.reshape(entry["shape"])
    if at != len(data):
        raise Unsupported(f"{len(data)} bytes of weights, {at} listed")
    return found


class Network:
    """Adds layers at the end; `name`, `channels` and `size` (a side, in pixels) describe the picture there."""

    def __init__(self, weights, name, size):
        self.weights, self.build = weights, Builder()
        self.name, self.channels, self.size = name, 3, size

    def convolution(self, layer, stride, pad, relu):
        kernel = self.weights[layer + "/conv/filters"]  # rows, columns, in, out
        factor, term = self.weights[layer + "/scale/weights"], self.weights[layer + "/scale/biases"]
        side = kernel.shape[0]
        weights = (kernel * factor).transpose(3, 2, 0, 1).astype(np.float32)
        bias = (self.weights[layer + "/conv/bias"] * factor + term).astype(np.float32)
        self.name = self.build.node("Conv", [self.name, self.build.constant(weights, "w"), self.build.constant(bias, "b")],
                                    kernel_shape=[side, side], strides=[stride, stride], pads=[pad] * 4)
        if relu:
            self.name = self.build.node("Relu", [self.name])
        self.channels, self.size = weights.shape[0], (self.size + 2 * pad - side) // stride + 1

    def _padded(self, name, channels, pixels):
        if not channels and not pixels:
            return name
        return self.build.node("Pad", [name, self.build.ints(0, 0, 0, 0, 0, channels, pixels, pixels),
                                       self.build.constant(np.float32(0))], mode="constant")

    def block(self, layer, down):
        before, channels, shortcut, side = self.name, self.channels, self.name, self.size
        self.convolution(layer + "/conv1", 2 if down else 1, 0 if down else 1, True)
        self.convolution(layer + "/conv2", 1, 1, False)
        if down:
            shortcut = self.build.node("AveragePool", [before], kernel_shape=[2, 2], strides=[2, 2])
            side //= 2
        size = max(side, self.size)
        shortcut = self._padded(shortcut, self.channels - channels, size - side)
        self.name = self._padded(self.name, 0, size - self.size)
        self.name, self.size = self.build.node("Relu", [self.build.node("Add", [self.name, shortcut])]), size


def convert(data, listing, inputs, outputs, what):
    """Returns the ONNX model; inputs and outputs as in lower.convert."""
    (image, shape), = inputs.values()
    (result, _), = outputs.values()
    net = Network(_weights(data, listing), image, shape[2])
    net.convolution("conv32_down", 2, 0, True)
    net.name, net.size = net.build.node("MaxPool", [net.name], kernel_shape=[3, 3], strides=[2, 2]), (net.size - 3) // 2 + 1
    for channels, blocks in STAGES:
        for block in blocks:
            net.block(f"conv{channels}_{block}", "down" in block)
    flat = net.build.node("Flatten", [net.build.node("GlobalAveragePool", [net.name])])
    net.build.node("MatMul", [flat, net.build.constant(net.weights["fc"].astype(np.float32), "w")])
    net.build.nodes[-1].output[0] = result
    return finished(net.build.nodes, net.build.initializers, inputs, outputs, what)
