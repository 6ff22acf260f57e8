#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""wear.py SECONDS COMMAND...: runs the program at a terminal and types the agreement. Inside the guest."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["BAUTA_TEST_SOURCE"], "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

session = at_terminal(sys.argv[2:], [("Type yes", b"yes\n"), ("to go live", b"yes\n")], dict(os.environ), float(sys.argv[1]))
print(session.said)
sys.exit(session.code)
