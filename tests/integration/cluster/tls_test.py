#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""A cluster that speaks TLS: everything works, and who has no certificate, or one of another role or
another authority, is told so and gets nothing."""

import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import BIN, Cluster, main, wait_until  # noqa: E402

COUNT = 40_000


def certs(*arguments):
    subprocess.run([str(BIN / "rafale"), "certs", *arguments], check=True, capture_output=True)


def certify_without_a_role(folder, name):
    """What `rafale certs` does not make."""
    file = folder / name
    for command in (
            ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{file}.key"],
            ["req", "-new", "-key", f"{file}.key", "-subj", f"/CN={name}", "-addext",
             "subjectAltName=DNS:rafale", "-out", f"{file}.csr"],
            ["x509", "-req", "-in", f"{file}.csr", "-CA", folder / "ca.pem", "-CAkey",
             folder / "ca.key", "-CAcreateserial", "-days", "2", "-copy_extensions", "copy",
             "-out", f"{file}.pem"]):
        subprocess.run(["openssl", *command], check=True, capture_output=True)


class Tls(unittest.TestCase):
    """All that listens speaks TLS, and workers talk to each other by TCP."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(supervisors=3, nimbuses=1, options=("--tls", "--hosts"))
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
        ours = cls.cluster.dir / "certs"
        certify_without_a_role(ours, "nobody")
        theirs = cls.cluster.dir / "theirs"
        subprocess.run([str(BIN / "rafale"), "certs", "dev", "--dir", str(theirs), "--days", "2"],
                       check=True, capture_output=True)
        cls.strangers = {"a certificate without a role": cls.config("nobody", ours),
                         "another authority": cls.config("user", theirs),
                         "no certificate": cls.config("plain", None)}

    @classmethod
    def config(cls, name, folder):
        """The cluster's settings with another certificate, or none."""
        lines = [line for line in (cls.cluster.dir / "rafale.yaml").read_text().splitlines()
                 if not line.startswith("rafale.tls.")]
        if folder is not None:
            lines += [f"rafale.tls.ca: {folder}/ca.pem", f"rafale.tls.cert: {folder}/{name}.pem",
                      f"rafale.tls.key: {folder}/{name}.key"]
        file = cls.cluster.dir / f"stranger-{len(list(cls.cluster.dir.glob('stranger-*')))}.yaml"
        file.write_text("\n".join(lines) + "\n")
        return file

    def test_a_topology_runs_and_survives_a_worker(self):
        output = self.cluster.dir / "ids"
        self.cluster.submit("id_check.so", "ids", "-c", "topology.workers=3", "-c",
                            f"ids.count={COUNT}", "-c", "ids.rate=10000", "-c",
                            f"ids.output={output}", "-c", "ids.parallelism=3")

        def ids():
            return [int(line) for file in output.glob("ids-*.txt")
                    for line in file.read_bytes().split(b"\n")[:-1]]

        wait_until("ids arrive", lambda: len(ids()) > COUNT // 20)
        os.kill(self.cluster.status("ids")["workers"][0]["pid"], signal.SIGKILL)
        wait_until("every id arrived", lambda: len(set(ids())) == COUNT)
        self.assertEqual(self.cluster.wait_active("ids")["workers"][0]["restarts"], 1)
        self.cluster.run("kill", "ids", "-w", "5")

    def test_a_file_that_is_no_certificate_is_named(self):
        config = self.cluster.dir / "rafale.yaml"
        for file, why in (("/no/such/file", "cannot read /no/such/file"),
                          (str(config), f"{config} has nothing in PEM form")):
            done = self.cluster.run("list", "-c", f"rafale.tls.cert={file}", ok=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"rafale.tls.cert: {why}", done.stderr)

    def test_strangers_get_nothing(self):
        for who, config in self.strangers.items():
            with self.subTest(who):
                done = self.cluster.run("list", "--config", str(config), ok=False)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
        done = self.cluster.run("list", "--config",
                                str(self.strangers["a certificate without a role"]), ok=False)
        self.assertIn("/rafale.v1.Nimbus/", done.stderr)
        self.assertIn("is for user, and nobody is not", done.stderr)


if __name__ == "__main__":
    main()
