// SPDX-License-Identifier: MIT
// One network run once by onnxruntime's CPU path: accuracy_onnxruntime.js PACKAGE MODEL.onnx INPUT.f32 OUTPUTS
// The input is raw float32; each output goes to OUTPUTS/NAME.f32. Prints the version, and each output's name and shape, as JSON.
"use strict";
const fs = require("fs");
const path = require("path");
const [folder, model, input, outputs] = process.argv.slice(2);
const ort = require(folder);

async function main() {
    const session = await ort.InferenceSession.create(model, { executionProviders: ["cpu"], intraOpNumThreads: 1 });
    const { name, shape } = session.inputMetadata[0];
    const bytes = fs.readFileSync(input);
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const results = await session.run({ [name]: new ort.Tensor("float32", data, shape) });
    const shapes = {};
    for (const [output, tensor] of Object.entries(results)) {
        fs.writeFileSync(path.join(outputs, `${output}.f32`), Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
        shapes[output] = tensor.dims;
    }
    console.log(JSON.stringify({ version: ort.env.versions.node, shapes }));
}

main().catch(error => {
    console.error(String(error));
    process.exit(1);
});
