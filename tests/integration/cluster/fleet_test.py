#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""Two recorded cities on a cluster: the counts of every station, written by the workers, equal those
of the oracles."""

import csv
import json
import os
import subprocess
import sys
import unittest
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import Cluster, main, wait_until  # noqa: E402

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


class Fleet(unittest.TestCase):
    def test_every_station_counts_as_the_oracles_say(self):
        with Cluster(supervisors=3, nimbuses=2) as cluster:
            files = [cluster.dir / f"{recording.name}.jsonl" for recording in RECORDINGS]
            records = sum(expand(*pair) for pair in zip(RECORDINGS, files))
            output = cluster.dir / "events"
            cluster.submit("bike_fleet.so", "fleet", "-c", "topology.workers=3", "-c",
                           "bikes.parallelism=3", "-c", f"bikes.file={','.join(map(str, files))}",
                           "-c", f"bikes.output={output}")

            def feed():
                return next(c for c in cluster.status("fleet")["components"] if c["id"] == "feed")

            wait_until(f"{records} records are acked", lambda: feed()["acked"] >= records, 120)
            self.assertEqual(feed()["acked"], records)
            self.assertEqual(sum(feed()["failed"].values()), 0)
            cluster.run("kill", "fleet", "-w", "5")

            found = counts(output)
            wanted = {}
            for recording in RECORDINGS:
                wanted |= json.loads(recording.with_suffix(".oracle.json").read_text())["per_station"]
            wrong = {station: (found[station], oracle) for station, oracle in wanted.items()
                     if found[station] != oracle}
            self.assertEqual(wrong, {}, "station: (found, wanted)")
            self.assertLessEqual(set(found), set(wanted))


if __name__ == "__main__":
    main(data_reason())
