// SPDX-License-Identifier: MIT
// One network run by onnxruntime's CPU path on one thread: peers_onnxruntime.js PACKAGE MODEL.onnx RUNS. Prints JSON.
"use strict";
const [folder, model, runs] = process.argv.slice(2);
const ort = require(folder);
const WARM = 5;

async function main() {
    const session = await ort.InferenceSession.create(model, {
        executionProviders: ["cpu"],
        executionMode: "sequential",
        graphOptimizationLevel: "all",
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        // A thread that spins for work would count as work.
        extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
    });
    const input = session.inputMetadata[0];
    const data = new Float32Array(input.shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = (i * 37 % 256) / 255;
    const feeds = { [input.name]: new ort.Tensor("float32", data, input.shape) };
    const wall = [], cpu = [];
    for (let i = -WARM; i < Number(runs); i++) {
        const start = process.hrtime.bigint(), before = process.cpuUsage();
        await session.run(feeds);
        const used = process.cpuUsage(before), end = process.hrtime.bigint();
        if (i < 0) continue;
        wall.push(Number(end - start) * 1e-6);
        cpu.push((used.user + used.system) * 1e-3);
    }
    console.log(JSON.stringify({ version: ort.env.versions.node, wall_ms: wall, cpu_ms: cpu }));
}

main().catch(error => {
    console.error(String(error));
    process.exit(1);
});
