#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""Two recorded cities on a cluster, from files and through Kafka: the counts of every station,
written by the workers, equal those of the oracles, and the death of a worker loses nothing."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import unittest
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import Cluster, Failure, main, wait_until  # noqa: E402

ROOT = Path(os.environ.get("RAFALE_SOURCE_DIR", Path(__file__).parents[3]))
DATA = Path(os.environ.get("RAFALE_SHARED_DATA", ROOT.parent / "shared" / "data"))
RECORDINGS = [DATA / "bikes" / name for name in ("lyon-jcdecaux-2019-09",
                                                 "mexico-ecobici-gbfs-2024-04")]


def data_reason():
    for recording in RECORDINGS:
        if not recording.with_suffix(".csv.zst").exists():
            return f"needs recorded data, {recording}.csv.zst"
    return None


def expand(recording, to):
    """Writes a recording as JCDecaux records; how many there are."""
    text = subprocess.run(["zstd", "-dcq", recording.with_suffix(".csv.zst")], check=True,
                          capture_output=True, text=True).stdout
    count = 0
    with open(to, "w", encoding="utf-8") as out:
        for row in csv.DictReader(text.splitlines()):
            number = row["number"]
            out.write(json.dumps({
                "number": int(number) if number.isdigit() else number,
                "contract_name": row["contract"], "name": number, "address": "",
                "position": {"lat": None, "lng": None}, "banking": False, "bonus": False,
                "bike_stands": 99, "available_bike_stands": int(row["stands"]),
                "available_bikes": int(row["bikes"]), "status": row["status"],
                "last_update": int(row["last_update_ms"])}) + "\n")
            count += 1
    return count


def counts(directory):
    """Station -> [deltas, became empty, no longer empty, last bikes]."""
    found = defaultdict(lambda: [0, 0, 0, 0])
    for file in directory.glob("events*.jsonl"):
        for line in file.read_text().splitlines():
            event = json.loads(line)
            station = found[f"{event['contract']}/{event['number']}"]
            station[("delta", "empty", "not_empty").index(event["event"])] += 1
            station[3] = event["bikes"]
    return found


def statistics(directory):
    """Windows of the cities as the oracles have them, the last line of each; distinct late records."""
    windows, late = {}, set()
    for file in directory.glob("city_stats*.jsonl"):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            if "window_start" in row:
                windows[f"{row['contract']}/{row['window_start']}"] = [
                    row["available_stands"], row["records"], row["stations"]]
            else:
                late.add(row["position"])
    return windows, late


def oracles():
    wanted = {}
    for recording in RECORDINGS:
        wanted |= json.loads(recording.with_suffix(".oracle.json").read_text())["per_station"]
    return wanted


class Kafka:
    """A broker that ends with this process."""

    def __init__(self, directory):
        self.directory = directory
        self.process = subprocess.Popen(
            self.command("start", "--attached"), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "=" not in line:
            raise Failure("Kafka does not start")
        self.servers = line.strip().split("=", 1)[1]

    def command(self, verb, *arguments):
        return [sys.executable, str(ROOT / "deploy" / "kafka.py"), verb, *arguments, "--dir",
                str(self.directory)]

    def create_topic(self, name, partitions):
        subprocess.run(self.command("topics", "--create", "--topic", name, "--partitions",
                                    str(partitions)), check=True, capture_output=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()


def kafka_reason():
    if shutil.which("java") is None:
        return "needs Kafka: there is no java"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    jars = cache / "rafale" / "kafka-4.3.1"
    return None if jars.exists() else f"needs Kafka: there is no {jars} (./dev kafka fetch)"


class ThroughKafka(unittest.TestCase):
    def setUp(self):
        if kafka_reason():
            self.skipTest(kafka_reason())

    def test_two_topologies_around_a_broker_count_right_and_a_death_loses_nothing(self):
        with Cluster(supervisors=3, nimbuses=1) as cluster, Kafka(cluster.dir / "kafka") as kafka:
            kafka.create_topic("velib-stations", 3)
            files = [cluster.dir / f"{recording.name}.jsonl" for recording in RECORDINGS]
            self.records = sum(expand(*pair) for pair in zip(RECORDINGS, files))
            self.cluster, self.servers = cluster, kafka.servers
            cluster.submit("bike_ingest.so", "ingest", "-c", f"bikes.file={','.join(map(str, files))}",
                           "-c", f"kafka.bootstrap.servers={kafka.servers}")
            wait_until("all records are in the topic", lambda: self.acked("ingest") >= self.records,
                       120)
            cluster.run("kill", "ingest", "-w", "1")

            self.count("counts")
            found = counts(cluster.dir / "counts")
            wrong = {s: (found[s], w) for s, w in oracles().items() if found[s] != w}
            self.assertEqual(wrong, {}, "station: (found, wanted)")

            self.count("killed", lambda: self.kill_a_worker("killed"))
            places = set()
            for file in (cluster.dir / "killed").glob("trace*.jsonl"):
                places |= {json.loads(line)["position"] for line in file.read_text().splitlines()}
            self.assertEqual(len(places), self.records)
            found = counts(cluster.dir / "killed")
            wrong = {s: (found[s][3], w[3]) for s, w in oracles().items() if found[s][3] != w[3]}
            self.assertEqual(wrong, {}, "station: (last bikes found, wanted)")
            # Partitions that are read side by side make many late; but each is in one place.
            for name in ("counts", "killed"):
                windows, late = statistics(cluster.dir / f"{name}-stats")
                self.assertEqual(sum(w[1] for w in windows.values()) + len(late), self.records, name)

    def feed(self, name):
        return next(c for c in self.cluster.status(name)["components"] if c["id"] == "feed")

    def acked(self, name):
        return self.feed(name)["acked"]

    def lag(self, name):
        lags = [spout["lag"] for spout in self.cluster.status(name)["spouts"]]
        return sum(lags) if lags and None not in lags else None

    def count(self, name, trouble=lambda: None):
        self.cluster.submit(
            "bike_fleet.so", name, "-c", "topology.workers=3", "-c", "bikes.parallelism=4", "-c",
            "bikes.source=kafka", "-c", f"kafka.bootstrap.servers={self.servers}", "-c",
            f"kafka.group={name}", "-c", "kafka.commit.ms=200", "-c", "bikes.trace=true", "-c",
            f"bikes.output={self.cluster.dir / name}", "-c", "sink.append=true", "-c",
            f"bikes.stats={self.cluster.dir / name}-stats")
        trouble()
        wait_until("all records are acked",
                   lambda: self.acked(name) >= self.records and self.lag(name) == 0, 120)
        self.cluster.run("kill", name, "-w", "5")

    def kill_a_worker(self, name):
        wait_until("it is under way", lambda: self.acked(name) > 20_000)
        workers = self.cluster.status(name)["workers"]
        os.kill(workers[0]["pid"], signal.SIGKILL)
        wait_until("another took its place", lambda: any(
            worker["restarts"] for worker in self.cluster.status(name)["workers"]))


class Fleet(unittest.TestCase):
    def test_every_station_counts_as_the_oracles_say(self):
        with Cluster(supervisors=3, nimbuses=2) as cluster:
            files = [cluster.dir / f"{recording.name}.jsonl" for recording in RECORDINGS]
            records = sum(expand(*pair) for pair in zip(RECORDINGS, files))
            output = cluster.dir / "events"
            cluster.submit("bike_fleet.so", "fleet", "-c", "topology.workers=3", "-c",
                           "bikes.parallelism=3", "-c", f"bikes.file={','.join(map(str, files))}",
                           "-c", f"bikes.output={output}", "-c", f"bikes.stats={output}-stats")

            def feed():
                return next(c for c in cluster.status("fleet")["components"] if c["id"] == "feed")

            wait_until(f"{records} records are acked", lambda: feed()["acked"] >= records, 120)
            self.assertEqual(feed()["acked"], records)
            self.assertEqual(sum(feed()["failed"].values()), 0)
            cluster.run("kill", "fleet", "-w", "5")

            found = counts(output)
            wanted = oracles()
            wrong = {station: (found[station], oracle) for station, oracle in wanted.items()
                     if found[station] != oracle}
            self.assertEqual(wrong, {}, "station: (found, wanted)")
            self.assertLessEqual(set(found), set(wanted))

            windows, late = statistics(cluster.dir / "events-stats")
            self.assertEqual(sum(w[1] for w in windows.values()) + len(late), records)
            lyon = json.loads(RECORDINGS[0].with_suffix(".oracle.json").read_text())["window_stats"]
            for key, (stands, *counted) in lyon.items():
                self.assertEqual(windows[key][1:], counted, key)
                self.assertAlmostEqual(windows[key][0], stands, delta=1e-6, msg=key)


if __name__ == "__main__":
    main(data_reason())
