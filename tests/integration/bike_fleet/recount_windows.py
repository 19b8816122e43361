#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""recount_windows.py RECORDS.jsonl WINDOW_MS

Recounts the statistics of a city from JCDecaux v1 records in the order of the file, by last_update:
one source, no lag. Prints {"late": N, "windows": {"CONTRACT/START": [stands, records, stations]}}.
"""

import json
import sys
from collections import defaultdict


def main() -> None:
    path, length = sys.argv[1], int(sys.argv[2])
    clock: dict[str, int] = {}
    late = 0
    windows: dict[str, dict[object, list[int]]] = defaultdict(lambda: defaultdict(list))
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            contract, at = record["contract_name"], record["last_update"]
            start = at // length * length
            if start + length <= clock.get(contract, -1):
                late += 1
                continue
            clock[contract] = max(clock.get(contract, -1), at)
            window = windows[f"{contract}/{start}"]
            window[record["number"]].append(record["available_bike_stands"])
    json.dump(
        {
            "late": late,
            "windows": {
                key: [
                    sum(sum(stands) / len(stands) for stands in stations.values()),
                    sum(len(stands) for stands in stations.values()),
                    len(stations),
                ]
                for key, stations in windows.items()
            },
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
