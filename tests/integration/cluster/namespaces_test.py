#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""A cluster of six hosts, each a network namespace with an address of its own: ZooKeeper, two Nimbus,
three supervisors, TLS between them. Hosts are cut off the network while ids flow."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import BIN, Cluster, Failure, main, wait_until  # noqa: E402

COUNT = 150_000
RATE = 10_000
ZOOKEEPER, NIMBUSES, SUPERVISORS = 1, (2, 3), (4, 5, 6)
HOSTS = (ZOOKEEPER, *NIMBUSES, *SUPERVISORS)


def ip(*arguments):
    done = subprocess.run(["ip", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"ip {' '.join(map(str, arguments))}: {done.stderr}")


class Network:
    """Namespaces, joined by a bridge in one more. Nothing outside of them is touched."""

    def __init__(self):
        self.prefix = f"rf{os.getpid()}"
        self.made = []
        self.switch = self._namespace("s")
        ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.switch, "link", "set", "bridge", "up")
        for host in HOSTS:
            self._join(host)

    def _namespace(self, name):
        full = f"{self.prefix}{name}"
        ip("netns", "add", full)
        self.made.append(full)
        ip("-n", full, "link", "set", "lo", "up")
        return full

    def _join(self, host):
        inside = self._namespace(str(host))
        port = f"port{host}"
        ip("-n", inside, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns",
           self.switch)
        ip("-n", self.switch, "link", "set", port, "master", "bridge")
        ip("-n", self.switch, "link", "set", port, "up")
        ip("-n", inside, "address", "add", f"{self.address(host)}/24", "dev", "eth0")
        ip("-n", inside, "link", "set", "eth0", "up")

    @staticmethod
    def address(host):
        return f"10.213.7.{host}"

    def within(self, host):
        """What goes before a command that shall run on this host."""
        return ["ip", "netns", "exec", f"{self.prefix}{host}"]

    def plug(self, host, state):
        ip("-n", self.switch, "link", "set", f"port{host}", state)

    def remove(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "delete", name], check=False)


class Hosts:
    """The processes on them."""

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="rn-", dir="/tmp"))
        self.network = Network()
        self.processes = {}
        (self.dir / "logs").mkdir()
        subprocess.run([str(BIN / "rafale"), "certs", "dev", "--dir", str(self.dir / "certs")],
                       check=True, capture_output=True)
        self._start_zookeeper()
        for number in NIMBUSES:
            self._start("nimbus", number, "nimbus.thrift.port=6627")
        for number in SUPERVISORS:
            self._start("supervisor", number, "supervisor.slots.ports=[6700,6701]")
        wait_until("all are there", self.complete)

    def _start_zookeeper(self):
        settings = self.dir / "zoo.cfg"
        address = self.network.address(ZOOKEEPER)
        settings.write_text(f"tickTime=500\ndataDir={self.dir}/zookeeper\nclientPort=2181\n"
                            f"clientPortAddress={address}\nadmin.enableServer=false\n")
        self._run("zookeeper", ZOOKEEPER, [
            "/usr/bin/java", "-Xmx128m", "-XX:+UseSerialGC", "-cp",
            "/usr/share/java/zookeeper.jar", "org.apache.zookeeper.server.ZooKeeperServerMain",
            str(settings)])

    def config(self, role, host):
        file = self.dir / f"{role}-{host}.yaml"
        seeds = ", ".join(f'"{self.network.address(n)}"' for n in NIMBUSES)
        own = self.network.address(host)
        certs = self.dir / "certs"
        file.write_text(
            f'storm.zookeeper.servers: ["{self.network.address(ZOOKEEPER)}"]\n'
            "storm.zookeeper.port: 2181\nzookeeper.insecure: true\n"
            f"nimbus.seeds: [{seeds}]\nstorm.local.hostname: {own}\nrafale.bind: {own}\n"
            f"storm.local.dir: {self.dir}/{role}-{host}\n"
            f"rafale.tls.ca: {certs}/ca.pem\nrafale.tls.cert: {certs}/{role}.pem\n"
            f"rafale.tls.key: {certs}/{role}.key\n")
        return file

    def _start(self, role, host, setting):
        self._run(f"{role}-{host}", host, [str(BIN / f"rafale-{role}"), "--config",
                                           str(self.config(role, host)), "-c", setting])

    def _run(self, name, host, command):
        with open(self.dir / "logs" / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [*self.network.within(host), *command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)

    def run(self, *arguments, ok=True):
        """`rafale` with these arguments, on ZooKeeper's host; its standard output."""
        done = subprocess.run(
            [*self.network.within(ZOOKEEPER), str(BIN / "rafale"), *arguments, "--config",
             str(self.config("user", ZOOKEEPER))], capture_output=True, text=True, timeout=240)
        if ok and done.returncode != 0:
            raise Failure(f"rafale {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout if ok else done

    def json(self, *arguments):
        done = self.run(*arguments, "-o", "json", ok=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def complete(self):
        view = self.json("status")
        return (len(view.get("nimbuses", [])) == len(NIMBUSES) and
                sum(s["alive"] for s in view["supervisors"]) == len(SUPERVISORS))

    def leader_host(self):
        return int(self.json("status")["leader"].split(":")[0].rsplit(".", 1)[1])

    def workers(self):
        return self.json("status", "ids").get("workers", [])

    def leave(self):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(timeout=30)
        for entry in Path("/proc").iterdir():  # workers outlive their supervisor
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
                if entry.name.isdigit() and str(self.dir) in line and "rafale-worker" in line:
                    os.kill(int(entry.name), 9)
            except OSError:
                continue
        self.network.remove()
        shutil.rmtree(self.dir, ignore_errors=True)

    def show_logs(self):
        for log in sorted((self.dir / "logs").iterdir()):
            print(f"---- {log.name}")
            print("\n".join(log.read_text(errors="replace").splitlines()[-25:]))


class Partitions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hosts = Hosts()
        cls.addClassCleanup(cls.hosts.leave)

    def setUp(self):
        self.output = self.hosts.dir / self._testMethodName
        self.hosts.run("submit", str(BIN / "id_check.so"), "--name", "ids", "--wait", "-c",
                       "topology.workers=3", "-c", f"ids.count={COUNT}", "-c", f"ids.rate={RATE}",
                       "-c", f"ids.output={self.output}", "-c", "ids.parallelism=3")
        self.before = self.hosts.workers()
        wait_until("ids arrive", lambda: len(self.ids()) > COUNT // 20)

    def tearDown(self):
        if self._outcome.result.errors or self._outcome.result.failures:
            self.hosts.show_logs()
        for host in HOSTS:
            self.hosts.network.plug(host, "up")
        self.hosts.run("kill", "ids", "-w", "5")

    def ids(self):
        return {int(line) for file in self.output.glob("ids-*.txt")
                for line in file.read_bytes().split(b"\n")[:-1]}

    def expect_everything(self):
        wait_until("every id arrived", lambda: len(self.ids()) == COUNT, 120)

    def test_workers_are_on_three_hosts(self):
        self.assertEqual({w["host"] for w in self.before},
                         {self.hosts.network.address(h) for h in SUPERVISORS})
        self.expect_everything()

    def test_a_host_that_is_cut_off_is_replaced_and_what_runs_there_ends_when_it_is_back(self):
        lost = self.before[0]
        host = int(lost["host"].rsplit(".", 1)[1])
        self.hosts.network.plug(host, "down")
        moved = wait_until("the worker is placed elsewhere", lambda: [
            w for w in self.hosts.workers()
            if w["worker"] == lost["worker"] and w["host"] != lost["host"] and w["pid"] != 0])
        self.assertTrue(Cluster.runs(lost["pid"]), "nobody can have told it yet")
        self.expect_everything()
        self.hosts.network.plug(host, "up")
        wait_until("the leftover has ended", lambda: not Cluster.runs(lost["pid"]))
        wait_until("the host is back", self.hosts.complete)
        now = {w["worker"]: w["pid"] for w in self.hosts.workers()}
        self.assertEqual(now[lost["worker"]], moved[0]["pid"])

    def test_the_leading_nimbus_is_cut_off_and_no_worker_stops(self):
        host = self.hosts.leader_host()
        self.hosts.network.plug(host, "down")
        wait_until("another leads", lambda: self.hosts.json("status").get("leader") not in
                   (None, f"{self.hosts.network.address(host)}:6627"))
        self.expect_everything()
        self.assertEqual([w["pid"] for w in self.hosts.workers()],
                         [w["pid"] for w in self.before])
        self.hosts.network.plug(host, "up")
        wait_until("both are there", self.hosts.complete)
        self.assertNotEqual(self.hosts.leader_host(), host)


def reason_to_skip():
    if os.geteuid() != 0:
        return "needs root: network namespaces are made"
    if shutil.which("ip") is None:
        return "needs the command ip (apt install iproute2)"
    name = f"rf{os.getpid()}t"
    try:
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")  # enters it, for which / must be a mount
    except Failure as failure:
        return f"network namespaces cannot be used here: {str(failure).strip()}"
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
    return None


if __name__ == "__main__":
    main(reason_to_skip())
