#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes and signs the list of models: sign.py FOLDER KEY.pem

FOLDER holds the converted models (build.py). Writes models.json (what each file is and where it comes from, by manifest.json, with
its size and SHA-256), models.sig (the Ed25519 signature of those very bytes, in hex) and release.pub (the key that checks it, in
hex: the program has it inside) beside this file, then all three are committed. KEY.pem is the release key's private half, which
stays with whoever makes releases: `openssl genpkey -algorithm ed25519 -out KEY.pem` makes one. Needs openssl 3.
"""
import hashlib
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PUBLIC_BYTES, SIGNATURE_BYTES = 32, 64


def listed(folder):
    """The list, with keys in order: the same models give the same bytes."""
    manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    models = []
    for name, output in manifest["outputs"].items():
        package, data = manifest["packages"][output["package"]], (folder / name).read_bytes()
        models.append({"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "package": output["package"],
                       "version": package["version"], "sha512": package["sha512"], "licence": package["licence"],
                       **{key: output[key] for key in ("what", "use", "needed_by", "training", "training_source")}})
    return {"what": "bauta models", "schema": 1, "models": sorted(models, key=lambda m: m["file"])}


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], stdout=subprocess.PIPE, check=True).stdout


def main(folder, key):
    text = HERE / "models.json"
    text.write_text(json.dumps(listed(folder), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    public = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-PUBLIC_BYTES:]  # RFC 8410: the key ends the structure
    signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", text)
    assert len(signature) == SIGNATURE_BYTES, "not an Ed25519 key"
    (HERE / "models.sig").write_text(signature.hex() + "\n")
    (HERE / "release.pub").write_text(public.hex() + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
