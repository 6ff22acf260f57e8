# SPDX-License-Identifier: MIT
"""Runs the program at a terminal of the test's own, and answers it: a bare one, or a shell in tmux whose screens can be seen."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

TMUX = shutil.which("tmux")


class Session:
    """`said`: everything on standard error and output; `code`: exit code."""

    def __init__(self, said, code):
        self.said, self.code = said, code


def at_terminal(command, answers, env=None, timeout_s=120):
    """answers: pairs (text to wait for, bytes to type, or what to call with the process). Standard input, output and error are one terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
                               preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0))
    os.close(slave)
    said, seen, answers, until = b"", 0, list(answers), time.monotonic() + timeout_s
    while time.monotonic() < until:
        ready, _, _ = select.select([master], [], [], 0.2)
        if ready:
            try:
                got = os.read(master, 65536)
            except OSError:
                break
            if not got:
                break
            said += got
        elif process.poll() is not None:
            break
        if answers and answers[0][0].encode() in said[seen:]:
            prompt, answer = answers.pop(0)
            seen = said.index(prompt.encode(), seen) + len(prompt.encode())  # the same may be asked again
            answer(process) if callable(answer) else os.write(master, answer)
    else:
        process.kill()
        raise TimeoutError(f"{command}: no end after {timeout_s} s; it said:\n{said.decode(errors='replace')}")
    code = process.wait(timeout=30)
    os.close(master)
    return Session(said.decode(errors="replace").replace("\r\n", "\n"), code)


class Tmux:
    """A shell in a terminal of that size, with a server of its own. Its prompt shows the last exit code. `screens`: pairs (what was
    done next, the screen as it stood then)."""

    PROMPT = re.compile(r"^\[(\d+)\] \$$")

    def __init__(self, folder, env, columns, rows, cwd):
        self.socket, self.screens = str(folder / "tmux"), []
        shell = ["env", "-i", *(f"{k}={v}" for k, v in env.items()), "TERM=tmux-256color", "PS1=[$?] $ ", "sh"]
        subprocess.run([TMUX, "-S", self.socket, "-u", "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(cwd),
                        *shell, ";", "set-option", "-g", "status", "off", ";", "resize-window", "-x", str(columns), "-y", str(rows)],
                       check=True, env={k: v for k, v in env.items() if k != "LC_ALL"} | {"LC_ALL": "C.UTF-8"})
        self._wait(self._code, 20)

    def _do(self, *words):
        done = subprocess.run([TMUX, "-S", self.socket, "-u", *words], check=True, capture_output=True, env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]})
        return done.stdout.decode(errors="replace")

    def screen(self):
        return "\n".join(line.rstrip() for line in self._do("capture-pane", "-p").rstrip("\n").split("\n"))

    def said(self):
        """All since the last command began, with lines joined that the terminal broke."""
        return self._do("capture-pane", "-p", "-J", "-S", "-")

    def cut(self):
        """Lines that the terminal had to break, because nobody else had."""
        whole = {line.rstrip() for line in self.said().split("\n")}
        return [line for line in whole - {line.rstrip() for line in self._do("capture-pane", "-p", "-S", "-").split("\n")} if not self._typed(line)]

    @staticmethod
    def _typed(line):
        return re.match(r"\[\d+\] \$ ", line)

    def _code(self):
        last = self.screen().rstrip().rsplit("\n", 1)[-1]
        found = self.PROMPT.match(last)
        return int(found.group(1)) if found else None

    def _wait(self, look, timeout_s):
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            got = look()
            if got is not None:
                return got
            time.sleep(0.1)
        raise TimeoutError(f"nothing came of it in {timeout_s} s; the screen:\n{self.screen()}")

    def type(self, text, end="Enter"):
        if text:
            self._do("send-keys", "-l", "--", text)
        self._do("send-keys", end)

    def run(self, command, *answers, timeout_s=300, seen=()):
        """answers: pairs (text to wait for, what to type). seen: texts whose first screen is kept too. Gives the exit code."""
        self.type("clear")
        self._wait(lambda: True if self.screen().rstrip() == "[0] $" else None, 20)
        self._do("clear-history")
        self.type(command)
        answered, seen = {}, list(seen)

        def look(asked):
            said = self.said()
            for text in [t for t in seen if t in said]:
                seen.remove(text)
                self.screens.append((text, self.screen()))
            if said.count(asked) > answered.get(asked, 0):
                return True
            if self._code() is not None and not said.rstrip().endswith(command):
                raise AssertionError(f"{command}: it never asked {asked!r}; it said:\n{said}")
            return None

        self._wait(lambda: True if self._code() is None or command in self.said() else None, 20)  # the prompt of before is gone
        for asked, answer in answers:
            self._wait(lambda: look(asked), timeout_s)
            answered[asked] = answered.get(asked, 0) + 1
            self.screens.append((asked, self.screen()))
            self.type(answer)
        code = self._wait(self._code, timeout_s)
        self.screens.append((command, self.screen()))
        return code

    def close(self):
        subprocess.run([TMUX, "-S", self.socket, "kill-server"], check=False, capture_output=True)
