#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the packages put into the system agrees with the program: the unit does not start a refused session again, module options,
device name and documents say the same, options that are named exist, versions match; each file by its own checker, where that is
here."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
LINUX = SOURCE / "packaging/linux"
BAUTA = str(BUILD / "bauta")


def said_by(*words):
    return subprocess.run([BAUTA, *words], capture_output=True, text=True, check=True).stdout


def checked(failures, tried, *command, **more):
    if not shutil.which(command[0]):
        return
    tried.append(command[0])
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        failures.append(f"{command[0]}: {done.stdout}{done.stderr}")


def main():
    failures, tried = [], []
    version = said_by("--version").split()[1]
    exits = dict((text.split(":")[0], code) for code, text in re.findall(r"^  (\d)  (.*)$", said_by("--help"), re.M))
    refused, usage = exits["not agreed to, or nobody to ask"], exits["the command line makes no sense"]
    unit = (LINUX / "bauta.service.in").read_text()
    if re.search(r"^RestartPreventExitStatus=(.*)$", unit, re.M)[1].split() != [usage, refused]:
        failures.append("bauta.service would start a refused session again")
    options = set(re.findall(r"^  --([a-z-]+)", said_by("run", "--help"), re.M))
    desktop = (LINUX / "org.bauta.bauta.desktop").read_text()
    for name, text in (("unit", unit), ("desktop entry", desktop)):
        command = re.search(r"^Exec(?:Start)?=.*?(bauta run [^;\n\"]*)", text, re.M)[1]
        unknown = set(re.findall(r"--([a-z-]+)", command)) - options
        if unknown:
            failures.append(f"the {name} names options that bauta run has not: {unknown}")
    module = re.search(r"^options (v4l2loopback .*)$", (LINUX / "modprobe.conf").read_text(), re.M)[1]
    for path in ("README.md", "packaging/man/bauta.1"):
        if f"modprobe {module}" not in (SOURCE / path).read_text():
            failures.append(f"{path} loads the module with other options than modprobe.conf: {module}")
    label = re.search(r'card_label="(.*?)"', module)[1]
    if f'ATTR{{name}}=="{label}"' not in (LINUX / "udev.rules").read_text():
        failures.append("the udev rule is for another name than the module's")
    metainfo = (LINUX / "org.bauta.bauta.metainfo.xml").read_text()
    found = {"metainfo": re.search(r'<release version="(.*?)"', metainfo)[1],
             "debian/changelog": re.match(r"bauta \((.*?)\)", (SOURCE / "packaging/debian/changelog").read_text())[1],
             "bauta.spec": re.search(r"^Version: *(\S+)", (SOURCE / "packaging/rpm/bauta.spec").read_text(), re.M)[1],
             "PKGBUILD": re.search(r"^pkgver=(\S+)", (SOURCE / "packaging/arch/PKGBUILD").read_text(), re.M)[1]}
    failures += [f"{where} is of {what}, the program of {version}" for where, what in found.items() if what != version]
    listed = (SOURCE / "packaging/packages.txt").read_text()
    build = set(re.findall(r"^build (\S+)$", listed, re.M)) - {"gcc", "libc6-dev", "ca-certificates", "mesa-vulkan-drivers"}
    control = (SOURCE / "packaging/debian/control").read_text().split("Build-Depends:")[1].split("Standards-Version")[0]
    wanted = set(re.findall(r"^ ([a-z0-9+.-]+)", control, re.M)) - {"debhelper-compat"}
    if build != wanted:
        failures.append(f"packages.txt and debian/control differ in what builds bauta: {sorted(build ^ wanted)}")
    checked(failures, tried, "desktop-file-validate", LINUX / "org.bauta.bauta.desktop")
    checked(failures, tried, "appstreamcli", "validate", "--no-net", "--pedantic", LINUX / "org.bauta.bauta.metainfo.xml")
    checked(failures, tried, "bash", "-n", SOURCE / "packaging/arch/PKGBUILD")
    with tempfile.TemporaryDirectory() as folder:
        service = Path(folder) / "bauta.service"
        service.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={BAUTA}", unit, flags=re.M))
        checked(failures, tried, "systemd-analyze", "verify", "--user", "--man=no", service, env={**os.environ, "XDG_RUNTIME_DIR": folder, "HOME": folder})
        checked(failures, tried, "rpmspec", "-P", SOURCE / "packaging/rpm/bauta.spec")
        # As the unit starts it: nobody to ask, and no standing consent.
        around = {"PATH": os.environ["PATH"], "HOME": folder, "ASAN_OPTIONS": "detect_leaks=0"}
        done = subprocess.run([BAUTA, "run", "--camera", "/dev/null", "--hash", folder + "/h", "--models", MODELS], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=around, check=False)
        if done.returncode != int(refused):
            failures.append(f"with nobody to ask it ends with {done.returncode}: {done.stderr}")
    for failure in failures:
        print(failure)
    print(f"checked with {', '.join(tried)}: {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
