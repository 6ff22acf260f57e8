# SPDX-License-Identifier: MIT
"""Reads a TensorFlow Lite model into plain objects: only the tables and operators that our models use.

Slot numbers are the order of fields in TensorFlow's schema.fbs (tensorflow/lite/schema/schema.fbs, version 3).
"""
from dataclasses import dataclass, field

import numpy as np
from flatbuffers import flexbuffers
from flatbuffers import number_types as fb
from flatbuffers.table import Table

CUSTOM = 32
OPERATORS = {0: "ADD", 1: "AVERAGE_POOL_2D", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 5: "DEPTH_TO_SPACE",
             6: "DEQUANTIZE", 14: "LOGISTIC", 17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 22: "RESHAPE", 23: "RESIZE_BILINEAR",
             34: "PAD", 40: "MEAN", 41: "SUB", 45: "STRIDED_SLICE", 54: "PRELU", 101: "ABS", 117: "HARD_SWISH",
             124: "DENSIFY"}
DTYPES = {0: np.float32, 1: np.float16, 2: np.int32}
INDICES = {1: np.int32, 2: np.uint16, 3: np.uint8}
ACTIVATIONS = {0: None, 1: "RELU"}


class Unsupported(Exception):
    """The model holds something this reader was not written for."""


class Record:
    """One flatbuffer table; fields are asked for by slot."""

    def __init__(self, data, position):
        self._table = Table(data, position)

    def _at(self, slot):
        return self._table.Offset(4 + 2 * slot)

    def scalar(self, slot, flags, default=0):
        at = self._at(slot)
        return self._table.Get(flags, self._table.Pos + at) if at else default

    def record(self, slot):
        at = self._at(slot)
        return Record(self._table.Bytes, self._table.Indirect(self._table.Pos + at)) if at else None

    def records(self, slot):
        at = self._at(slot)
        if not at:
            return []
        start = self._table.Vector(at)
        return [Record(self._table.Bytes, self._table.Indirect(start + 4 * i)) for i in range(self._table.VectorLen(at))]

    def array(self, slot, dtype):
        at = self._at(slot)
        if not at:
            return np.zeros(0, dtype)
        return np.frombuffer(self._table.Bytes, dtype, self._table.VectorLen(at), self._table.Vector(at))

    def text(self, slot):
        return self.array(slot, np.uint8).tobytes().decode("utf-8")


@dataclass
class Tensor:
    name: str
    shape: list
    data: np.ndarray = None  # None: computed at run time


@dataclass
class Operation:
    kind: str
    inputs: list  # tensor indices; -1: absent
    outputs: list
    options: dict = field(default_factory=dict)


@dataclass
class Model:
    tensors: list
    operations: list
    inputs: list
    outputs: list


def _options(kind, raw, custom):
    """The operator's attributes under readable names."""
    def i8(slot, default=0):
        return raw.scalar(slot, fb.Int8Flags, default) if raw else default

    def i32(slot, default=0):
        return raw.scalar(slot, fb.Int32Flags, default) if raw else default

    def activation(slot):
        code = i8(slot)
        if code not in ACTIVATIONS:
            raise Unsupported(f"{kind}: fused activation {code}")
        return ACTIVATIONS[code]

    if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        after = 3 if kind == "CONV_2D" else 4  # depthwise has a multiplier before its activation
        if (i32(after + 1, 1), i32(after + 2, 1)) != (1, 1):
            raise Unsupported(f"{kind}: dilation")
        return {"same": i8(0) == 0, "stride": (i32(2), i32(1)), "activation": activation(after)}
    if kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        return {"same": i8(0) == 0, "stride": (i32(2), i32(1)), "window": (i32(4), i32(3)), "activation": activation(5)}
    if kind in ("ADD", "SUB", "MUL"):
        return {"activation": activation(0)}
    if kind == "CONCATENATION":
        return {"axis": i32(0), "activation": activation(1)}
    if kind == "DEPTH_TO_SPACE":
        return {"block": i32(0)}
    if kind == "RESIZE_BILINEAR":
        return {"align_corners": bool(i8(2)), "half_pixel": bool(i8(3))}
    if kind == "MEAN":
        return {"keep": bool(i8(0))}
    if kind == "Convolution2DTransposeBias":  # padding, stride width, stride height: MediaPipe's transpose_conv_bias.cc
        padding, stride_w, stride_h = np.frombuffer(custom, np.int32, 3)
        return {"same": padding == 1, "stride": (int(stride_h), int(stride_w))}
    if custom:
        return flexbuffers.Loads(custom)
    return {}


def _dense(sparsity, values, shape):
    """The whole of a tensor that is stored as compressed sparse rows along its last axis (schema.fbs: SparsityParameters)."""
    order, blocks, axes = sparsity.array(0, np.int32).tolist(), sparsity.array(1, np.int32), sparsity.records(2)
    formats = [axis.scalar(0, fb.Int8Flags) for axis in axes]
    if order != list(range(len(shape))) or blocks.size or formats != [0] * (len(shape) - 1) + [1]:
        raise Unsupported("sparse in another way than by rows")
    segments, places = (axes[-1].record(slot).array(0, INDICES[axes[-1].scalar(slot - 1, fb.Uint8Flags)]).astype(np.int64)
                        for slot in (3, 5))
    whole = np.zeros((int(np.prod(shape[:-1])), shape[-1]), values.dtype)
    whole[np.repeat(np.arange(len(whole)), np.diff(segments)), places] = values
    return whole.reshape(shape)


def load(data):
    """Parses `data` (bytes) and returns a Model."""
    if data[4:8] != b"TFL3":
        raise Unsupported("not a TensorFlow Lite model")
    root = Record(data, int.from_bytes(data[:4], "little"))
    buffers = root.records(4)
    graphs = root.records(2)
    if len(graphs) != 1:
        raise Unsupported("more than one subgraph")
    codes = []
    for code in root.records(1):
        number = max(code.scalar(0, fb.Int8Flags), code.scalar(3, fb.Int32Flags))
        kind = code.text(1) if number == CUSTOM else OPERATORS.get(number)
        if kind is None:
            raise Unsupported(f"operator {number}")
        codes.append(kind)
    tensors = []
    for record in graphs[0].records(0):
        shape = record.array(0, np.int32).tolist()
        stored = buffers[record.scalar(2, fb.Uint32Flags)].array(0, np.uint8)
        kind = record.scalar(1, fb.Int8Flags)
        if kind not in DTYPES:
            raise Unsupported(f"tensor {record.text(3)}: type {kind}")
        values, sparsity = None, record.record(6)
        if stored.size:
            values = stored.view(DTYPES[kind])
            values = _dense(sparsity, values, shape) if sparsity else values.reshape(shape)
        tensors.append(Tensor(record.text(3), shape, values))
    operations = []
    for record in graphs[0].records(3):
        kind = codes[record.scalar(0, fb.Uint32Flags)]
        options = _options(kind, record.record(4), record.array(5, np.uint8).tobytes())
        operations.append(Operation(kind, record.array(1, np.int32).tolist(), record.array(2, np.int32).tolist(), options))
    return Model(tensors, operations, graphs[0].array(1, np.int32).tolist(), graphs[0].array(2, np.int32).tolist())
