# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""A cluster for tests: `rafale dev-cluster` in a folder of its own, and ways to hurt it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SKIP = 77
BIN = Path(os.environ.get("RAFALE_BIN_DIR", "build/release"))


class Failure(Exception):
    """A command failed that should not have; its text says all that is known."""


def skip_reason():
    """Why these tests cannot run here; None if they can."""
    for needed in ("/usr/share/java/zookeeper.jar", "/usr/bin/java"):
        if not Path(needed).exists():
            return f"needs ZooKeeper's server: there is no {needed} (apt install zookeeper)"
    return None


def main(reason=None):
    """Runs the tests of the calling file, or says why not, for `reason` or one of ours."""
    reason = reason or skip_reason()
    if reason is None:
        unittest.main(module="__main__", verbosity=2)
    print(f"SKIPPED: {reason}")
    if "RAFALE_SKIP_DIR" in os.environ:
        folder = Path(os.environ["RAFALE_SKIP_DIR"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / os.environ["RAFALE_TEST_NAME"]).write_text(reason + "\n")
    sys.exit(SKIP)


def wait_until(what, condition, seconds=60):
    """Waits until condition() is true and returns what it gave; fails with `what` otherwise."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failure(f"after {seconds} s still not so: {what}")
        time.sleep(0.05)


def start_time(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


class Cluster:
    def __init__(self, supervisors=3, nimbuses=2, options=()):
        # Unix sockets lie in it, and their paths are short.
        self.dir = Path(tempfile.mkdtemp(prefix="rc-", dir="/tmp"))
        self.environment = {**os.environ, "RAFALE_CONFIG": str(self.dir / "rafale.yaml")}
        self.started = []  # processes that replaced others
        self.run("dev-cluster", "start", "--dir", str(self.dir), "--supervisors",
                 str(supervisors), "--nimbus", str(nimbuses), *options)
        state = json.loads((self.dir / "processes.json").read_text())
        self.processes = {p["name"]: p["pid"] for p in state}
        self.commands = {name: self._command(pid) for name, pid in self.processes.items()}

    @staticmethod
    def _command(pid):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.show_logs()
        for pid in self.processes.values():
            if self.runs(pid):
                os.kill(pid, signal.SIGCONT)
        for process in self.started:
            if process.poll() is None:
                process.terminate()
        for process in self.started:
            process.wait(timeout=30)
        self.run("dev-cluster", "stop", "--dir", str(self.dir))
        left = self.leftovers()
        shutil.rmtree(self.dir, ignore_errors=True)
        if left and kind is None:
            raise Failure(f"processes are left over: {left}")

    def leftovers(self):
        """Command lines of processes that name our folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(self.dir) in line and "rafale-" in line:
                found.append(line.replace("\0", " "))
        return found

    def show_logs(self):
        for log in sorted(self.dir.rglob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-25:]
            print(f"---- {log.relative_to(self.dir)}")
            print("\n".join(lines))

    def run(self, *arguments, ok=True):
        """Runs `rafale` with these arguments; its standard output."""
        done = subprocess.run([str(BIN / "rafale"), *arguments], env=self.environment,
                              capture_output=True, text=True, timeout=240)
        if ok and done.returncode != 0:
            raise Failure(f"rafale {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}"
                          f"{done.stderr}")
        return done.stdout if ok else done

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "-o", "json"))

    def status(self, name):
        return self.json("status", name)

    def submit(self, plugin, name, *options):
        return self.json("submit", str(BIN / plugin), "--name", name, "--wait", *options)

    def wait_active(self, name, seconds=90):
        def active():
            done = self.run("status", name, "-o", "json", ok=False)
            status = json.loads(done.stdout) if done.returncode == 0 else {}
            return status if status.get("status") == "ACTIVE" else None
        return wait_until(f"{name} is ACTIVE", active, seconds)

    # --- faults

    def signal(self, name, number):
        os.kill(self.processes[name], number)

    def kill(self, name):
        self.signal(name, signal.SIGKILL)
        wait_until(f"{name} has ended", lambda: not self.runs(self.processes[name]))

    @staticmethod
    def runs(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False

    def restart(self, name):
        with open(self.dir / "logs" / f"{name}.log", "ab") as log:
            process = subprocess.Popen(self.commands[name], stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, start_new_session=True)
        self.started.append(process)
        self.processes[name] = process.pid

    def leader(self):
        """Name of the process of the Nimbus that leads."""
        cluster = self.json("status")
        port = cluster["leader"].rsplit(":", 1)[1]
        return next(name for name, command in self.commands.items()
                    if f"nimbus.thrift.port={port}" in command)

    def supervisor_of(self, worker):
        """Name of the supervisor process of a worker in a status."""
        for name in self.commands:
            file = self.dir / name / "supervisor" / "supervisor.json"
            if file.exists() and json.loads(file.read_text())["id"] == worker["supervisor"]:
                return name
        raise Failure(f"no supervisor {worker['supervisor']}")
