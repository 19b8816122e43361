#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""What ./dev kafka says to wrong calls and on machines that lack something. Starts no Kafka.

usage: kafka_test.py PATH_OF_KAFKA_PY
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = sys.argv.pop(1)


class KafkaTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        (self.root / "bin").mkdir()

    def kafka(self, *arguments):
        environment = {"PATH": f"{self.root}/bin", "HOME": str(self.root)}
        return subprocess.run([sys.executable, SCRIPT, *arguments], cwd=self.root, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)

    def assert_refused(self, arguments, code, message):
        run = self.kafka(*arguments)
        self.assertEqual((run.returncode, run.stdout), (code, ""), run.stderr)
        self.assertIn(message, run.stderr)

    def test_wrong_calls(self):
        self.assert_refused(["strat"], 2, "'strat'")
        self.assert_refused(["start", "--brokers", "0"], 2, "--brokers takes 1 to 9")
        self.assert_refused(["start", "--brokers", "many"], 2, "'many'")
        self.assert_refused(["start", "--version", "0.8"], 2, "'4.3.1', '3.9.2'")
        self.assert_refused(["start", "--zookeeper"], 2, "add --version 3.9.2")
        self.assert_refused(["start", "--force"], 2, "start does not know '--force'")
        self.assert_refused(["produce"], 2, "topic")
        self.assert_refused(["kill"], 2, "I")

    def test_verbs_say_where_they_looked_for_a_cluster(self):
        for verb in (["stop"], ["status"], ["topics"], ["consume", "t"], ["kill", "1"]):
            self.assert_refused([*verb, "--dir", "here"], 1,
                                f"no cluster lies in {self.root}/here")

    def test_what_is_missing_is_named_with_its_package(self):
        self.assert_refused(["start"], 1, "no java on this machine; apt install default-jre")
        java = self.root / "bin/java"
        java.write_text("#!/bin/sh\n")
        java.chmod(0o755)
        self.assert_refused(["start"], 1, "no mvn on this machine; apt install maven")

    def test_every_verb_has_help(self):
        for verb in ("start", "stop", "status", "produce", "consume", "kill", "restart"):
            run = self.kafka(verb, "--help")
            self.assertEqual(run.returncode, 0)
            self.assertIn(f"usage: ./dev kafka {verb}", run.stdout)


if __name__ == "__main__":
    unittest.main()
