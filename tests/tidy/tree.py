# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""The files of the project as the house rules read them: names, lines, includes, plain code."""

import os
import re
import subprocess
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

CXX = (".cc", ".h")
_SKIPPED_FOLDERS = {"build", "__pycache__"}
_INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Include(NamedTuple):
    line: int
    name: str  # as written, without quotes
    quoted: bool
    path: str | None  # of the included file in the project, None when it is not ours


class Violation(NamedTuple):
    path: str
    line: int
    what: str
    rule: str  # the rule's own sentence

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}\n    rule: {self.rule}"


class Tree:
    """The files of the project under `root`; paths are relative, with forward slashes."""

    def __init__(self, root):
        self.root = Path(root).resolve()

    @cached_property
    def paths(self):
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            found = [p for p in listed.stdout.split("\0") if p and (self.root / p).is_file()]
        else:  # an unpacked archive, or a checkout that belongs to somebody else
            found = list(self._walk())
        return sorted(set(found))

    def _walk(self):
        for folder, names, files in os.walk(self.root):
            names[:] = [n for n in names if n not in _SKIPPED_FOLDERS and n != ".git"]
            for file in files:
                yield (Path(folder) / file).relative_to(self.root).as_posix()

    @cached_property
    def folders(self):
        return {parent.as_posix() for p in self.paths for parent in Path(p).parents}

    def cxx(self):
        return [p for p in self.paths if p.endswith(CXX)]

    @cache
    def text(self, path):
        return (self.root / path).read_bytes().decode("utf-8", "replace")

    @cache
    def lines(self, path):
        return self.text(path).split("\n")

    @cache
    def code_lines(self, path):
        """The lines with comments and the insides of literals blanked out."""
        return blank_comments_and_literals(self.text(path)).split("\n")

    @cache
    def includes(self, path):
        found = []
        for number, line in enumerate(self.lines(path), 1):
            match = _INCLUDE.match(line)
            if match:
                quoted, name = match[1] == '"', match[2]
                found.append(Include(number, name, quoted, self._resolve(path, name, quoted)))
        return found

    def _resolve(self, path, name, quoted):
        candidates = [f"sdk/include/{name}"] if name.startswith("rafale/") else []
        if quoted:
            beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
            candidates += [name, beside]
        for candidate in candidates:
            if candidate in self.known:
                return candidate
        # Not written yet, or generated: its spelling still says whose it is.
        if name.startswith("rafale/") and not name.endswith(".pb.h"):
            return f"sdk/include/{name}"
        return name if quoted and "/" in name else None

    @cached_property
    def known(self):
        return set(self.paths)


_TOKEN = re.compile(
    r"""//[^\n]*                                   # comments
      | /\*.*?\*/
      | R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"   # literals
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*'
    """, re.VERBOSE | re.DOTALL)


def blank_comments_and_literals(text):
    def blank(match):
        found = match[0]
        kept = '""' if found[0] in "\"'R" else ""
        return kept + "\n" * found.count("\n")
    return _TOKEN.sub(blank, text)
