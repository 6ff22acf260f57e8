# SPDX-License-Identifier: MIT
"""Screens of a terminal as a golden text: what changes from run to run is masked, and every screen is shown once."""
import os
import re
import subprocess


def _figures(text):
    """Ids, days, times and speeds."""
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{16,64}\b|\b(?=\w*\d)[0-9a-f]{8}\b",
                  lambda m: re.sub(r"[0-9a-f]", "x", m.group()), text)
    text = re.sub(r"\d{4}-\d\d-\d\d(( |T)\d\d:\d\d(:\d\d)?)?", lambda m: re.sub(r"\d", "0", m.group()), text)
    return re.sub(r"[\d.]+ frames/s", "N frames/s", text)


def _masked(screen):
    lines = []
    for line in screen.split("\n"):
        if line.startswith("  ▶ "):
            line = "  ▶ <what is asked>"
        if "▀" in line:
            line = f"<{line.count('▀')} columns of picture>"
        if re.match(r"  ! ", line):
            line = ""
        if re.search(r"[█░]{30}|^  Try |^    \d+ pictures|^  第 |^    画面 ", line):
            line = re.sub(r"\d+", "N", re.sub(r"[█░]{30}", "<bar>", line))
        line = re.sub(r"██|▒▒|··", "··", line)
        lines.append(_figures(line))
    # What the log says of this machine is not what the person is told.
    text = re.sub(r"(?m)^bauta: (GPU:|enrolled face:|warning: (?!THIS BUILD)).*\n( {7}.*\n)*", "", "\n".join(lines) + "\n")
    return re.sub(r"(<\d+ columns of picture>\n)\1*", lambda m: f"{m.group(1)[:-2]}, {m.group().count('<')} rows>\n", text).strip("\n")


def keep(build, name, screens):
    """Writes BUILD/NAME.now.txt, and gives its text."""
    text = "".join(f"======== {n}. {_figures(what)}\n{_masked(screen)}\n" for n, (what, screen) in enumerate(screens, 1))
    (build / f"{name}.now.txt").write_text(text)
    return text


def golden(source, build, name, screens):
    """Compares with tests/golden/NAME.txt; BAUTA_TEST_WRITE_GOLDEN=1 writes it anew."""
    text, file, now = keep(build, name, screens), source / f"tests/golden/{name}.txt", build / f"{name}.now.txt"
    if os.environ.get("BAUTA_TEST_WRITE_GOLDEN"):
        file.write_text(text)
    if text != file.read_text():
        subprocess.run(["diff", "-u", str(file), str(now)], check=False)
        raise AssertionError(f"{name}: not what the golden text says")
