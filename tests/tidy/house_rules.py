#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""The house rules as a test: reads every file of the project and prints what breaks a rule.

usage: house_rules.py [ROOT]
"""

import re
import sys
from pathlib import Path

import arrows
from tree import Tree, Violation

# ---- the shape of files ------------------------------------------------------------------------

_CODE = re.compile(r"(\.(cc|h|py|sh|cmake|cmake\.in|proto|js|css)|(^|/)CMakeLists\.txt|^dev|"
                   r"^\.ci/run|(^|/)\.clang-(format|tidy))$")
_DATA = re.compile(r"^(tests/.*/(golden|fixtures|transcripts|data)/|LICENSE$)")
_BINARY = re.compile(r"\.(png|ico|woff2|zst|gz|bin)$")
_SLASH_COMMENT = re.compile(r"\s*(?://+|/\*+|\*)\s*(.*?)\s*(?:\*/)?$")
_HASH_COMMENT = re.compile(r'\s*(?:#|""")\s*(.*?)\s*(?:""")?$')


def _code_files(tree):
    return [p for p in tree.paths if _CODE.search(p) and not _DATA.match(p)]


def _text_files(tree):
    return [p for p in tree.paths if not _DATA.match(p) and not _BINARY.search(p)]


def spdx_header(tree):
    """Licence, authors, and what the file is for."""
    rule = ("A file begins with SPDX-License-Identifier: Apache-2.0, SPDX-FileCopyrightText: The "
            "Rafale authors, and one sentence that says what it is for.")
    wanted = ("SPDX-License-Identifier: Apache-2.0",
              "SPDX-FileCopyrightText: The Rafale authors")
    for path in _code_files(tree):
        lines = tree.lines(path)
        first = 1 if lines[0].startswith("#!") else 0
        slashes = path.endswith((".cc", ".h", ".proto", ".js", ".css"))
        comment = _SLASH_COMMENT if slashes else _HASH_COMMENT
        comments = []
        for line in lines[first:first + 4]:
            match = comment.match(line)
            comments.append(match[1] if match else None)
        comments += [None] * (4 - len(comments))
        for offset, text in enumerate(wanted):
            if comments[offset] != text:
                yield Violation(path, first + offset + 1, f"expected '{text}'", rule)
                break
        else:
            if not comments[2] and not comments[3]:
                yield Violation(path, first + 3, "no sentence of purpose", rule)


LINES_MAX = 500
TEST_LINES_MAX = 700


def file_length(tree):
    """Short files."""
    for path in _code_files(tree):
        limit = TEST_LINES_MAX if path.startswith("tests/") else LINES_MAX
        count = len(tree.lines(path)) - 1
        if count > limit:
            yield Violation(path, limit + 1, f"{count} lines",
                            f"A file has at most {LINES_MAX} lines, a test {TEST_LINES_MAX}: a "
                            "longer one wants to be two.")


README_LINES_MAX = 20


def folder_readme_length(tree):
    """A folder's README is a sign on the door."""
    for path in tree.paths:
        if re.match(r"(worker/)?[a-z]+/README\.md$", path):
            count = len(tree.lines(path)) - 1
            if count > README_LINES_MAX:
                yield Violation(path, README_LINES_MAX + 1, f"{count} lines",
                                f"A folder's README has at most {README_LINES_MAX} lines: "
                                "purpose, main types, invariants, where to start reading.")


def whitespace(tree):
    """No invisible differences."""
    for path in _text_files(tree):
        text = tree.text(path)
        lines = tree.lines(path)
        for number, line in enumerate(lines, 1):
            if line.endswith((" ", "\t")):
                yield Violation(path, number, "space at the end of the line",
                                "No line ends in a space.")
            if "\t" in line.rstrip("\t"):
                yield Violation(path, number, "a tab", "Indentation is by spaces.")
            if "\r" in line:
                yield Violation(path, number, "a carriage return", "Lines end in a line feed.")
        if text and not text.endswith("\n"):
            yield Violation(path, len(lines), "no line feed at the end",
                            "A file ends in a line feed.")


# ---- what must not stand in them ---------------------------------------------------------------

_LEFT_OVER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")


def nothing_left_over(tree):
    """Work that is left goes into an issue."""
    for path in _text_files(tree):
        for number, line in enumerate(tree.lines(path), 1):
            match = _LEFT_OVER.search(line)
            if match:
                yield Violation(path, number, f"'{match[1]}'",
                                "Nothing is left for later in a file: finish it, or open an "
                                "issue.")


_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|SleepFor)\b")
_TIMELESS_TESTS = ("tests/unit/", "tests/simulation/")


def tests_do_not_sleep(tree):
    """Time in unit and simulation tests is simulated."""
    for path in tree.cxx():
        if not path.startswith(_TIMELESS_TESTS):
            continue
        for number, line in enumerate(tree.code_lines(path), 1):
            match = _SLEEP.search(line)
            if match:
                yield Violation(path, number, f"calls {match[1]}",
                                "Unit and simulation tests never sleep: they move a simulated "
                                "clock or wait for an event.")


_DEAD_TEST = re.compile(r"\b(DISABLED_\w+|(?:EXPECT|ASSERT)_TRUE\(true\))")


def tests_are_alive(tree):
    """A test that cannot fail is not one."""
    for path in tree.cxx():
        if not path.startswith("tests/"):
            continue
        for number, line in enumerate(tree.code_lines(path), 1):
            match = _DEAD_TEST.search(line)
            if match:
                yield Violation(path, number, f"'{match[1]}'",
                                "Every test runs and can fail.")


_TIME_OR_CHANCE = re.compile(
    r"\b(random_device|(?:steady|system|high_resolution|file|utc)_clock::now|clock_gettime|"
    r"gettimeofday|timespec_get|srand|std::rand|getrandom|getentropy|__rdtsc|"
    r"absl::Now|absl::BitGen|time\s*\(\s*(?:nullptr|NULL|0)\s*\))(?!\w)")
# The SDK stands below common/, so what it measures for its users it measures itself.
_TIME_AND_CHANCE_ALLOWED = re.compile(
    r"(common/(clock|random)\.|sdk/|bench/|tests/integration/|tests/support/)")


def time_and_chance_have_one_source(tree):
    """What is simulated must not read a clock behind the back of the test."""
    for path in tree.cxx():
        if _TIME_AND_CHANCE_ALLOWED.match(path):
            continue
        for number, line in enumerate(tree.code_lines(path), 1):
            match = _TIME_OR_CHANCE.search(line)
            if match:
                yield Violation(path, number, f"uses {match[1]}",
                                "Time and randomness come only from common/clock.h and "
                                "common/random.h.")


# ---- documents ---------------------------------------------------------------------------------

_PATH_IN_TICKS = re.compile(r"`([A-Za-z_.][A-Za-z0-9_.*-]*/[A-Za-z0-9_./*-]*)`")
_POINT_IN_TIME = re.compile(r"^(CHANGELOG\.md$|docs/design/)")
_TOP_FOLDERS = set(arrows.STOREYS) | arrows.OBSERVERS | {"cmake", "deploy", "docs", ".ci"}


def documents_name_what_exists(tree):
    """Documents do not rot."""
    known = set(tree.paths) | tree.folders
    stems = {re.sub(r"\.(h|cc|proto)$", "", p) for p in tree.paths}
    for path in tree.paths:
        if not path.endswith(".md") or _POINT_IN_TIME.match(path):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for named in _PATH_IN_TICKS.findall(line):
                if named.split("/")[0] not in _TOP_FOLDERS:
                    continue
                plain = named.rstrip("/").removesuffix(".*")
                if plain in known or plain in stems:
                    continue
                if "*" in plain and any(Path(p).match(plain) for p in known):
                    continue
                yield Violation(path, number, f"there is no {named}",
                                "A document names only files and folders that exist.")


RULES = arrows.RULES + [
    spdx_header,
    file_length,
    folder_readme_length,
    whitespace,
    nothing_left_over,
    tests_do_not_sleep,
    tests_are_alive,
    time_and_chance_have_one_source,
    documents_name_what_exists,
]


def check(root):
    tree = Tree(root)
    return [violation for rule in RULES for violation in rule(tree)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    violations = check(root)
    for violation in violations:
        print(violation)
    if violations:
        print(f"{len(violations)} violations of the house rules")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
