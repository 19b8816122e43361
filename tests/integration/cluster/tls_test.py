#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""A cluster that speaks TLS: everything works, and who has no certificate, or one of another role or
another authority, is told so and gets nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import BIN, Cluster, main, wait_until  # noqa: E402

COUNT = 40_000


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """Makes certificates of the parts of a cluster, in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        self.key("ca")
        openssl("req", "-x509", "-new", "-key", folder / "ca.key", "-days", "2", "-subj",
                "/CN=an authority", "-out", folder / "ca.pem")

    def key(self, name):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                self.folder / f"{name}.key")

    def certify(self, name, *roles):
        self.key(name)
        names = ["DNS:rafale", *(f"URI:rafale://role/{role}" for role in roles)]
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={','.join(names)}\n")
        openssl("req", "-new", "-key", self.folder / f"{name}.key", "-subj", f"/CN={name}", "-out",
                self.folder / f"{name}.csr")
        openssl("x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.folder / "ca.pem",
                "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
                self.folder / f"{name}.ext", "-out", self.folder / f"{name}.pem")

    def settings(self, name):
        return (f"rafale.tls.ca: {self.folder}/ca.pem\nrafale.tls.cert: {self.folder}/{name}.pem\n"
                f"rafale.tls.key: {self.folder}/{name}.key\n")


def free_ports(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def start(cluster, program, config, name, *settings):
    options = [part for setting in settings for part in ("-c", setting)]
    with open(cluster.dir / "logs" / f"{name}.log", "ab") as log:
        cluster.started.append(subprocess.Popen(
            [str(BIN / program), "--config", str(config), "-c",
             f"storm.local.dir={cluster.dir}/{name}", *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True))


class Tls(unittest.TestCase):
    """Nimbus and two supervisors with certificates, in the ZooKeeper of a cluster without."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(supervisors=1, nimbuses=1)
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
        base = "".join(line + "\n" for line in
                       (cls.cluster.dir / "rafale.yaml").read_text().splitlines()
                       if not line.startswith("nimbus.seeds"))
        ours = Authority(cls.cluster.dir / "ours")
        ours.certify("nimbus", "nimbus")
        ours.certify("supervisor", "supervisor", "worker")
        ours.certify("user", "user")
        ours.certify("nobody")
        theirs = Authority(cls.cluster.dir / "theirs")
        theirs.certify("user", "user")

        port, *slots = free_ports(5)
        cls.base = (base + "storm.zookeeper.root: /with-tls\n"
                    f'nimbus.seeds: ["127.0.0.1:{port}"]\n')
        start(cls.cluster, "rafale-nimbus", cls.config("nimbus", ours), "tls-nimbus",
              f"nimbus.thrift.port={port}")
        supervisor = cls.config("supervisor", ours)
        for number, ports in ((1, slots[:2]), (2, slots[2:])):
            start(cls.cluster, "rafale-supervisor", supervisor, f"tls-supervisor-{number}",
                  f"supervisor.slots.ports={ports}")
        cls.strangers = {"a certificate without a role": cls.config("nobody", ours),
                         "another authority": cls.config("user", theirs),
                         "no certificate": cls.config("plain", None)}
        cls.cluster.environment["RAFALE_CONFIG"] = str(cls.config("user", ours))
        wait_until("two supervisors", lambda: cls.supervisors() == 2)

    @classmethod
    def config(cls, name, authority):
        folder = cls.cluster.dir if authority is None else authority.folder
        file = folder / f"{name}.yaml"
        file.write_text(cls.base + ("" if authority is None else authority.settings(name)))
        return file

    @classmethod
    def supervisors(cls):
        done = cls.cluster.run("status", "-o", "json", ok=False)
        return len(json.loads(done.stdout)["supervisors"]) if done.returncode == 0 else 0

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
