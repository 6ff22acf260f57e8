# SPDX-License-Identifier: MIT
"""Runs the program at a terminal of the test's own, and answers it."""
import os
import pty
import select
import subprocess
import time


class Session:
    """`said`: everything on standard error and output; `code`: exit code."""

    def __init__(self, said, code):
        self.said, self.code = said, code


def at_terminal(command, answers, env=None, timeout_s=120):
    """answers: pairs (text to wait for, bytes to type). Standard input, output and error are one terminal."""
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
            os.write(master, answer)
    else:
        process.kill()
        raise TimeoutError(f"{command}: no end after {timeout_s} s; it said:\n{said.decode(errors='replace')}")
    code = process.wait(timeout=30)
    os.close(master)
    return Session(said.decode(errors="replace").replace("\r\n", "\n"), code)
