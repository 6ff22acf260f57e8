#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Shell completions and a man page a command, out of what the program itself says: words.py BAUTA BAUTA.1 FOLDER

Reads `bauta --help` and `bauta COMMAND --help`, and the commands' paragraphs of the main man page. Nothing about a command or an
option is written here, so nothing can get stale. Leaves FOLDER/bash/bauta, zsh/_bauta, fish/bauta.fish and man/bauta-COMMAND.1.
"""
import re
import subprocess
import sys
from pathlib import Path

BASH = """# SPDX-License-Identifier: MIT
# Made from bauta --help by packaging/words/words.py.
_bauta() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words= value=
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "@COMMANDS@ --help --version" -- "$word"))
        return
    fi
    case "${COMP_WORDS[1]} $before" in
@VALUES@
    esac
    case "$value" in
    file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    dir) compopt -o filenames; COMPREPLY=($(compgen -d -- "$word")); return ;;
    dev) COMPREPLY=($(compgen -G "${word:-/dev/video}*")); return ;;
    other) return ;;
    esac
    case "${COMP_WORDS[1]}" in
@WORDS@
    esac
    if [ "$COMP_CWORD" != 2 ] || [ "${word#-}" != "$word" ]; then words=${words#*|}; else words=${words/|/ }; fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _bauta bauta
"""

ZSH = """#compdef bauta
# SPDX-License-Identifier: MIT
# Made from bauta --help by packaging/words/words.py.
_bauta() {
    local -a commands
    commands=(
@COMMANDS@
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        _values option '--help[what there is]' '--version[the version]'
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
@CASES@
    esac
}
_bauta "$@"
"""

FISH = """# SPDX-License-Identifier: MIT
# Made from bauta --help by packaging/words/words.py.
complete -c bauta -f
complete -c bauta -n __fish_use_subcommand -l help -d 'what there is'
complete -c bauta -n __fish_use_subcommand -l version -d 'the version'
"""


def said_by(bauta, *words):
    return subprocess.run([bauta, *words, "--help"], capture_output=True, text=True, check=True).stdout


class Option:
    def __init__(self, name, value, text):
        self.name, self.value, self.text = name, value, text

    @property
    def kind(self):
        """What a shell offers after it: file, dir, dev or other; nothing for a flag."""
        if not self.value:
            return ""
        return {"DEV": "dev", "DIR": "dir", "FILE": "file", "DEV|DIR": "file"}.get(self.value, "file" if "FILE" in self.value else "other")


class Command:
    def __init__(self, name, text):
        head, _, options = text.partition("\noptions:\n")
        self.name = name
        usage, self.summary, *rest = head.strip().split("\n\n", 2)
        self.text = rest[0] if rest else ""
        self.usage = usage.removeprefix(f"usage: bauta {name}").removesuffix("[options]").strip()
        first = self.usage.strip("[").split(" ")[0]
        self.words = re.findall(r"[a-z-]+", first) if "|" in first else []
        self.options = []
        for line in options.splitlines():
            # A value stands one space after its option, in capitals; help stands further off, or begins small.
            match = re.match(r"^  --([a-z][a-z0-9-]*)(?: ([A-Z]\S*))? +(\S.*)$", line)
            if not match:
                sys.exit(f"bauta {name} --help has a line that is no option: {line}")
            self.options.append(Option(*match.groups()))


def commands_of(bauta):
    whole = said_by(bauta)
    listed = whole.split("commands:\n")[1].split("\n\n")[0]
    return whole, [Command(name, said_by(bauta, name)) for name in re.findall(r"^  ([a-z][a-z-]*) +\S", listed, re.M)]


def bash(commands):
    values, words = [], []
    for c in commands:
        for kind in ("file", "dir", "dev", "other"):
            names = [f'"{c.name} --{o.name}"' for o in c.options if o.kind == kind]
            if names:
                values.append(f"    {'|'.join(names)}) value={kind} ;;")
        options = " ".join("--" + o.name for o in c.options)
        words.append(f'    {c.name}) words="{" ".join(c.words)}|{options}" ;;')
    return (BASH.replace("@COMMANDS@", " ".join(c.name for c in commands)).replace("@VALUES@", "\n".join(values))
            .replace("@WORDS@", "\n".join(words)))


def zsh_text(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh(commands):
    after = {"file": "_files", "dir": "_files -/", "dev": "_files -g \"/dev/video*\"", "other": " "}
    cases = []
    for c in commands:
        lines = [f"'--{o.name}[{zsh_text(o.text)}]" + (f":{zsh_text(o.value)}:{after[o.kind]}" if o.value else "") + "'" for o in c.options]
        if c.words:
            lines.append(f"'1:what:({' '.join(c.words)})'")
        if "FILE" in c.usage:
            lines.append("'*:file:_files'")
        cases.append(f"    {c.name})\n        _arguments \\\n            " + " \\\n            ".join(lines) + "\n        ;;")
    listed = "\n".join(f"        '{c.name}:{zsh_text(c.summary)}'" for c in commands)
    return ZSH.replace("@COMMANDS@", listed).replace("@CASES@", "\n".join(cases))


def fish(commands):
    def quoted(text):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    after = {"": "", "file": " -r -F", "dir": " -x -a '(__fish_complete_directories)'", "dev": " -x -a '(ls /dev/video* 2>/dev/null)'", "other": " -x"}
    lines = [FISH.rstrip("\n")]
    for c in commands:
        lines.append(f"complete -c bauta -n __fish_use_subcommand -a {c.name} -d {quoted(c.summary)}")
        here = f"complete -c bauta -n '__fish_seen_subcommand_from {c.name}'"
        lines += [f"{here} -a {quoted(' '.join(c.words))}"] if c.words else []
        lines += [f"{here} -F"] if "FILE" in c.usage else []
        lines += [f"{here} -l {o.name}{after[o.kind]} -d {quoted(o.text)}" for o in c.options]
    return "\n".join(lines) + "\n"


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\`")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.split("\n"))


def paragraph_of(page, name):
    """What the main man page says of a command, as it stands there."""
    found = re.search(rf"^\.TP\n\.B {re.escape(roff(name))}\n(.*?)(?=^\.(?:TP|SH)\b)", page.split(".SH COMMANDS\n")[1], re.M | re.S)
    if not found:
        sys.exit(f"the man page bauta.1 does not tell of the command {name}: add it to its section COMMANDS")
    return found[1].rstrip("\n")


def man_page(command, whole, page):
    head = re.match(r'(?:\.\\".*\n)*\.TH BAUTA 1 ("[^"]*") ("[^"]*") ("[^"]*")', page)
    exits = re.findall(r"^  (\d)  (.*)$", whole.split("exit codes:\n")[1], re.M)
    lines = ['.\\" SPDX-License-Identifier: MIT', '.\\" Made from bauta --help and bauta.1 by packaging/words/words.py.',
             f".TH BAUTA\\-{roff(command.name.upper())} 1 {' '.join(head.groups())}", ".SH NAME", f"bauta\\-{roff(command.name)} \\- {roff(command.summary)}",
             ".SH SYNOPSIS", f"\\fBbauta {roff(command.name)}\\fR {roff((command.usage + ' [options]').strip())}",
             ".SH DESCRIPTION", paragraph_of(page, command.name)]
    if command.words:
        lines += [".PP", ".nf", roff(command.text), ".fi"]
    else:
        lines += [".PP", roff(command.text)]
    lines += [".SH OPTIONS"]
    for o in command.options:
        lines += [".TP", f".BI \\-\\-{roff(o.name)} \" {roff(o.value)}\"" if o.value else f".B \\-\\-{roff(o.name)}", roff(o.text)]
    lines += [".SH EXIT STATUS"]
    for code, text in exits:
        lines += [".TP", f".B {code}", roff(text)]
    lines += [".SH SEE ALSO", ".BR bauta (1)"]
    return "\n".join(lines) + "\n"


def main(bauta, main_page, folder):
    whole, commands = commands_of(bauta)
    page = Path(main_page).read_text(encoding="utf-8")
    files = {"bash/bauta": bash(commands), "zsh/_bauta": zsh(commands), "fish/bauta.fish": fish(commands)}
    files |= {f"man/bauta-{c.name}.1": man_page(c, whole, page) for c in commands}
    for old in Path(folder).glob("man/*.1"):
        if f"man/{old.name}" not in files:
            old.unlink()
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
