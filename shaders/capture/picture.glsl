// SPDX-License-Identifier: MIT
// The picture's bytes, for the shaders that read them: texels of a buffer view, or plain words with BT_UNPACK_STORAGE.
#ifdef BT_UNPACK_STORAGE
layout(set = 0, binding = BT_UNPACK_BYTES) readonly buffer Bytes { uint words[]; } picture;
uint word(uint i) { return picture.words[i]; }
#else
layout(set = 0, binding = BT_UNPACK_BYTES) uniform usamplerBuffer picture;
uint word(uint i) { return texelFetch(picture, int(i)).x; }
#endif

// Two bytes at an even offset never straddle words.
uvec2 pair(uint offset) {
    const uint both = word(offset >> 2) >> ((offset & 2u) << 3);
    return uvec2(both & 255u, (both >> 8) & 255u);
}

uint single(uint offset) {
    return (word(offset >> 2) >> ((offset & 3u) << 3)) & 255u;
}
