#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""A real cluster: ZooKeeper, two Nimbus, three supervisors, workers. What is killed under load must
cost nothing: every id arrives, and the topology runs again."""

import os
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import Cluster, main, wait_until  # noqa: E402

COUNT = 120_000
RATE = 20_000


def setUpModule():
    global cluster
    cluster = Cluster()


def tearDownModule():
    cluster.__exit__(None, None, None)


class UnderLoad(unittest.TestCase):
    """Each test submits id_check, hurts something, and looks at what arrived."""

    def setUp(self):
        self.name = self._testMethodName.replace("test_", "")
        self.output = cluster.dir / "ids" / self.name
        cluster.submit("id_check.so", self.name, "-c", "topology.workers=3", "-c",
                       f"ids.count={COUNT}", "-c", f"ids.rate={RATE}", "-c",
                       f"ids.output={self.output}", "-c", "ids.parallelism=3")
        wait_until("ids arrive", lambda: self.lines() > COUNT // 20)

    def tearDown(self):
        cluster.run("kill", self.name, "-w", "5")

    def lines(self):
        return sum(file.read_bytes().count(b"\n") for file in self.output.glob("ids-*.txt"))

    def missing(self):
        seen = bytearray(COUNT)
        for file in self.output.glob("ids-*.txt"):
            for line in file.read_bytes().split(b"\n")[:-1]:
                seen[int(line)] = 1
        return COUNT - sum(seen)

    def expect_everything(self):
        status = cluster.wait_active(self.name)
        wait_until(f"every id of {COUNT} arrived", lambda: self.lines() >= COUNT and
                   self.missing() == 0, 90)
        status = cluster.wait_active(self.name)
        failed = {c["id"]: c["failed"] for c in status["components"]}
        self.assertEqual(sum(f["timeout"] for f in failed.values()), 0,
                         f"nothing waits for its timeout: {failed}")
        return status

    def test_a_worker_is_killed(self):
        before = cluster.status(self.name)["workers"]
        os.kill(before[0]["pid"], signal.SIGKILL)
        after = self.expect_everything()["workers"]
        self.assertEqual(after[0]["restarts"], 1)
        self.assertIn("signal 9", after[0]["last_exit"])
        self.assertEqual([w["pid"] for w in after[1:]], [w["pid"] for w in before[1:]])

    def test_two_workers_are_killed(self):
        before = cluster.status(self.name)["workers"]
        for worker in before[1:]:
            os.kill(worker["pid"], signal.SIGKILL)
        after = self.expect_everything()["workers"]
        self.assertEqual(after[0]["pid"], before[0]["pid"])

    def test_a_supervisor_is_killed(self):
        before = cluster.status(self.name)["workers"]
        name = cluster.supervisor_of(before[0])
        cluster.kill(name)
        time.sleep(2)
        cluster.restart(name)
        after = self.expect_everything()["workers"]
        self.assertEqual([w["pid"] for w in after], [w["pid"] for w in before])

    def test_a_supervisor_is_killed_with_its_workers(self):
        before = cluster.status(self.name)["workers"]
        name = cluster.supervisor_of(before[0])
        cluster.kill(name)
        os.kill(before[0]["pid"], signal.SIGKILL)
        after = self.expect_everything()["workers"]
        self.assertNotEqual(after[0]["supervisor"], before[0]["supervisor"])
        cluster.restart(name)
        wait_until("the supervisor is back", lambda: all(
            s["alive"] for s in cluster.json("status")["supervisors"]))

    def test_the_leading_nimbus_is_killed(self):
        before = cluster.status(self.name)["workers"]
        name = cluster.leader()
        cluster.kill(name)
        after = self.expect_everything()["workers"]
        self.assertEqual([w["pid"] for w in after], [w["pid"] for w in before])
        cluster.restart(name)
        wait_until("both Nimbus are there", lambda: len(cluster.json("status")["nimbuses"]) == 2)

    def test_zookeeper_goes_away_for_20_seconds(self):
        before = cluster.status(self.name)["workers"]
        cluster.kill("zookeeper")
        time.sleep(20)
        cluster.restart("zookeeper")
        after = self.expect_everything()["workers"]
        self.assertEqual([w["pid"] for w in after], [w["pid"] for w in before])

    def test_it_is_rebalanced_twice(self):
        cluster.run("rebalance", self.name, "-n", "2", "-w", "5")
        self.assertEqual(len(cluster.wait_active(self.name)["workers"]), 2)
        cluster.run("rebalance", self.name, "-n", "4", "-e", "keyed=2", "-w", "5")
        status = self.expect_everything()
        self.assertEqual(len(status["workers"]), 4)
        keyed = next(c for c in status["components"] if c["id"] == "keyed")
        self.assertEqual(keyed["executors"], 2)

    def test_a_worker_that_was_stopped_and_replaced_can_change_nothing(self):
        before = cluster.status(self.name)["workers"]
        name = cluster.supervisor_of(before[0])
        cluster.signal(name, signal.SIGSTOP)
        os.kill(before[0]["pid"], signal.SIGSTOP)
        after = self.expect_everything()["workers"]
        self.assertNotEqual(after[0]["supervisor"], before[0]["supervisor"])
        lines = self.lines()
        os.kill(before[0]["pid"], signal.SIGCONT)
        wait_until("the leftover has ended", lambda: not cluster.runs(before[0]["pid"]))
        cluster.signal(name, signal.SIGCONT)
        self.assertLessEqual(self.lines() - lines, COUNT)
        wait_until("the supervisor is back", lambda: all(
            s["alive"] for s in cluster.json("status")["supervisors"]))


class Topologies(unittest.TestCase):
    def test_ten_run_at_once_and_one_is_killed_while_another_comes(self):
        names = [f"t{i}" for i in range(10)]
        for name in names:
            cluster.run("submit", os.path.join(os.environ["RAFALE_BIN_DIR"], "id_check.so"),
                        "--name", name, "-c", "ids.count=5000", "-c", "ids.parallelism=1", "-c",
                        f"ids.output={cluster.dir}/ids/{name}")
        for name in names:
            cluster.wait_active(name)
        cluster.run("kill", "t0", "-w", "1", "--no-wait")
        cluster.submit("id_check.so", "late", "-c", "ids.count=10", "-c",
                       f"ids.output={cluster.dir}/ids/late")
        listed = {t["name"] for t in cluster.json("list")}
        self.assertTrue(set(names[1:]) | {"late"} <= listed)
        for name in names[1:] + ["late"]:
            cluster.run("kill", name, "-w", "1")
        wait_until("all are gone", lambda: cluster.json("list") == [])

    def test_a_name_is_taken_once(self):
        cluster.submit("id_check.so", "once", "-c", "ids.count=1", "-c",
                       f"ids.output={cluster.dir}/ids/once")
        again = cluster.run("submit", os.path.join(os.environ["RAFALE_BIN_DIR"], "id_check.so"),
                            "--name", "once", ok=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("runs already", again.stderr)
        cluster.run("kill", "once", "-w", "1")

    def crash(self, where, reason):
        plugin = os.path.join(os.environ["RAFALE_BIN_DIR"], "tests/plugins/cluster_crash.so")
        name = f"crash_{where}"
        cluster.run("submit", plugin, "--name", name, "-c", f"crash.where={where}")

        def shown():
            workers = cluster.status(name)["workers"]
            return workers and reason in workers[0]["last_exit"]
        wait_until(f"status says {reason}", shown)
        cluster.run("kill", name, "-w", "0")

    def test_a_name_is_free_again_as_soon_as_its_topology_is_killed(self):
        ids = set()
        for _ in range(4):  # faster than the seconds that stand in an id
            ids.add(cluster.submit("id_check.so", "again", "-c", "topology.workers=2", "-c",
                                   "ids.rate=100", "-c",
                                   f"ids.output={cluster.dir / 'ids' / 'again'}")["id"])
            cluster.run("kill", "again", "-w", "0")
        self.assertEqual(len(ids), 4)

    def test_crashes_are_shown_with_their_reason_and_disturb_nobody(self):
        cluster.submit("id_check.so", "calm", "-c", "ids.count=1000", "-c",
                       f"ids.output={cluster.dir}/ids/calm")
        before = [w["pid"] for w in cluster.status("calm")["workers"]]
        self.crash("load", "signal 6")
        self.crash("prepare", "the table cannot be read")
        self.crash("execute", "signal 11")
        self.assertEqual([w["pid"] for w in cluster.wait_active("calm")["workers"]], before)
        cluster.run("kill", "calm", "-w", "1")

    def test_spouts_stop_and_go_on(self):
        cluster.submit("id_check.so", "pause", "-c", "ids.rate=1000", "-c",
                       f"ids.output={cluster.dir}/ids/pause")
        cluster.run("deactivate", "pause")
        self.assertEqual(cluster.status("pause")["status"], "INACTIVE")
        cluster.run("activate", "pause")
        cluster.wait_active("pause")
        cluster.run("kill", "pause", "-w", "1")


if __name__ == "__main__":
    main()
