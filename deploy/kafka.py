#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""A real Kafka on this machine, for tests and for trying things: fetched by Maven, run by Java.

Brokers listen on the loopback device only and have no encryption. `start` returns when all brokers
answer; state and logs lie in one directory, and `stop` leaves no process behind.
"""

import argparse
import base64
import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

VERSIONS = ("4.3.1", "3.9.2")
SMALL = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
ANSWER_S = 90
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>rafale</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{0}</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{0}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
"""


class Failure(Exception):
    """An error for the user, in one sentence."""


def say(text):
    print(f"kafka: {text}", file=sys.stderr, flush=True)


# ---- fetching -----------------------------------------------------------------------------------

def need(program, package):
    if shutil.which(program) is None:
        raise Failure(f"there is no {program} on this machine; apt install {package}")


def jars(version):
    """The directory of this version's jars; fetched when it is used for the first time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rafale"
    home = cache / f"kafka-{version}"
    if home.is_dir():
        return home
    need("mvn", "maven")
    say(f"fetching Kafka {version} (55 MB) from Maven Central into {home}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        Path(folder, "pom.xml").write_text(POM.format(version))
        fetched = Path(folder, "jars")
        run = subprocess.run(
            ["mvn", "-q", "-B", "-ntp",
             "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
             "-DincludeScope=runtime", f"-DoutputDirectory={fetched}"],
            cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise Failure(f"Maven cannot fetch Kafka {version}:\n{run.stdout}{run.stderr}".strip())
        # One binding of the logging interface only: slf4j-simple.
        for pattern in ("log4j-slf4j*.jar", "slf4j-reload4j*.jar"):
            for jar in fetched.glob(pattern):
                jar.unlink()
        # Somebody else who fetched at the same time may have been quicker.
        with contextlib.suppress(OSError):
            fetched.rename(home)
    if not home.is_dir():
        raise Failure(f"cannot put Kafka into {home}")
    return home


# ---- a cluster and its state --------------------------------------------------------------------

def default_directory():
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "rafale" / "kafka"


class Cluster:
    """What cluster.json says. The process ids are in files beside it, as they change."""

    def __init__(self, directory):
        self.directory = directory
        self.file = directory / "cluster.json"
        self.about = {}

    def load(self):
        try:
            self.about = json.loads(self.file.read_text())
        except FileNotFoundError:
            raise Failure(f"no cluster lies in {self.directory}; `start` makes one") from None
        return self

    def save(self):
        temporary = self.file.with_suffix(".new")
        temporary.write_text(json.dumps(self.about, indent=1))
        temporary.rename(self.file)

    def numbers(self):
        return range(1, len(self.about["ports"]) + 1)

    def port(self, number):
        if number not in self.numbers():
            raise Failure(f"there is no broker {number}; this cluster has {len(self.numbers())}")
        return self.about["ports"][number - 1]

    def bootstrap(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.about["ports"])

    def pid_file(self, name):
        return self.directory / f"{name}.pid"

    def pid(self, name):
        """Of a process that runs, else None. The start time tells it from a later one."""
        try:
            pid, started = self.pid_file(name).read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if start_time(int(pid)) == started else None

    def names(self):
        brokers = [f"broker-{number}" for number in self.numbers()]
        return brokers + (["zookeeper"] if "zookeeper" in self.about else [])


def start_time(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat[stat.rindex(")") + 2:].split()
    return None if fields[0] == "Z" else fields[19]


def free_ports(count, base):
    if base:
        return list(range(base, base + count))
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(port):
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def wait_for(cluster, name, port):
    until = time.monotonic() + ANSWER_S
    while not answers(port):
        if cluster.pid(name) is None or time.monotonic() > until:
            log = cluster.directory / f"{name}.log"
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise Failure(f"{name} does not start; the end of {log}:\n{tail}")
        time.sleep(0.05)


def properties(cluster, number):
    count = len(cluster.numbers())
    copies = min(count, 3)
    port = cluster.port(number)
    lines = {
        "listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "log.dirs": cluster.directory / f"data-{number}",
        "num.partitions": 1,
        "default.replication.factor": copies,
        "min.insync.replicas": 2 if count >= 3 else 1,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.min.isr": 2 if count >= 3 else 1,
        "group.initial.rebalance.delay.ms": 0,
        "auto.create.topics.enable": "false",
        "num.network.threads": 2,
        "num.io.threads": 2,
        "log.cleaner.dedupe.buffer.size": 4194304,
    }
    if "zookeeper" in cluster.about:
        lines |= {"broker.id": number, "zookeeper.session.timeout.ms": 6000,
                  "zookeeper.connect": f"127.0.0.1:{cluster.about['zookeeper']}"}
    else:
        controllers = cluster.about["controllers"]
        voters = ",".join(f"{i}@127.0.0.1:{c}" for i, c in enumerate(controllers, 1))
        lines |= {"process.roles": "broker,controller", "node.id": number,
                  "controller.quorum.voters": voters, "controller.listener.names": "CONTROLLER",
                  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"}
        lines["listeners"] += f",CONTROLLER://127.0.0.1:{controllers[number - 1]}"
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def java(cluster, main, *arguments, heap="256m", log_level="warn"):
    return ["java", "-Xms32m", f"-Xmx{heap}", *SMALL,
            f"-Dorg.slf4j.simpleLogger.defaultLogLevel={log_level}",
            "-Dorg.slf4j.simpleLogger.showDateTime=true", "-cp", f"{cluster.about['jars']}/*",
            main, *map(str, arguments)]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def launch(cluster, name, command, attached):
    """Starts a daemon; `attached` means that it dies with this process."""
    with (cluster.directory / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 start_new_session=True,
                                 preexec_fn=die_with_parent if attached else None)
    cluster.pid_file(name).write_text(f"{child.pid} {start_time(child.pid)}\n")
    return child


def launch_broker(cluster, number, attached):
    name = f"broker-{number}"
    command = java(cluster, "kafka.Kafka", cluster.directory / f"{name}.properties")
    return launch(cluster, name, command, attached)


def make(arguments):
    need("java", "default-jre-headless")
    directory = arguments.dir.resolve()
    cluster = Cluster(directory)
    if cluster.file.exists():
        raise Failure(f"a cluster lies in {directory} already; `stop` ends it, --dir names another")
    directory.mkdir(parents=True, exist_ok=True)
    count = arguments.brokers
    ports = free_ports(2 * count + 1, arguments.port)
    cluster.about = {"version": arguments.version, "jars": str(jars(arguments.version)),
                     "ports": ports[:count]}
    if arguments.zookeeper:
        cluster.about["zookeeper"] = ports[-1]
    else:
        cluster.about["controllers"] = ports[count:2 * count]
    cluster.save()
    for number in cluster.numbers():
        (directory / f"broker-{number}.properties").write_text(properties(cluster, number))
    return cluster


def boot(cluster, attached):
    if "zookeeper" in cluster.about:
        port = cluster.about["zookeeper"]
        data = cluster.directory / "zookeeper"
        data.mkdir(exist_ok=True)
        settings = cluster.directory / "zookeeper.properties"
        settings.write_text(f"dataDir={data}\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
                            "maxClientCnxns=0\nadmin.enableServer=false\ntickTime=500\n")
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        launch(cluster, "zookeeper", java(cluster, main, settings, heap="128m"), attached)
        wait_for(cluster, "zookeeper", port)
    else:
        name = "-"
        while name.startswith("-"):  # it would be read as an option
            name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        formats = [subprocess.Popen(
            java(cluster, "kafka.tools.StorageTool", "format", "-t", name, "-c",
                 cluster.directory / f"broker-{number}.properties"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for number in cluster.numbers()]
        for one in formats:
            output = one.communicate()[0]
            if one.returncode != 0:
                raise Failure(f"cannot format the storage of a broker:\n{output}")
    for number in cluster.numbers():
        launch_broker(cluster, number, attached)
    for number in cluster.numbers():
        wait_for(cluster, f"broker-{number}", cluster.port(number))


# ---- verbs --------------------------------------------------------------------------------------

def start(arguments):
    cluster = make(arguments)
    if not arguments.attached:
        say(f"starting {arguments.brokers} broker(s) of Kafka {arguments.version}")
    try:
        boot(cluster, arguments.attached)
    except BaseException:
        end(cluster)
        raise
    print(f"bootstrap.servers={cluster.bootstrap()}", flush=True)
    if arguments.attached:
        serve(cluster)
        return
    server = cluster.bootstrap().split(",")[0]
    say(f"""ready; state and logs lie in {cluster.directory}
try  ./dev kafka topics --create --topic velib-stations --partitions 3
     kcat -b {server} -L
     ./dev kafka stop""")


def serve(cluster):
    """Starts brokers that `restart` asks for, until a signal comes or the parent ends."""
    parent = os.getppid()
    requests = cluster.directory / "requests"
    requests.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while os.getppid() == parent:
            for request in requests.iterdir():
                launch_broker(cluster, int(request.name), attached=True)
                request.unlink()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            time.sleep(0.05)
    finally:
        end(cluster)


def end(cluster):
    pids = [pid for pid in map(cluster.pid, cluster.names()) if pid]
    # Brokers first: they say good-bye to ZooKeeper.
    for name in cluster.names():
        pid = cluster.pid(name)
        if pid and name != "zookeeper":
            os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 20
    while time.monotonic() < until and any(cluster.pid(n) for n in cluster.names()
                                           if n != "zookeeper"):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(0.05)
    for name in cluster.names():
        pid = cluster.pid(name)
        if pid:
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(cluster.directory, ignore_errors=True)
    return len(pids)


def fetch(arguments):
    for version in arguments.versions or VERSIONS:
        say(f"Kafka {version} lies in {jars(version)}")


def stop(arguments):
    cluster = Cluster(arguments.dir.resolve()).load()
    count = end(cluster)
    say(f"stopped {count} process(es); {cluster.directory} is removed")


def status(arguments):
    cluster = Cluster(arguments.dir.resolve()).load()
    print(f"version {cluster.about['version']}\nbootstrap.servers={cluster.bootstrap()}")
    down = 0
    for name in cluster.names():
        pid = cluster.pid(name)
        down += pid is None
        print(f"{name:<10} {'pid ' + str(pid) if pid else 'down'}")
    sys.exit(1 if down else 0)


def kill(arguments):
    cluster = Cluster(arguments.dir.resolve()).load()
    cluster.port(arguments.number)
    pid = cluster.pid(f"broker-{arguments.number}")
    if not pid:
        raise Failure(f"broker {arguments.number} does not run")
    os.kill(pid, signal.SIGKILL)


def restart(arguments):
    cluster = Cluster(arguments.dir.resolve()).load()
    port = cluster.port(arguments.number)
    name = f"broker-{arguments.number}"
    if cluster.pid(name):
        raise Failure(f"broker {arguments.number} runs; `kill {arguments.number}` ends it")
    requests = cluster.directory / "requests"
    if requests.is_dir():
        (requests / str(arguments.number)).touch()
        until = time.monotonic() + ANSWER_S
        while not cluster.pid(name) and time.monotonic() < until:
            time.sleep(0.02)
    else:
        launch_broker(cluster, arguments.number, attached=False)
    wait_for(cluster, name, port)


def tool(main):
    def run(arguments):
        cluster = Cluster(arguments.dir.resolve()).load()
        command = java(cluster, main, "--bootstrap-server", cluster.bootstrap(), *arguments.rest)
        os.execvp(command[0], command)
    return run


def kcat(mode):
    def run(arguments):
        cluster = Cluster(arguments.dir.resolve()).load()
        need("kcat", "kcat")
        command = ["kcat", "-b", cluster.bootstrap(), mode, "-t", arguments.topic]
        if mode == "-P" and arguments.keyed:
            command += ["-K", "\t"]
        if mode == "-C":
            command += ["-e", "-u", "-q"] if not arguments.follow else ["-u", "-q"]
        os.execvp(command[0], command + arguments.rest)
    return run


def parse():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--dir", type=Path, default=default_directory(),
                        help="directory of state and logs (default: %(default)s)")
    parser = argparse.ArgumentParser(prog="./dev kafka", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name, run, text, rest=False):
        one = verbs.add_parser(name, help=text, description=text, parents=[common])
        one.set_defaults(run=run, rest=[], takes_rest=rest)
        return one

    one = verb("start", start, "start brokers, and wait until they answer")
    one.add_argument("--brokers", type=int, default=1, metavar="N", help="how many (default 1)")
    one.add_argument("--version", default=VERSIONS[0], choices=VERSIONS, help="of Kafka")
    one.add_argument("--zookeeper", action="store_true",
                     help="the old mode, with a ZooKeeper (3.9.2 only)")
    one.add_argument("--port", type=int, default=0, metavar="P",
                     help="the first of 2N+1 ports; free ones if left out")
    one.add_argument("--attached", action="store_true",
                     help="stay, and end all brokers together with this process")
    verb("fetch", fetch, "only fetch Kafka, all versions or these").add_argument(
        "versions", nargs="*", metavar="VERSION")
    verb("stop", stop, "stop all, and remove the state")
    verb("status", status, "say what runs; exit 1 if something does not")
    for name, run, text in (("kill", kill, "kill a broker, as a crash does it"),
                            ("restart", restart, "start a broker that was killed")):
        verb(name, run, text).add_argument("number", type=int, metavar="I")
    verb("topics", tool("org.apache.kafka.tools.TopicCommand"),
         "Kafka's kafka-topics.sh: --list, --create --topic T --partitions N", rest=True)
    verb("groups", tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
         "Kafka's kafka-consumer-groups.sh: --list, --describe --group G", rest=True)
    one = verb("produce", kcat("-P"), "write the lines of standard input to a topic", rest=True)
    one.add_argument("topic")
    one.add_argument("--keyed", action="store_true", help="a line is a key, a tab and the value")
    one = verb("consume", kcat("-C"), "print a topic to its end", rest=True)
    one.add_argument("topic")
    one.add_argument("--follow", action="store_true", help="go on with what comes")

    arguments, rest = parser.parse_known_args()
    if rest and not arguments.takes_rest:
        parser.error(f"{arguments.verb} does not know '{rest[0]}'")
    arguments.rest = rest
    for version in getattr(arguments, "versions", ()):
        if version not in VERSIONS:
            parser.error(f"fetch knows {' and '.join(VERSIONS)}, not '{version}'")
    if arguments.verb == "start" and not 1 <= arguments.brokers <= 9:
        parser.error("--brokers takes 1 to 9")
    if getattr(arguments, "zookeeper", False) and not arguments.version.startswith("3."):
        parser.error("Kafka has no ZooKeeper mode since 4.0; add --version 3.9.2")
    return arguments


def main():
    arguments = parse()
    try:
        arguments.run(arguments)
    except Failure as failure:
        say(str(failure))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
