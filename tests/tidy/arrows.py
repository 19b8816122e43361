# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""The include arrows: which folder may know of which, and what some must not know at all."""

import os
import re

from tree import Violation

# folder -> the folders of ours that its files may include, besides itself.
STOREYS = {
    "sdk": set(),
    "common": set(),
    "proto": set(),
    "coord": {"common", "proto"},
    "nimbus": {"coord", "common", "proto"},
    "supervisor": {"coord", "common", "proto"},
    "worker": {"sdk", "common", "proto"},
    "cli": {"sdk", "common", "proto"},
    "dashboard": {"common", "proto"},
    "connectors": {"sdk"},
    "topologies": {"sdk", "connectors"},
}
OBSERVERS = {"tests", "bench"}  # may look at everything; nothing looks at them

# The same for the rooms of worker/. The files directly in worker/ wire everything together.
ROOMS = {
    "batch": set(),
    "metrics": set(),
    "plugin": {"runtime"},
    "ack": {"batch", "metrics"},
    "routing": {"batch", "metrics"},
    "executor": {"routing", "ack", "batch", "metrics"},
    "transport": {"ack", "routing", "batch", "metrics"},
    "local": {"runtime", "plugin", "metrics"},
    "runtime": {"executor", "routing", "ack", "metrics", "batch"},
    "cluster": {"runtime", "transport", "plugin", "executor", "routing", "ack", "metrics",
                "batch"},
    "testing": {"runtime", "executor", "transport", "routing", "ack", "plugin", "metrics",
                "batch"},
}

NEW_ARROW = "A new arrow is a design change of its own: argue it in docs/design/ first."


def _allowed_sentence(folder, allowed):
    if not allowed:
        return f"{folder}/ includes nothing of ours. {NEW_ARROW}"
    return f"{folder}/ includes only {', '.join(sorted(allowed))}. {NEW_ARROW}"


def folder_arrows(tree):
    """Top folders include only the folders below them."""
    for path in tree.cxx():
        folder = path.split("/")[0]
        if folder in OBSERVERS or "/" not in path:
            continue
        if folder not in STOREYS:
            yield Violation(path, 1, f"the folder {folder}/ has no storey",
                            f"Every folder of C++ stands in STOREYS of tests/tidy/arrows.py. "
                            f"{NEW_ARROW}")
            continue
        for include in tree.includes(path):
            other = include.path.split("/")[0] if include.path else folder
            known = other in STOREYS or other in OBSERVERS
            if known and other != folder and other not in STOREYS[folder]:
                yield Violation(path, include.line, f"includes {include.name}",
                                _allowed_sentence(folder, STOREYS[folder]))


def room_arrows(tree):
    """The rooms of worker/ keep their order."""
    for path in tree.cxx():
        parts = path.split("/")
        if parts[0] != "worker" or len(parts) < 3:
            continue
        room = parts[1]
        if room not in ROOMS:
            yield Violation(path, 1, f"the room worker/{room}/ is not in the table",
                            f"Every room of worker/ stands in ROOMS of tests/tidy/arrows.py. "
                            f"{NEW_ARROW}")
            continue
        allowed = {f"worker/{other}" for other in ROOMS[room]}
        for include in tree.includes(path):
            target = (include.path or "").split("/")
            if target[0] != "worker":
                continue
            if len(target) < 3:
                yield Violation(path, include.line, f"includes {include.name}",
                                "The rooms of worker/ know nothing of the files that wire them.")
            elif target[1] != room and target[1] not in ROOMS[room]:
                yield Violation(path, include.line, f"includes {include.name}",
                                _allowed_sentence(f"worker/{room}", allowed))


_STANDARD = re.compile(r"[a-z0-9_]+$")
_POSIX = re.compile(r"(sys/|linux/)?[a-z0-9_]+\.h$")
_THIRD_PARTY = {"simdjson.h", "zstd.h", "yaml.h"}


def sdk_is_standard_library_only(tree):
    """The SDK drags nothing into a topology."""
    for path in tree.cxx():
        if not path.startswith("sdk/"):
            continue
        public = path.startswith("sdk/include/")
        for include in tree.includes(path):
            if include.path and include.path.startswith("sdk/"):
                if public and not include.path.startswith("sdk/include/"):
                    yield Violation(path, include.line, f"includes {include.name}",
                                    "A public header includes public headers only: the others "
                                    "are not installed.")
                continue
            standard = not include.quoted and _STANDARD.match(include.name)
            posix = (not public and not include.quoted and _POSIX.match(include.name)
                     and include.name not in _THIRD_PARTY)
            if not standard and not posix:
                yield Violation(path, include.line, f"includes {include.name}",
                                "SDK headers include the standard library only, its sources "
                                "besides that the operating system: a topology links nothing "
                                "else.")


def outsiders_use_the_public_sdk(tree):
    """Connectors and topologies see what a user sees."""
    for path in tree.cxx():
        if path.split("/")[0] not in ("connectors", "topologies"):
            continue
        for include in tree.includes(path):
            target = include.path or ""
            if target.startswith("sdk/") and not target.startswith("sdk/include/"):
                yield Violation(path, include.line, f"includes {include.name}",
                                "Connectors and topologies include the public SDK headers, "
                                "<rafale/...>, as a user's code does.")


_EFFECTS = re.compile(
    r"(thread|jthread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|"
    r"fstream|iostream|cstdio|stdio\.h|syncstream|filesystem|"
    r"unistd\.h|fcntl\.h|poll\.h|pthread\.h|time\.h|ctime|"
    r"(sys|netinet|arpa|linux)/.*|spdlog/.*|grpc.*|.*\.pb\.h|common/(log|logging)\.h)$")
PURE_ROOMS = ("worker/ack/", "worker/routing/")
PURE_CORES = re.compile(r"(nimbus/(coordinator|scheduler)|supervisor/reconciler)[a-z_]*\.(h|cc)$")


def pure_cores(tree):
    """Decisions are separate from effects."""
    for path in tree.cxx():
        if not path.startswith(PURE_ROOMS) and not PURE_CORES.match(path):
            continue
        for include in tree.includes(path):
            if _EFFECTS.match(include.name):
                yield Violation(path, include.line, f"includes {include.name}",
                                "The coordinator, scheduler, reconciler, ack tracker and router "
                                "have no threads, clocks, sockets, files or logging.")


_ADAPTER = re.compile(r"_(service|client|codec)(_test)?\.(h|cc)$")


def generated_types_stop_at_adapters(tree):
    """Generated protobuf types stay at the edge."""
    for path in tree.cxx():
        if path.split("/")[0] in OBSERVERS or _ADAPTER.search(path):
            continue
        for include in tree.includes(path):
            if include.name.endswith(".pb.h"):
                yield Violation(path, include.line, f"includes {include.name}",
                                "A .pb.h appears only in *_service, *_client and *_codec files.")


def zookeeper_stays_in_coord(tree):
    """One folder talks to ZooKeeper."""
    for path in tree.cxx():
        if path.split("/")[0] in OBSERVERS | {"coord"}:
            continue
        for include in tree.includes(path):
            if "zookeeper" in include.name.lower() and not include.path:
                yield Violation(path, include.line, f"includes {include.name}",
                                "ZooKeeper is touched only in coord/.")


def plugins_open_in_worker(tree):
    """User code is loaded in one place."""
    for path in tree.cxx():
        if path.split("/")[0] in OBSERVERS or path.startswith("worker/"):
            continue
        for number, line in enumerate(tree.code_lines(path), 1):
            if re.search(r"\bdlm?open\s*\(", line):
                yield Violation(path, number, "opens a shared library",
                                "Only the worker opens a plugin; the others ask it in a child "
                                "process.")


def no_include_cycles(tree):
    """Neither files nor folders include each other in a ring."""
    files, folders = {}, {}
    for path in tree.cxx():
        if path.split("/")[0] in OBSERVERS:
            continue
        for include in tree.includes(path):
            if not include.path:
                continue
            files.setdefault(path, {})[include.path] = (path, include.line)
            here, there = os.path.dirname(path), os.path.dirname(include.path)
            if here != there:
                folders.setdefault(here, {}).setdefault(there, (path, include.line))
    for graph, kind in ((files, "files"), (folders, "folders")):
        ring = find_cycle(graph)
        if ring:
            path, line = graph[ring[0]][ring[1]]
            yield Violation(path, line, f"{kind} include each other: {' -> '.join(ring)}",
                            "The arrows stay acyclic, between files and between folders.")


def find_cycle(graph):
    """The nodes of a ring, the first repeated at the end, or None."""
    done, trail = set(), []

    def visit(node):
        if node in trail:
            return trail[trail.index(node):] + [node]
        if node in done:
            return None
        trail.append(node)
        for following in sorted(graph.get(node, ())):
            ring = visit(following)
            if ring:
                return ring
        trail.pop()
        done.add(node)
        return None

    for start in sorted(graph):
        ring = visit(start)
        if ring:
            return ring
    return None


RULES = [
    folder_arrows,
    room_arrows,
    sdk_is_standard_library_only,
    outsiders_use_the_public_sdk,
    pure_cores,
    generated_types_stop_at_adapters,
    zookeeper_stays_in_coord,
    plugins_open_in_worker,
    no_include_cycles,
]
