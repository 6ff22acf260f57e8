# SPDX-License-Identifier: MIT
"""An ONNX graph as the text that describes a net to ncnn (its .param format), for timing: weights are left to benchncnn.

The layers' names and parameter numbers are those of ncnn's documentation, docs/developer-guide/operators.md; the shape hints
(-23330) and the mask that turns 16-bit floats off (31=3) are those of its param-and-model-file-structure.md and featmask.

Everything that is a map of one picture is converted, with each activation that ncnn can put into a convolution put there. What
is not a map (the geometry at the attention mesh's end) is left out, and a GridSample becomes a crop of the same size: both save
ncnn work that the others do. Loose ends of one size are joined to one output: each output costs ncnn a submission.
"""
import numpy as np
from onnx import helper, numpy_helper, shape_inference

NO_FP16 = 3  # featmask: bit 0 fp16 arithmetic, bit 1 fp16 storage and packing
ACTIVATION = {"Relu": "9=1", "Clip": "9=3 -23310=2,{low},{high}", "Sigmoid": "9=4",
              "HardSwish": "9=6 -23310=2,0.16666667,0.5"}


class _Converter:
    def __init__(self, model, featmask):
        graph = shape_inference.infer_shapes(model).graph
        self.graph, self.featmask = graph, featmask
        self.constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        self.shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
                       for v in [*graph.value_info, *graph.output, *graph.input]}
        self.readers = {}
        for node in graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.layers = []  # [type, inputs, output, parameters, shape]
        self.blobs = {}  # ONNX value -> the blob that holds it
        self.flat = set()  # blobs of one dimension: what ncnn's global pooling gives
        self.left_out = {}
        self.fused = set()

    def layer(self, kind, inputs, node, params, output=None):
        output = output or node.output[0]
        _, c, h, w = self.shapes[output]
        shape = f"1,{c},1,1" if output in self.flat else f"3,{w},{h},{c}"
        self.layers.append([kind, [self.blobs[i] for i in inputs], output, params, shape])
        self.blobs[output] = output

    def clip_range(self, node):
        return {"low": float(self.constants[node.input[1]]), "high": float(self.constants[node.input[2]])}

    def activation(self, node):
        """The parameters of the activation that alone reads `node`, which then makes that one's output."""
        readers = self.readers.get(node.output[0], [])
        if len(readers) != 1 or readers[0].op_type not in ACTIVATION:
            return "", node.output[0]
        reader = readers[0]
        self.fused.add(reader.output[0])
        text = ACTIVATION[reader.op_type]
        return text.format(**self.clip_range(reader)) if reader.op_type == "Clip" else text, reader.output[0]

    def conv(self, node, a):
        weight = self.constants[node.input[1]]
        bias, group = int(len(node.input) > 2), a.get("group", 1)
        act, output = self.activation(node)
        if self.blobs[node.input[0]] in self.flat:
            self.flat.add(output)
            self.layer("InnerProduct", node.input[:1], node, f"0={weight.shape[0]} 1={bias} 2={weight.size} {act}", output)
            return
        top, left, bottom, right = a.get("pads", [0] * 4)
        down, across = a.get("strides", [1, 1])
        params = (f"0={weight.shape[0]} 1={weight.shape[3]} 11={weight.shape[2]} 3={across} 13={down} 4={left} 14={top} "
                  f"15={right} 16={bottom} 5={bias} 6={weight.size} {act}")
        if group > 1:
            params += f" 7={group}"
        self.layer("ConvolutionDepthWise" if group > 1 else "Convolution", node.input[:1], node, params, output)

    def conv_transpose(self, node, a):
        weight = self.constants[node.input[1]]
        down, across = a["strides"]
        act, output = self.activation(node)
        self.layer("Deconvolution", node.input[:1], node,
                   f"0={weight.shape[1]} 1={weight.shape[3]} 11={weight.shape[2]} 3={across} 13={down} "
                   f"5={int(len(node.input) > 2)} 6={weight.size} {act}", output)

    def max_pool(self, node, a):
        (kh, kw), (sh, sw), (top, left, bottom, right) = a["kernel_shape"], a["strides"], a.get("pads", [0] * 4)
        self.layer("Pooling", node.input, node,
                   f"0=0 1={kw} 11={kh} 2={sw} 12={sh} 3={left} 13={top} 14={right} 15={bottom} 5=1")

    def global_average_pool(self, node, _):
        self.flat.add(node.output[0])
        self.layer("Pooling", node.input, node, "0=1 4=1")

    def pad(self, node, _):
        _, front, top, left, _, behind, bottom, right = self.constants[node.input[1]]
        self.layer("Padding", node.input[:1], node, f"0={top} 1={bottom} 2={left} 3={right} 4=0 5=0.0 7={front} 8={behind}")

    def resize(self, node, a):
        _, _, h, w = self.shapes[node.output[0]]
        assert a["mode"] == b"linear" and a["coordinate_transformation_mode"] == b"half_pixel"
        self.layer("Interp", node.input[:1], node, f"0=2 3={h} 4={w}")

    def binary(self, node, _):
        if node.op_type == "Mul" and node.input[1] not in self.blobs:
            self.leave_out(node)
            self.blobs[node.output[0]] = self.blobs[node.input[0]]
            return
        self.layer("BinaryOp", node.input, node, f"0={ {'Add': 0, 'Mul': 2}[node.op_type] }")

    def prelu(self, node, _):
        self.layer("PReLU", node.input[:1], node, f"0={self.constants[node.input[1]].size}")

    def unary(self, node, _):
        kind, params = {"Relu": ("ReLU", ""), "Sigmoid": ("Sigmoid", ""), "HardSwish": ("HardSwish", "0=0.16666667 1=0.5"),
                        "Clip": ("Clip", "0={low} 1={high}")}[node.op_type]
        self.layer(kind, node.input[:1], node, params.format(**self.clip_range(node)) if node.op_type == "Clip" else params)

    def crop(self, node, first):
        _, c, h, w = self.shapes[node.output[0]]
        self.layer("Crop", node.input[:1], node, f"0=0 1={first} 2=0 3={w} 4={h} 5={c}")

    def grid_sample(self, node, _):
        self.leave_out(node)
        self.crop(node, 0)

    def slice(self, node, _):
        assert list(self.constants[node.input[3]]) == [2], "only rows are cut"
        self.crop(node, int(self.constants[node.input[1]][0]))

    def leave_out(self, node):
        self.left_out[node.op_type] = self.left_out.get(node.op_type, 0) + 1

    MAKERS = {"Conv": conv, "ConvTranspose": conv_transpose, "MaxPool": max_pool, "GlobalAveragePool": global_average_pool,
              "Pad": pad, "Resize": resize, "Add": binary, "Mul": binary, "PRelu": prelu, "Relu": unary, "Sigmoid": unary,
              "HardSwish": unary, "Clip": unary, "GridSample": grid_sample, "Slice": slice}
    HALF = ("Mul", "GridSample")  # may have a second input that is left out

    def is_map(self, node):
        if node.op_type not in self.MAKERS or len(self.shapes[node.output[0]]) != 4 or node.input[0] not in self.blobs:
            return False
        return all(i in self.blobs or i in self.constants or not i for i in node.input) or node.op_type in self.HALF

    def convert(self):
        image = self.graph.input[0].name
        _, c, h, w = self.shapes[image]
        self.layers.append(["Input", [], image, f"0={w} 1={h} 2={c}", f"3,{w},{h},{c}"])
        self.blobs[image] = image
        for node in self.graph.node:
            if node.output[0] in self.fused:
                continue
            if self.is_map(node):
                self.MAKERS[node.op_type](self, node, {x.name: helper.get_attribute_value(x) for x in node.attribute})
            else:
                self.leave_out(node)

    def join_ends(self):
        read = {name for layer in self.layers for name in layer[1]}
        sizes = {}
        for layer in self.layers:
            if layer[2] not in read:
                sizes.setdefault(layer[4].rsplit(",", 1)[0], []).append(layer)
        for i, (size, ends) in enumerate(sizes.items()):
            if len(ends) > 1:
                channels = sum(int(end[4].rsplit(",", 1)[1]) for end in ends)
                self.layers.append(["Concat", [end[2] for end in ends], f"joined_{i}", "0=0", f"{size},{channels}"])

    def split_shared(self):
        """ncnn wants one reader a blob: a Split layer makes the copies."""
        count = {}
        for layer in self.layers:
            for name in layer[1]:
                count[name] = count.get(name, 0) + 1
        taken, result = {}, []
        for kind, inputs, output, params, shape in self.layers:
            names = []
            for name in inputs:
                if count[name] > 1:
                    names.append(f"{name}_s{taken.setdefault(name, 0)}")
                    taken[name] += 1
                else:
                    names.append(name)
            result.append((kind, output, names, [output], params, shape))
            if count.get(output, 0) > 1:
                copies = [f"{output}_s{i}" for i in range(count[output])]
                result.append(("Split", f"split_{output}", [output], copies, "", shape))
        return result


def convert(model, fp16):
    """The .param text, and what was left out: operator -> how many."""
    converter = _Converter(model, 0 if fp16 else NO_FP16)
    converter.convert()
    converter.join_ends()
    layers = converter.split_shared()
    lines = ["7767517", f"{len(layers)} {sum(len(layer[3]) for layer in layers)}"]
    for kind, name, inputs, outputs, params, shape in layers:
        hints = ",".join([shape] * len(outputs))
        line = [kind, name, str(len(inputs)), str(len(outputs)), *inputs, *outputs]
        line += [f"-23330={4 * len(outputs)},{hints}", params]
        lines.append(" ".join(line + ([f"31={converter.featmask}"] if converter.featmask else [])))
    return "\n".join(lines) + "\n", converter.left_out


def macs(model):
    """Multiply-adds of every convolution."""
    graph = shape_inference.infer_shapes(model).graph
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in [*graph.value_info, *graph.output]}
    weights = {t.name: list(t.dims) for t in graph.initializer}
    convs = [node for node in graph.node if node.op_type == "Conv"]
    return sum(int(np.prod(shapes[node.output[0]])) * int(np.prod(weights[node.input[1]][1:])) for node in convs)
