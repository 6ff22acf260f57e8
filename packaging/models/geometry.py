# SPDX-License-Identifier: MIT
"""MediaPipe's face geometry metadata (protobuf) to face_geometry.bin.

face_geometry.bin, little-endian, no padding:
    8 bytes   "BTGEOM1\\0"
    u32       V: vertices (468)
    u32       T: triangles (898)
    f32[V][3] x, y, z in cm: x to the picture's right, y up, z towards the viewer
    f32[V][2] u, v in the canonical texture, 0 ... 1; v counts downwards (the forehead is near 0)
    u32[T][3] vertex numbers
    f32[V]    weight in the Procrustes alignment; 0 for most

The messages are mediapipe/modules/face_geometry/protos/{geometry_pipeline_metadata,mesh_3d}.proto:
GeometryPipelineMetadata {canonical_mesh = 1 or 2, procrustes_landmark_basis {landmark_id = 1, weight = 2}},
Mesh3d {vertex_type = 1, primitive_type = 2, vertex_buffer = 3 (x, y, z, u, v), index_buffer = 4}.
"""
import struct

import numpy as np

MAGIC = b"BTGEOM1\0"
VERTICES, TRIANGLES = 468, 898


def _varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def _fields(data):
    """Yields (field number, value) of a protobuf message; length-delimited values stay bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
        elif wire == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        elif wire == 2:
            size, at = _varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {wire}")
        yield key >> 3, value


def _mesh(message):
    numbers, indices = [], []
    for number, value in _fields(message):
        if number == 3:
            numbers += np.frombuffer(value, "<f4").tolist() if isinstance(value, bytes) else [value]
        elif number == 4 and isinstance(value, bytes):
            at = 0
            while at < len(value):
                index, at = _varint(value, at)
                indices.append(index)
        elif number == 4:
            indices.append(value)
    return np.array(numbers, "<f4").reshape(-1, 5), np.array(indices, "<u4").reshape(-1, 3)


def convert(metadata):
    """Returns face_geometry.bin's bytes."""
    messages = [value for _, value in _fields(metadata) if isinstance(value, bytes)]
    mesh = max(messages, key=len)
    vertices, triangles = _mesh(mesh)
    if vertices.shape != (VERTICES, 5) or triangles.shape != (TRIANGLES, 3) or triangles.max() >= VERTICES:
        raise ValueError(f"unexpected mesh: {vertices.shape}, {triangles.shape}")
    weights = np.zeros(VERTICES, "<f4")
    for message in messages:
        if message is not mesh:
            point = dict(_fields(message))
            weights[point.get(1, 0)] = point[2]
    return b"".join([MAGIC, struct.pack("<II", VERTICES, TRIANGLES), vertices[:, :3].tobytes(), vertices[:, 3:].tobytes(),
                     triangles.tobytes(), weights.tobytes()])
