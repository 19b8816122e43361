#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""man_pages.py RAFALE SETTINGS DIR: writes the manual pages into DIR, from what the program says of
itself and from the comments of the sample settings."""

import subprocess
import sys
from pathlib import Path

DAEMONS = {
    "rafale-nimbus": ("assigns topologies to supervisors", "nimbus"),
    "rafale-supervisor": ("starts and watches workers", "supervisor"),
}


def escaped(line):
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + line if line.startswith((".", "'")) else line


def page(name, section, summary, text):
    """Text that is laid out already stays as it is; a line that ends in a colon at the left edge is a
    heading."""
    lines = [f'.TH {name.upper()} {section} "" Rafale', ".SH NAME",
             f"{escaped(name)} \\- {escaped(summary)}", ".SH SYNOPSIS", ".nf"]
    usage = True
    for line in text.splitlines():
        if line.startswith("usage: "):
            line = line.removeprefix("usage: ")
        elif usage and not line.strip():
            usage = False
            lines += [".fi", ".SH DESCRIPTION", ".nf"]
            continue
        if line.endswith(":") and not line.startswith(" ") and len(line.split()) <= 3:
            lines += [".fi", f".SH {escaped(line[:-1].upper())}", ".nf"]
        else:
            lines.append(escaped(line.removeprefix("       ") if usage else line))
    return "\n".join(lines + [".fi", ""])


def main():
    rafale, settings, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])

    def help_of(*words):
        return subprocess.run([rafale, "help", *words], check=True, capture_output=True,
                              text=True).stdout

    def write(name, section, summary, text):
        target = folder / f"man{section}" / f"{name}.{section}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(name, section, summary, text))

    overview = help_of()
    write("rafale", 1, "run streaming topologies", overview)
    for line in overview.split("verbs:\n", 1)[1].split("\n\n", 1)[0].splitlines():
        verb, summary = line.split(None, 1)
        if f"rafale-{verb}" not in DAEMONS:
            write(f"rafale-{verb}", 1, summary, help_of(verb))
    for daemon, (summary, verb) in DAEMONS.items():
        write(daemon, 8, summary, help_of(verb))
    write("rafale.yaml", 5, "settings of a Rafale cluster",
          "usage: /etc/rafale/rafale.yaml\n\n" + "\n".join(
              line for line in settings.read_text().splitlines()
              if not line.startswith("# SPDX-")))


if __name__ == "__main__":
    main()
