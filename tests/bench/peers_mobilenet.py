# SPDX-License-Identifier: MIT
"""A network of the shape of MobileNetV2 with random weights: what an engine is asked to do most, apart from our own nets.

Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018, table 2: width 1.0, 224 x 224, 1000 classes,
300 million multiply-adds. Batch normalisation is folded, as it is in every deployed copy; the classifier is a 1 x 1
convolution.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE, CLASSES, SEED = 224, 1000, 20180113
# Expansion, channels, blocks, stride of the first block.
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


class _Writer:
    def __init__(self):
        self.random = np.random.default_rng(SEED)
        self.nodes, self.weights = [], []
        self.constant("zero", np.float32(0))
        self.constant("six", np.float32(6))

    def constant(self, name, value):
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))

    def node(self, op, inputs, **attributes):
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv(self, x, inputs, outputs, kernel=1, stride=1, group=1, act=True):
        """Weights by He et al., 2015, so that no activation dies or grows without bound."""
        fan_in = inputs // group * kernel * kernel
        n = len(self.nodes)
        shape = (outputs, inputs // group, kernel, kernel)
        self.constant(f"w_{n}", (self.random.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(np.float32))
        self.constant(f"b_{n}", (self.random.standard_normal(outputs) * 0.1).astype(np.float32))
        y = self.node("Conv", [x, f"w_{n}", f"b_{n}"], group=group, kernel_shape=[kernel, kernel], strides=[stride, stride],
                      pads=[kernel // 2] * 4)
        return self.node("Clip", [y, "zero", "six"]) if act else y

    def block(self, x, inputs, outputs, expansion, stride):
        y, wide = x, inputs * expansion
        if expansion > 1:
            y = self.conv(y, inputs, wide)
        y = self.conv(y, wide, wide, kernel=3, stride=stride, group=wide)
        y = self.conv(y, wide, outputs, act=False)
        return self.node("Add", [x, y]) if stride == 1 and inputs == outputs else y


def make():
    """The network as an ONNX model."""
    net = _Writer()
    x, channels = net.conv("image", 3, 32, kernel=3, stride=2), 32
    for expansion, outputs, blocks, stride in STAGES:
        for i in range(blocks):
            x, channels = net.block(x, channels, outputs, expansion, stride if i == 0 else 1), outputs
    x = net.conv(x, channels, 1280)
    x = net.node("GlobalAveragePool", [x])
    net.conv(x, 1280, CLASSES, act=False)
    net.nodes[-1].output[0] = "scores"
    value = helper.make_tensor_value_info
    graph = helper.make_graph(net.nodes, "mobilenet_v2_shape", [value("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
                              [value("scores", TensorProto.FLOAT, [1, CLASSES, 1, 1])], net.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model
