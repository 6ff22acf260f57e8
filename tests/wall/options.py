#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No frame leaves undisclosed, whatever is asked for: every option of every command that makes pictures, the configuration file
and the environment, each tried against the label.

What comes out is decoded with ffmpeg and read by label_check, which shares no code with the program. A run may succeed or
refuse; in neither case may a frame lack its label. An option that is not listed here fails the test: whoever adds one says how
it is to be tried.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

BAUTA, CHECK, FONT = str(BUILD / "bauta"), str(BUILD / "label_check"), str(BUILD / "generated/disclose-font.otf")
PORTRAIT = str(SOURCE / "tests/golden/portrait.png")
FRAMES = 3
WORKS, REFUSED, ANY = "works", "refused", "either"

# What each option is tried with, and whether it must work. {out}: the folder of the try.
DEMO = {
    "output": [("{out}/a b/%s", WORKS), ("/dev/null", REFUSED), ("/proc/nowhere", REFUSED)],
    "face": [("colombina", ANY), ("../../etc/passwd", REFUSED), ("%n%n", REFUSED), ("none", REFUSED), ("off", REFUSED)],
    "profile": [("kr", WORKS), ("cn,eu", WORKS), ("strictest-common", WORKS), ("none", REFUSED), ("../../etc/passwd", REFUSED), ("/dev/null", REFUSED),
                ("{less}", WORKS), ("{broken}", REFUSED), ("{huge}", REFUSED)],
    "frames": [("1", WORKS), ("0", REFUSED), ("-1", REFUSED), ("1e3", REFUSED), ("18446744073709551616", REFUSED)],
    "size": [("120x120", ANY), ("640x120", ANY), ("122x242", ANY), ("121x121", REFUSED), ("1x1", REFUSED), ("0x0", REFUSED),
             ("118x400", REFUSED), ("99999x99999", REFUSED), ("320x240x3", REFUSED), ("-320x240", REFUSED)],
    "tune": [("0", WORKS), ("1", WORKS), ("-1", REFUSED), ("x", REFUSED), ("86401", REFUSED)],
    "device": [("llvmpipe", ANY), ("no such device", REFUSED)],
    "models": [("{out}", REFUSED), ("/proc/nowhere", REFUSED)],
    "verbose": [(None, WORKS)],
    "help": [(None, ANY)],
}
RUN = {
    "camera": [("/dev/null", REFUSED), ("/proc/nowhere", REFUSED)],
    "input": [("{clip}", WORKS), ("{tall}", WORKS), ("{tiny}", REFUSED), ("{odd}", WORKS), ("/dev/null", REFUSED), ("/bin/sh", REFUSED)],
    "output": [("/dev/null", REFUSED), ("{out}/plain", REFUSED)],
    "record": [("{out}/x.mp4", WORKS), ("{out}/x.mkv", WORKS), ("{out}/x.avi", ANY), ("/dev/null", ANY), ("{out}/no/x.mkv", REFUSED)],
    "hash": [("{out}/h", WORKS), ("/proc/nowhere/h", REFUSED)],
    "stats": [("{out}/s.json", WORKS), ("/proc/nowhere/s", REFUSED)],
    "metrics": [("{out}/m.prom", WORKS), ("/proc/nowhere/m", REFUSED)],
    "log-level": [("error", WORKS), ("debug", WORKS), ("off", REFUSED), ("%n", REFUSED)],
    "face": DEMO["face"],
    "profile": DEMO["profile"],
    "frames": DEMO["frames"],
    "size": [("640x480", ANY), ("1x1", ANY)],
    "rate": [("1", ANY), ("240", ANY), ("0", REFUSED), ("1000", REFUSED)],
    "mirror": [(None, WORKS)],
    "rotate": [("90", WORKS), ("180", WORKS), ("270", WORKS), ("45", REFUSED), ("-90", REFUSED), ("360", REFUSED)],
    "fit": [("crop", WORKS), ("letterbox", WORKS), ("none", REFUSED)],
    "output-size": [("160x200", WORKS), ("640x360", WORKS), ("161x200", REFUSED), ("118x200", REFUSED), ("160x", REFUSED), ("99999x120", REFUSED)],
    "output-rate": [("10", WORKS), ("60", WORKS), ("0", REFUSED), ("241", REFUSED), ("x", REFUSED)],
    "pixels": [("i420", WORKS), ("yuyv", WORKS), ("rgb", REFUSED)],
    "always-on": [(None, WORKS)],
    "tune": DEMO["tune"],
    "device": DEMO["device"],
    "models": DEMO["models"],
    "verbose": [(None, WORKS)],
    "help": [(None, ANY)],
}
TRIED = {"demo": DEMO, "run": RUN}
NO_PICTURES = {"evaluate", "doctor", "ctl", "top", "verify", "policy", "devices", "faces", "enroll", "model", "consent", "vault", "audit", "identity", "review", "models", "report"}  # commands that send no frame

# Ways to ask for no label; none may be known.
SMUGGLED = ["--no-label", "--label=off", "--label", "--no-watermark", "--watermark=none", "--opacity=0", "--raw", "--unmasked", "--debug",
            "--banner=off", "--no-banner", "--no-disclosure", "--disclose=no", "--clean", "--unsafe", "--consent=yes", "--yes", "-y", "-f"]
ENVIRONMENT = [
    {"LC_ALL": "zh_CN.UTF-8"}, {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8"},
    {"LANG": "\x01%n", "LANGUAGE": "xx"}, {"HOME": ""}, {"HOME": "/proc/nowhere", "XDG_CONFIG_HOME": "relative", "XDG_STATE_HOME": "relative"},
    {"BAUTA_LABEL": "off", "BAUTA_NO_LABEL": "1", "BAUTA_DEBUG": "1", "BAUTA_CONSENT": "yes", "BAUTA_DISCLOSE": "0", "BAUTA_UNSAFE": "1"},
    {"VK_INSTANCE_LAYERS": "VK_LAYER_KHRONOS_validation"}, {"VK_INSTANCE_LAYERS": "VK_LAYER_NOWHERE"}, {"VK_DRIVER_FILES": "/proc/nowhere"},
    {"FONTCONFIG_FILE": "/dev/null", "FREETYPE_PROPERTIES": "cff:no-stem-darkening=0 cff:darkening-parameters=500,0,1000,0,1500,0,2000,0"},
    {"LP_NUM_THREADS": "1", "GALLIVM_DEBUG": "", "MESA_DEBUG": "silent"}, {"TZ": "Mars/Olympus", "NO_COLOR": "1", "COLUMNS": "1"},
]
# (lines of the configuration file, whether demo must work with them)
CONFIGURATIONS = [
    ("[bauta]\nlabel = off\n", REFUSED), ("[bauta]\nno-label = yes\n", REFUSED), ("label = off\n", REFUSED), ("[label]\nshow = no\n", REFUSED),
    ("[bauta]\nbanner = no\n", REFUSED), ("[bauta]\nconsent = yes\n", REFUSED), ("[bauta]\nrecord = /tmp/x\n", REFUSED),
    ("[bauta]\nmirror = maybe\n", ANY), ("[bauta]\nverbose = yes\n", WORKS), ("[bauta]\nsize = 1x1\n", ANY), ("[bauta\n", REFUSED),
    ("[bauta]\nface = ../x\n", REFUSED), ("[bauta]\n" + "# " + "x" * 5000 + "\n", ANY), ("[bauta]\nrate = 60\nmirror = yes\ncamera = /dev/video9\n", WORKS),
]


def options_of(command):
    text = subprocess.run([BAUTA, command, "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  --([a-z-]+)", text.split("options:")[1], re.M))


def commands():
    text = subprocess.run([BAUTA, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+) +\S", text.split("commands:")[1].split("exit codes:")[0], re.M)


def labelled(path):
    """(frames, what is wrong). A file that no decoder opens has no frames."""
    size = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0", path],
                          capture_output=True, text=True, check=False).stdout.strip().split("\n")[0].split(",")
    if len(size) < 2:
        return 0, ""
    raw = subprocess.Popen(["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
    said = subprocess.run([CHECK, "i420", size[0], size[1], FONT], stdin=raw.stdout, capture_output=True, text=True, check=False)
    raw.wait()
    lines = said.stdout.splitlines()
    return len(lines), "\n".join(line for line in lines if " label " not in line)


class Try:
    def __init__(self, home, number, clips):
        self.out = Path(home) / f"try{number}"
        self.out.mkdir()
        self.clips = clips

    def words(self, value):
        for name, text in {"out": str(self.out), **self.clips}.items():
            value = value.replace("{%s}" % name, text)
        return value

    def run(self, command, extra, env=None, configuration=None, replace=()):
        """Gives what is wrong, and the exit code."""
        base = {"output": str(self.out / "demo"), "frames": str(FRAMES), "size": "320x240", "models": MODELS} if command == "demo" else {
            "input": self.clips["clip"], "record": str(self.out / "run.mkv"), "frames": str(FRAMES), "models": MODELS}
        words = [BAUTA, command]
        for name, value in base.items():
            if name not in replace and not (command == "run" and "camera" in replace and name == "input"):
                words += ["--" + name, value]
        words += [self.words(w) for w in extra]
        around = {"PATH": os.environ["PATH"], "HOME": str(self.out), "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
        around.update(env or {})
        if configuration is not None:
            folder = self.out / ".config/bauta"
            folder.mkdir(parents=True)
            (folder / "bauta.ini").write_text(configuration)
        if command == "run":
            session = at_terminal(words, [("Type yes", b"yes\n")], around, 280)
            code, said = session.code, session.said
        else:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, env=around, timeout=280, check=False, cwd=self.out)
            code, said = done.returncode, (done.stdout + done.stderr).decode(errors="replace")
        wrong = []
        if code < 0 or code > 5 or "AddressSanitizer" in said or "runtime error" in said:
            wrong.append(f"exit code {code}: {said[-2000:]}")
        if code and "error:" not in said and "not agreed" not in said:
            wrong.append(f"refused without a reason: {said[-500:]}")
        frames = 0
        for path in self.out.rglob("*"):
            if path.is_file() and path.suffix in (".mkv", ".mp4", ".avi", ".mov"):
                count, lacks = labelled(str(path))
                frames += count
                if lacks:
                    wrong.append(f"{path.name}: {lacks}")
            elif path.is_file() and path.suffix in (".yuv", ".raw", ".rgb", ".y4m", ".jpg", ".bmp"):
                wrong.append(f"{path.name}: a picture that nobody asked for")
        shutil.rmtree(self.out)
        return wrong, code, frames


def make_clips(home):
    picture = ["-loop", "1", "-i", PORTRAIT]
    clips = {}
    for name, scale in {"clip": "320:240", "tall": "180:320", "tiny": "8:8", "odd": "321:241"}.items():
        clips[name] = str(Path(home) / f"{name}.mkv")
        crop = "crop=400:300:20:0," if name != "tall" else ""
        subprocess.run(["ffmpeg", "-v", "error", *picture, "-frames:v", str(FRAMES), "-vf", f"{crop}scale={scale}", "-c:v", "ffv1", "-pix_fmt",
                        "yuv444p", clips[name]], check=True)
    # Profiles: one that asks for less than the default, one that is none, one whose label cannot be made.
    shipped = (SOURCE / "src/trust/policy/profiles/cn.ini").read_text()
    for name, old, new in (("less", "min_height = 0.05", "min_height = 0.001\nbanner_s = 0"), ("broken", "[label]", "[lable]"),
                           ("huge", "languages = zh", "languages = zh\nmin_contrast = 20")):
        clips[name] = str(Path(home) / f"{name}.ini")
        Path(clips[name]).write_text(shipped.replace(old, new))
    return clips


def main():
    if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
        print("ffmpeg is not there: nothing can be decoded")
        return 77
    tries = []
    for command in commands():
        if command in NO_PICTURES:
            continue
        assert command in TRIED, f"{command} is a new command: say here how its options are to be tried against the label"
        known, there = set(TRIED[command]), options_of(command)
        assert there == known, f"{command}: {sorted(there ^ known)} not tried here, or gone: every option must be tried against the label"
        for option, values in TRIED[command].items():
            for value, outcome in values:
                extra = ["--" + option] + ([] if value is None else [value.replace("%s", command)])
                tries.append((command, extra, {}, None, (option,), outcome))
    for word in SMUGGLED:
        tries.append(("demo", [word], {}, None, (), REFUSED))
    tries.append(("run", ["--no-label"], {}, None, (), REFUSED))
    for env in ENVIRONMENT:
        tries.append(("demo", [], env, None, (), ANY))
    for lines, outcome in CONFIGURATIONS:
        tries.append(("demo", [], {}, lines, ("size",) if "size" in lines else (), outcome))
    failures, frames, worked = [], 0, 0
    with tempfile.TemporaryDirectory() as home:
        clips = make_clips(home)

        def go(job):
            number, (command, extra, env, configuration, replace, outcome) = job
            wrong, code, count = Try(home, number, clips).run(command, extra, env, configuration, replace)
            if outcome == WORKS and code:
                wrong.append(f"refused with exit code {code}")
            if outcome == REFUSED and not code:
                wrong.append("was accepted")
            if not code and not count and "--help" not in extra and "--record" not in extra:
                wrong.append("it says that it worked, and no frame can be decoded")
            return command, extra, env, configuration, wrong, code, count

        with ThreadPoolExecutor(2) as pool:
            for command, extra, env, configuration, wrong, code, count in pool.map(go, enumerate(tries)):
                frames += count
                worked += code == 0
                for what in wrong:
                    failures.append(f"bauta {command} {' '.join(extra)} {env or ''} {configuration or ''}: {what}")
    for failure in failures:
        print(failure)
    print(f"{len(tries)} tries, {worked} worked, {frames} frames decoded and read, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
