#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""The Debian package in a clean Debian: it installs with all that it needs, its commands work, a
cluster of its daemons with its own settings runs a topology, and a purge leaves nothing."""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SKIP = 77
BUILD = Path(os.environ["RAFALE_BIN_DIR"])
ZOOKEEPER = ("tickTime=500\ndataDir=/tmp/zookeeper\nclientPort=2181\nclientPortAddress=127.0.0.1\n"
             "admin.enableServer=false\n")


def skip(reason):
    print(f"SKIPPED: {reason}")
    folder = os.environ.get("RAFALE_SKIP_DIR")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / os.environ["RAFALE_TEST_NAME"]).write_text(reason + "\n")
    sys.exit(SKIP)


def run(*command, shown=""):
    shown = shown or " ".join(command)
    print("$", shown, flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        print(done.stdout)
        raise SystemExit(f"exit {done.returncode}: {shown}")
    return done.stdout


class CleanDebian:
    """A root with nothing but a minimal Debian and a ZooKeeper."""

    def __init__(self, folder):
        self.root = folder / "root"
        sources = [f for f in ["/etc/apt/sources.list",
                               *sorted(glob.glob("/etc/apt/sources.list.d/*.list")),
                               *sorted(glob.glob("/etc/apt/sources.list.d/*.sources"))]
                   if os.path.exists(f) and "debian.org" in Path(f).read_text()]
        if not sources:
            skip("no list of packages of Debian in /etc/apt")
        run("mmdebstrap", "--mode=root", "--variant=minbase", "--include=ca-certificates,zookeeper",
            "bookworm", str(self.root), *sources)
        # How this machine reaches its mirror.
        for pattern, into in (("/etc/apt/apt.conf.d/*", "etc/apt/apt.conf.d"),
                              ("/usr/local/share/ca-certificates/*.crt",
                               "usr/local/share/ca-certificates"),
                              ("/etc/resolv.conf", "etc")):
            for file in glob.glob(pattern):
                target = self.root / into / Path(file).name
                if not target.exists() or into == "etc":
                    target.unlink(missing_ok=True)
                    shutil.copy(file, target)
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        self.run("update-ca-certificates")

    def command(self, line, network=True):
        """Mounts and processes live in namespaces of the command's own and end with it."""
        loopback = "" if network else "ip link set lo up && "
        inner = (f"for m in sys dev; do mount --rbind /$m '{self.root}'/$m; done; "
                 f"mount -t proc proc '{self.root}/proc'; {loopback}"
                 f"exec chroot '{self.root}' /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "
                 f"HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive bash -c \"$line\"")
        names = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"] + ([] if network else ["--net"])
        return ["unshare", *names, "env", f"line={line}", "bash", "-c", inner]

    def run(self, line, network=True):
        return run(*self.command(line, network), shown=f"[in the clean Debian] {line}")


def main():
    if os.geteuid() != 0:
        skip("needs to be root, to make a clean Debian")
    for program, package in (("mmdebstrap", "mmdebstrap"), ("dpkg-shlibdeps", "dpkg-dev"),
                             ("ip", "iproute2")):
        if shutil.which(program) is None:
            skip(f"there is no {program}; apt install {package}")
    if subprocess.run(["unshare", "--mount", "--net", "true"], check=False).returncode != 0:
        skip("namespaces are not allowed here")
    with tempfile.TemporaryDirectory(prefix="rafale-deb-", dir="/var/tmp") as folder:
        work = Path(folder)
        run("cpack", "--config", str(BUILD / "CPackConfig.cmake"), "-B", str(work / "package"))
        package = next((work / "package").glob("rafale_*.deb"))
        debian = CleanDebian(work)
        began = time.monotonic()
        shutil.copy(package, debian.root / "tmp")
        debian.run(f"apt-get update -q && apt-get install -q -y --no-install-recommends "
                   f"/tmp/{package.name}")
        print(f"installed in {time.monotonic() - began:.0f} s")
        check_commands(debian)
        check_cluster(debian)
        check_purge(debian)


def check_commands(debian):
    print(debian.run("rafale version"))
    for name in ("word_count", "bike_fleet", "perf", "id_check"):
        debian.run(f"rafale describe /usr/lib/rafale/topologies/{name}.so")
    counted = debian.run("rafale local /usr/lib/rafale/topologies/word_count.so --until-done "
                         "-c words.file=/etc/passwd")
    assert " failed 0 " in counted, counted
    verbs = debian.run("rafale help").split("verbs:\n")[1].split("\n\n")[0].splitlines()
    pages = {p.name.removesuffix(".gz") for p in (debian.root / "usr/share/man").glob("man*/*")}
    for verb in (line.split()[0] for line in verbs):
        assert f"rafale-{verb}.1" in pages or f"rafale-{verb}.8" in pages, (verb, pages)
    assert "rafale.yaml.5" in pages
    debian.run("bash -c 'source /usr/share/bash-completion/completions/rafale; complete -p rafale'")
    assert (debian.root / "usr/include/rafale/rafale.h").exists()
    assert (debian.root / "usr/lib/cmake/rafale/rafale-config.cmake").exists()
    assert "rafale:x:" in debian.run("getent passwd rafale")


def check_cluster(debian):
    """With /etc/rafale/rafale.yaml as it was installed."""
    (debian.root / "tmp/zoo.cfg").write_text(ZOOKEEPER)
    script = r"""
set -eu
trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT
java -Xmx128m -cp /usr/share/java/zookeeper.jar \
  org.apache.zookeeper.server.ZooKeeperServerMain /tmp/zoo.cfg > /tmp/zookeeper.log 2>&1 &
as_rafale() { exec setpriv --reuid=rafale --regid=rafale --clear-groups "$@"; }
as_rafale rafale-nimbus > /tmp/nimbus.log 2>&1 &
as_rafale rafale-supervisor --stop-workers-on-exit > /tmp/supervisor.log 2>&1 &
for i in $(seq 600); do
  if rafale status -o json 2> /dev/null | grep -q '"alive": true'; then break; fi
  sleep 0.1
done
rafale submit /usr/lib/rafale/topologies/bike_fleet.so --name bikes --wait -c topology.workers=2 \
  -c bikes.parallelism=2 >&2 || { tail /tmp/*.log >&2; exit 1; }
rafale doctor >&2 || true
for i in $(seq 300); do
  rafale status bikes -o json > /tmp/status.json
  if grep -Eq '"acked": [1-9]' /tmp/status.json; then break; fi
  sleep 0.1
done
rafale kill bikes -w 0 >&2
"""
    (debian.root / "tmp/cluster.sh").write_text(script)
    print(debian.run("bash /tmp/cluster.sh", network=False))
    status = json.loads((debian.root / "tmp/status.json").read_text())
    assert status["status"] == "ACTIVE" and len(status["workers"]) == 2, status
    assert any(component["acked"] > 0 for component in status["components"]), status


def check_purge(debian):
    debian.run("apt-get purge -q -y rafale")
    left = [name for name in ("usr/bin/rafale", "var/lib/rafale", "etc/rafale")
            if (debian.root / name).exists()]
    assert not left, left
    assert "rafale" not in (debian.root / "etc/passwd").read_text()


if __name__ == "__main__":
    main()
