#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""deploy/rafale.yaml names every key of a cluster and no other, and its defaults are true; the units
and the container's files name what is there."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["RAFALE_SOURCE_DIR"])
RAFALE = Path(os.environ["RAFALE_BIN_DIR"]) / "rafale"
SAMPLE = SOURCE / "deploy" / "rafale.yaml"
# The default says more than the value that stands for it.
NOT_SET = {"storm.log.dir", "rafale.tls.ca", "rafale.tls.cert", "rafale.tls.key"}
FOR_ONE_MACHINE = {"storm.local.hostname", "rafale.bind"}


def settings():
    """What stands in the file, with and without a comment sign."""
    found = {}
    for line in SAMPLE.read_text().splitlines():
        match = re.fullmatch(r"#?([a-z][a-z.]*): ?(.*)", line)
        if match:
            assert match[1] not in found, match[1]
            found[match[1]] = match[2]
    return found


def known():
    text = (SOURCE / "common" / "cluster_config.cc").read_text()
    return dict(re.findall(r'Key\{"([a-z.]+)", (\w+)', text))


class Sample(unittest.TestCase):
    def test_it_names_every_key_and_no_other(self):
        self.assertEqual(set(settings()), set(known()))

    def test_it_can_be_read_with_all_defaults_set(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rafale.yaml"
            file.write_text("".join(f"{key}: {value}\n" for key, value in settings().items()))
            done = subprocess.run([RAFALE, "list", "--config", file, "-c",
                                   "nimbus.seeds=127.0.0.1:9"], capture_output=True, text=True,
                                  check=False)
            # No Nimbus is there; but all settings were taken.
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("127.0.0.1:9", done.stderr)

    def test_its_defaults_are_those_of_the_program(self):
        text = (SOURCE / "common" / "cluster_config.h").read_text()
        defaults = {}
        for line in text.splitlines():
            match = re.match(r"\s+[\w:<>]+ \w+\{?(?: = )?(.*?)\}?;\s+///< ([a-z][a-z.]+)", line)
            if match:
                defaults[match[2]] = match[1]
        shown = settings()
        for key, kind in known().items():
            if key in NOT_SET | FOR_ONE_MACHINE or key == "insecure":
                continue
            with self.subTest(key):
                value = defaults[key].replace("'", "").strip("{}")
                shift = re.fullmatch(r"(\d+) << (\d+)", value)
                if shift:
                    value = str(int(shift[1]) << int(shift[2]))
                if kind == "set_time" and key.endswith(".secs"):
                    value = f"{int(value) // 1000}"
                wanted = shown[key].strip("[]").replace('"', "")
                self.assertEqual(value.replace('"', ""), wanted)


class Units(unittest.TestCase):
    def test_systemd_understands_them(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("there is no systemd-analyze")
        with tempfile.TemporaryDirectory() as folder:
            for unit in (SOURCE / "deploy" / "systemd").glob("*.service"):
                text = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit.read_text())
                copy = Path(folder) / unit.name
                copy.write_text(re.sub(r"Documentation=.*\n", "", text))
                done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy],
                                      capture_output=True, text=True, check=False)
                ours = [line for line in done.stderr.splitlines() if unit.name in line]
                self.assertEqual(ours, [], unit.name)

    def test_what_they_promise(self):
        units = {unit.stem: unit.read_text()
                 for unit in (SOURCE / "deploy" / "systemd").glob("*.service")}
        for name in ("rafale-nimbus", "rafale-supervisor"):
            self.assertIn("\nType=notify\n", units[name])
            self.assertRegex(units[name], r"\nWatchdogSec=\d+\n")
            self.assertIn("\nNoNewPrivileges=yes\n", units[name])
        self.assertIn("\nKillMode=process\n", units["rafale-supervisor"])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
