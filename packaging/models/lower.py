# SPDX-License-Identifier: MIT
"""Lowers a TensorFlow Lite model (tflite.Model) to ONNX, operator set 17.

TensorFlow keeps pictures as N, H, W, C; ONNX convolutions want N, C, H, W. A value therefore remembers in which order it lies
in memory, and is transposed only when something needs the other order: in these networks, only at the detector's heads.
Shapes in this file are always TensorFlow's, whatever the order in memory. float16 weights are widened.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import attention
from tflite import Unsupported

OPSET = 17
TO_CHANNELS_FIRST, TO_CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class Value:
    """A tensor computed at run time: its TensorFlow shape, and its ONNX name per memory order ("first", "last")."""

    def __init__(self, shape, order, name):
        self.shape = list(shape)
        self.names = {order: name}

    @property
    def order(self):
        return next(iter(self.names))

    @property
    def orders_agree(self):
        """True when both memory orders hold the same bytes: a 1 x 1 picture, or a single channel."""
        return len(self.shape) == 4 and (self.shape[1] * self.shape[2] == 1 or self.shape[3] == 1)


class Builder:
    """Collects ONNX nodes and initializers; equal constants are stored once."""

    def __init__(self):
        self.nodes = []
        self.initializers = {}
        self._known = {}
        self._count = 0

    def constant(self, array, stem="c"):
        array = np.ascontiguousarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._count += 1
            self._known[key] = f"{stem}_{self._count}"
            self.initializers[self._known[key]] = array
        return self._known[key]

    def ints(self, *values):
        return self.constant(np.array(values, np.int64), "i")

    def node(self, op, inputs, **attributes):
        """Appends a node with one output and returns that output's name."""
        self._count += 1
        name = f"{op.lower()}_{self._count}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def use(self, value, order):
        """The ONNX name of `value` in memory order "first" or "last"."""
        if order not in value.names:
            if len(value.shape) != 4:
                raise Unsupported(f"no channel order in rank {len(value.shape)}")
            source = value.names[value.order]
            perm = TO_CHANNELS_FIRST if order == "first" else TO_CHANNELS_LAST
            if value.orders_agree:
                value.names[order] = self.reshaped(source, [value.shape[i] for i in perm] if order == "first" else value.shape)
            else:
                value.names[order] = self.node("Transpose", [source], perm=perm)
        return value.names[order]

    def reshaped(self, name, shape):
        return self.node("Reshape", [name, self.ints(*shape)])


def _padding(size, window, stride, same):
    """TensorFlow's SAME padding: the odd pixel goes to the end. Returns (output size, before, after)."""
    if not same:
        return (size - window) // stride + 1, 0, 0
    out = -(-size // stride)
    total = max((out - 1) * stride + window - size, 0)
    return out, total // 2, total - total // 2


class Lowering:
    """State of one conversion: the builder, the constants and the values by TensorFlow tensor index."""

    value = Value  # for attention.py

    def __init__(self, model):
        self.model = model
        self.builder = Builder()
        self.constants = {}
        self.values = {}
        self.attention = attention.find(self)
        for index, tensor in enumerate(model.tensors):
            if tensor.data is not None:
                self.constants[index] = self._widened(tensor.data)

    @staticmethod
    def _widened(array):
        return array.astype(np.float32) if array.dtype == np.float16 else array

    def run(self):
        for operation in self.model.operations:
            if operation.kind in ("DEQUANTIZE", "DENSIFY"):  # tflite.py has unfolded what was sparse
                self.constants[operation.outputs[0]] = self._widened(self.constants[operation.inputs[0]])
                continue
            if self.attention and self.attention.takes(operation):
                self.attention.lower(operation)
                continue
            handler = HANDLERS.get(operation.kind)
            if not handler:
                raise Unsupported(f"operator {operation.kind}")
            value = handler(self, operation)
            expected = self.model.tensors[operation.outputs[0]]
            if value.shape != expected.shape:
                raise Unsupported(f"{expected.name}: shape {value.shape}, the model says {expected.shape}")
            self.values[operation.outputs[0]] = value

    def activated(self, name, operation):
        return self.builder.node("Relu", [name]) if operation.options.get("activation") == "RELU" else name

    def elementwise_order(self, operands):
        """Channels-first as soon as one of them lies so; other ranks have one order only."""
        values = [self.values[i] for i in operands if i in self.values]
        return "first" if any("first" in v.names for v in values) else "last"


def _convolution(low, op):
    source, depthwise = low.values[op.inputs[0]], op.kind == "DEPTHWISE_CONV_2D"
    kernel = low.constants[op.inputs[1]]  # OHWI, or 1HWC when depthwise
    _, height, width, channels = source.shape
    rows, columns = kernel.shape[1:3]
    weights = kernel.transpose(3, 0, 1, 2) if depthwise else kernel.transpose(0, 3, 1, 2)
    out_h, top, bottom = _padding(height, rows, op.options["stride"][0], op.options["same"])
    out_w, left, right = _padding(width, columns, op.options["stride"][1], op.options["same"])
    inputs = [low.builder.use(source, "first"), low.builder.constant(weights, "w")]
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        inputs.append(low.builder.constant(low.constants[op.inputs[2]], "b"))
    name = low.builder.node("Conv", inputs, kernel_shape=[rows, columns], strides=op.options["stride"],
                            pads=[top, left, bottom, right], group=channels if depthwise else 1)
    return Value([1, out_h, out_w, weights.shape[0]], "first", low.activated(name, op))


def _transposed_convolution(low, op):
    source, kernel = low.values[op.inputs[0]], low.constants[op.inputs[1]]  # OHWI
    stride = op.options["stride"]
    if kernel.shape[1:3] != stride or not op.options["same"]:
        raise Unsupported("transposed convolution whose windows overlap")
    inputs = [low.builder.use(source, "first"), low.builder.constant(kernel.transpose(3, 0, 1, 2), "w"),
              low.builder.constant(low.constants[op.inputs[2]], "b")]
    name = low.builder.node("ConvTranspose", inputs, kernel_shape=list(stride), strides=list(stride), pads=[0, 0, 0, 0], group=1)
    return Value([1, source.shape[1] * stride[0], source.shape[2] * stride[1], kernel.shape[0]], "first", name)


def _pool(low, op):
    source = low.values[op.inputs[0]]
    _, height, width, channels = source.shape
    out_h, top, bottom = _padding(height, op.options["window"][0], op.options["stride"][0], op.options["same"])
    out_w, left, right = _padding(width, op.options["window"][1], op.options["stride"][1], op.options["same"])
    x = low.builder.use(source, "first")
    if op.kind == "MAX_POOL_2D":
        name = low.builder.node("MaxPool", [x], kernel_shape=op.options["window"], strides=op.options["stride"],
                                pads=[top, left, bottom, right])
    elif op.options["window"] == (height, width) and not op.options["same"]:
        name = low.builder.node("GlobalAveragePool", [x])
    else:
        name = low.builder.node("AveragePool", [x], kernel_shape=op.options["window"], strides=op.options["stride"],
                                pads=[top, left, bottom, right], count_include_pad=0)
    return Value([1, out_h, out_w, channels], "first", low.activated(name, op))


def _mean(low, op):
    source = low.values[op.inputs[0]]
    if sorted(low.constants[op.inputs[1]].tolist()) != [1, 2] or not op.options["keep"]:
        raise Unsupported("MEAN over other axes than height and width")
    return Value([1, 1, 1, source.shape[3]], "first", low.builder.node("GlobalAveragePool", [low.builder.use(source, "first")]))


def _binary(low, op):
    order = low.elementwise_order(op.inputs)
    names, shapes = [], []
    for index in op.inputs:
        if index in low.values:
            names.append(low.builder.use(low.values[index], order))
            shapes.append(low.values[index].shape)
        else:
            array = low.constants[index]
            shapes.append(array.shape)
            if order == "first" and array.size > 1:
                array = array.reshape((1,) * (4 - array.ndim) + array.shape).transpose(TO_CHANNELS_FIRST)
            names.append(low.builder.constant(array))
    name = low.builder.node(op.kind.capitalize(), names)
    return Value(np.broadcast_shapes(*map(tuple, shapes)), order, low.activated(name, op))


def _unary(onnx_name):
    def handler(low, op):
        order = low.elementwise_order(op.inputs)
        source = low.values[op.inputs[0]]
        return Value(source.shape, order, low.builder.node(onnx_name, [low.builder.use(source, order)]))
    return handler


def _prelu(low, op):
    source, slope = low.values[op.inputs[0]], low.constants[op.inputs[1]]
    if slope.size != source.shape[3]:
        raise Unsupported("PRELU with a slope that is not one a channel")
    name = low.builder.node("PRelu", [low.builder.use(source, "first"), low.builder.constant(slope.reshape(-1, 1, 1), "a")])
    return Value(source.shape, "first", name)


def _pad(low, op):
    source, pads = low.values[op.inputs[0]], low.constants[op.inputs[1]]
    ordered = pads[list(TO_CHANNELS_FIRST)]
    inputs = [low.builder.use(source, "first"), low.builder.ints(*ordered[:, 0], *ordered[:, 1]),
              low.builder.constant(np.float32(0))]
    shape = [size + before + after for size, (before, after) in zip(source.shape, pads.tolist())]
    return Value(shape, "first", low.builder.node("Pad", inputs, mode="constant"))


def _resize(low, op):
    source, size = low.values[op.inputs[0]], low.constants[op.inputs[1]].tolist()
    if op.options["align_corners"] or not op.options["half_pixel"]:
        raise Unsupported("RESIZE_BILINEAR without half-pixel centres")
    shape = [1, size[0], size[1], source.shape[3]]
    inputs = [low.builder.use(source, "first"), "", "", low.builder.ints(1, source.shape[3], *size)]
    return Value(shape, "first", low.builder.node("Resize", inputs, mode="linear", coordinate_transformation_mode="half_pixel"))


def _reshape(low, op):
    source, shape = low.values[op.inputs[0]], low.model.tensors[op.outputs[0]].shape
    name = source.names[source.order] if source.orders_agree else low.builder.use(source, "last")
    return Value(shape, "last", low.builder.reshaped(name, shape))


def _concatenation(low, op):
    order = low.elementwise_order(op.inputs)
    values = [low.values[index] for index in op.inputs]
    shape, axis = list(values[0].shape), op.options["axis"] % len(values[0].shape)
    shape[axis] = sum(value.shape[axis] for value in values)
    onnx_axis = TO_CHANNELS_FIRST.index(axis) if order == "first" else axis
    name = low.builder.node("Concat", [low.builder.use(value, order) for value in values], axis=onnx_axis)
    return Value(shape, order, low.activated(name, op))


def _depth_to_space(low, op):
    source, block = low.values[op.inputs[0]], op.options["block"]
    _, height, width, channels = source.shape
    name = low.builder.node("DepthToSpace", [low.builder.use(source, "first")], blocksize=block, mode="DCR")
    return Value([1, height * block, width * block, channels // (block * block)], "first", name)


def _whole_slice(low, op):
    source = low.values[op.inputs[0]]
    begin, end, stride = (low.constants[i].tolist() for i in op.inputs[1:])
    if any(begin) or end != source.shape or set(stride) != {1}:
        raise Unsupported("STRIDED_SLICE that is not the whole")
    return source


HANDLERS = {
    "ADD": _binary, "MUL": _binary, "SUB": _binary, "ABS": _unary("Abs"),
    "CONCATENATION": _concatenation, "DEPTH_TO_SPACE": _depth_to_space,
    "AVERAGE_POOL_2D": _pool, "MAX_POOL_2D": _pool, "MEAN": _mean,
    "CONV_2D": _convolution, "DEPTHWISE_CONV_2D": _convolution, "Convolution2DTransposeBias": _transposed_convolution,
    "HARD_SWISH": _unary("HardSwish"), "LOGISTIC": _unary("Sigmoid"), "RELU": _unary("Relu"), "PRELU": _prelu,
    "PAD": _pad, "RESHAPE": _reshape, "RESIZE_BILINEAR": _resize, "STRIDED_SLICE": _whole_slice,
}


def _alive(nodes, outputs):
    """The nodes that `outputs` need, in order, and all names they touch."""
    needed, kept = set(outputs), []
    for node in reversed(nodes):
        if node.output[0] in needed:
            kept.append(node)
            needed.update(node.input)
    return kept[::-1], needed


def _one_of_a_batch(model):
    """A network for a batch of N becomes one for a single item: all that it computes has N in front, and no operator here mixes
    items (a RESHAPE that did would not keep N in front)."""
    batch = model.tensors[model.inputs[0]].shape[0]
    for operation in model.operations if batch > 1 else []:
        if model.tensors[operation.outputs[0]].shape[0] != batch:
            raise Unsupported(f"{operation.kind}: its result has no batch of {batch}")
    for tensor in model.tensors if batch > 1 else []:
        if tensor.data is None:
            tensor.shape[0] = 1


def convert(model, inputs, outputs, what):
    """Returns the ONNX model. `inputs` and `outputs` map TensorFlow's names to [our name, ONNX shape]; `what` describes it."""
    _one_of_a_batch(model)
    low = Lowering(model)
    for index in model.inputs:
        name, shape = inputs[model.tensors[index].name]
        if [shape[i] for i in TO_CHANNELS_LAST] != model.tensors[index].shape:
            raise Unsupported(f"input {name}: the model says {model.tensors[index].shape}")
        low.values[index] = Value(model.tensors[index].shape, "first", name)
    low.run()
    renamed = {}
    for index in model.outputs:
        name, shape = outputs[model.tensors[index].name]
        value = low.values[index]
        same_rank = len(shape) == 4 and [shape[i] for i in TO_CHANNELS_LAST] == value.shape
        if same_rank:
            source = low.builder.use(value, "first")
        else:
            source = value.names[value.order] if value.orders_agree or len(value.shape) != 4 else low.builder.use(value, "last")
            if int(np.prod(shape)) != int(np.prod(value.shape)):
                raise Unsupported(f"output {name}: the model says {value.shape}")
            if not _ends_in_shape(low.builder, source, shape):
                source = low.builder.reshaped(source, shape)
        renamed[source] = name
    nodes, used = _alive(low.builder.nodes, renamed)
    for node in nodes:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]

    return finished(nodes, {name: array for name, array in low.builder.initializers.items() if name in used}, inputs, outputs, what)


def finished(nodes, initializers, inputs, outputs, what):
    """The checked ONNX model around `nodes`."""
    def describe(table):
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in table.values()]

    stored = [numpy_helper.from_array(array, name) for name, array in initializers.items()]
    graph = helper.make_graph(nodes, "network", describe(inputs), describe(outputs), stored, doc_string=what)
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="bauta")
    result.ir_version = 8
    onnx.checker.check_model(result)
    return onnx.shape_inference.infer_shapes(result, strict_mode=True)


def _ends_in_shape(builder, name, shape):
    """If `name` is made by a Reshape, lets that one give `shape` (nothing else may read it) and says True."""
    readers = [node for node in builder.nodes if name in node.input]
    maker = next((node for node in builder.nodes if name in node.output), None)
    if maker is None or maker.op_type != "Reshape" or readers:
        return False
    maker.input[1] = builder.ints(*shape)
    return True
