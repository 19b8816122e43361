#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""Runs clang-tidy on the .cc files of the project, except those that passed before as they are now.

usage: clang_tidy.py --build DIR [--jobs N] [--product] [FILE.cc]...

DIR holds compile_commands.json, and gets the notes of what passed. A note is the hash of the file,
of all our headers that it reaches, of .clang-tidy and of the file's compile command. In a unity
build several files are read as one, which takes a third of the time.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import Tree


def reachable(tree, path):
    """`path` and all files of ours that it includes, directly or not."""
    seen, waiting = {path}, [path]
    while waiting:
        for include in tree.includes(waiting.pop()):
            if include.path in tree.known and include.path not in seen:
                seen.add(include.path)
                waiting.append(include.path)
    return sorted(seen)


def fingerprint(tree, unit, version):
    digest = hashlib.sha256()
    for part in (version, unit.command, tree.text(".clang-tidy")):
        digest.update(part.encode())
    for path in unit.members:
        for file in reachable(tree, path):
            digest.update(f"\0{file}\0".encode())
            digest.update(tree.text(file).encode())
    return digest.hexdigest()


GCC_ONLY = " -fno-gnu-unique"


_INCLUDED = re.compile(r'^#include "(/.*)"$', re.MULTILINE)


class Unit:
    """What one run of clang-tidy reads: a file of ours, or a file that includes several."""

    def __init__(self, path, members, command):
        self.path, self.members, self.command = path, members, command

    @property
    def name(self):
        more = len(self.members) - 1
        return self.members[0] + (f" and {more} more" if more else "")

    def note(self, notes):
        return notes / (self.members[0].replace("/", "+") + ".sha256")


def units_of(tree, build):
    """What the build compiles. Leaves its commands in build/clang without what Clang does not know."""
    units = []
    text = (build / "compile_commands.json").read_text().replace(GCC_ONLY, "")
    (build / "clang").mkdir(exist_ok=True)
    (build / "clang" / "compile_commands.json").write_text(text)
    for entry in json.loads(text):
        file = Path(entry["directory"], entry["file"]).resolve()
        if "/Unity/unity_" in file.as_posix():
            members = [Path(name) for name in _INCLUDED.findall(file.read_text())]
        else:
            members = [file]
        members = [m.relative_to(tree.root).as_posix() for m in members
                   if m.is_relative_to(tree.root)]
        members = [m for m in members if m in tree.known]
        if members:
            units.append(Unit(file, members, entry["command"]))
    return units


_HEAD = re.compile(r"(/.*?):\d+:\d+: (?:warning|error|fatal error): .*\[(.*)\]$")


def complaints_in(output, root):
    """The findings in clang-tidy's output, without those that are about Clang itself: Clang 14 does
    not follow all of the standard library of GCC 12, whose compiler has the last word anyway."""
    kept, keep = [], True
    for line in output.splitlines():
        head = _HEAD.match(line)
        if head:
            ours = head[1].startswith(f"{root}/")
            keep = ours or not head[2].startswith("clang-diagnostic")
        if keep and line.strip():
            kept.append(line)
    return "\n".join(kept)


def tidy(tree, build, unit):
    """The complaints about one unit, empty when there are none."""
    run = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(build / "clang"), "--extra-arg=-Wno-unknown-warning-option",
         "--extra-arg=-Wno-ignored-optimization-argument", str(unit.path)],
        cwd=tree.root, capture_output=True, text=True, check=False)
    complaints = complaints_in(run.stdout, tree.root)
    if not complaints and run.returncode != 0 and not run.stdout.strip():
        complaints = run.stderr.strip() or f"clang-tidy ended with {run.returncode}"
    return complaints


def main():
    parser = argparse.ArgumentParser(description="clang-tidy on what changed")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--product", action="store_true", help="without tests/ and bench/")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()

    tree = Tree(Path(__file__).resolve().parents[2])
    build = args.build.resolve()
    units = units_of(tree, build)
    named = {member for unit in units for member in unit.members}
    if args.files:
        wanted = {Path(f).resolve().relative_to(tree.root).as_posix() for f in args.files}
        if unknown := sorted(wanted - named):
            sys.exit(f"not part of the build: {', '.join(unknown)}")
    else:
        wanted = {p for p in tree.paths if p.endswith(".cc")
                  and not p.startswith("tests/package/")}
        if args.product:
            wanted = {p for p in wanted if not p.startswith(("tests/", "bench/"))}
        if left_out := sorted(wanted - named):
            sys.exit("no CMakeLists.txt names these files: " + ", ".join(left_out))
    units = [unit for unit in units if wanted & set(unit.members)]

    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True,
                             check=True).stdout
    notes = build / "passed"
    notes.mkdir(exist_ok=True)
    todo = []
    for unit in units:
        note = unit.note(notes)
        now = fingerprint(tree, unit, version)
        if not note.exists() or note.read_text() != now:
            todo.append((unit, note, now))
    print(f"{sum(len(unit.members) for unit in units)} files in {len(units)} pieces, "
          f"{len(todo)} to read", flush=True)

    failed = 0
    begin = time.monotonic()
    with ThreadPoolExecutor(args.jobs) as pool:
        results = pool.map(lambda job: tidy(tree, build, job[0]), todo)
        for count, ((unit, note, now), complaints) in enumerate(zip(todo, results), 1):
            print(f"[{count}/{len(todo)}] {unit.name}", flush=True)
            if complaints:
                failed += 1
                print(complaints, flush=True)
            else:
                note.write_text(now)
    if todo:
        seconds = time.monotonic() - begin
        print(f"read {len(todo)} pieces in {seconds:.0f} s, {failed} with complaints")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
