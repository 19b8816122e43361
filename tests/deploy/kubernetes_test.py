#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""The manifests fit the schemas of Kubernetes, and name the ports and settings that Rafale has."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
SOURCE = Path(os.environ["RAFALE_SOURCE_DIR"])
BIN = Path(os.environ["RAFALE_BIN_DIR"])
MANIFESTS = sorted((SOURCE / "deploy" / "kubernetes").glob("*.yaml"))
VALIDATOR = "kubernetes-validate==1.37.0"  # has the schemas with it


def skip(reason):
    print(f"SKIPPED: {reason}")
    folder = os.environ.get("RAFALE_SKIP_DIR")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / os.environ["RAFALE_TEST_NAME"]).write_text(reason + "\n")
    sys.exit(SKIP)


def validator():
    venv = BIN / "tests" / "kubernetes"
    program = venv / "bin" / "kubernetes-validate"
    if not program.exists():
        made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True,
                              check=False)
        if made.returncode != 0:
            skip("python cannot make a virtual environment; apt install python3-venv")
        got = subprocess.run([venv / "bin" / "pip", "install", "-q", VALIDATOR],
                             capture_output=True, text=True, check=False)
        if got.returncode != 0:
            skip(f"pip cannot fetch {VALIDATOR}: {got.stderr.strip().splitlines()[-1]}")
    return program


def main():
    check_settings()
    program = validator()
    for manifest in MANIFESTS:
        done = subprocess.run([program, "--strict", manifest], capture_output=True, text=True,
                              check=False)
        print(done.stdout, done.stderr)
        assert done.returncode == 0, manifest.name
    # The validator must be able to say no.
    with tempfile.TemporaryDirectory() as folder:
        wrong = Path(folder) / "wrong.yaml"
        wrong.write_text((SOURCE / "deploy/kubernetes/nimbus.yaml").read_text().replace(
            "replicas: 2", "replicaz: 2"))
        done = subprocess.run([program, "--strict", wrong], capture_output=True, check=False)
        assert done.returncode != 0, "the validator takes anything"


def check_settings():
    texts = {manifest.stem: manifest.read_text() for manifest in MANIFESTS}
    block = texts["settings"].split("rafale.yaml: |\n")[1]
    settings = "\n".join(line[4:] for line in block.splitlines()) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rafale.yaml"
        subprocess.run([BIN / "rafale", "certs", "dev", "--dir", folder], check=True,
                       capture_output=True)
        file.write_text(settings.replace("/etc/rafale/certs", folder))
        done = subprocess.run([BIN / "rafale", "list", "--config", file, "-c",
                               "nimbus.seeds=127.0.0.1:9"], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 1 and "127.0.0.1:9" in done.stderr, done.stderr
    ports = {int(port) for key, port in re.findall(r"^([a-z.]+port): (\d+)$", settings, re.M)}
    ports |= {int(port) for port in
              re.search(r"slots\.ports: \[(.*)\]", settings)[1].split(",")} | {6627}
    opened = {int(port) for port in re.findall(
        r"containerPort: (\d+)", texts["nimbus"] + texts["supervisor"])}
    assert ports == opened, (ports, opened)
    version = re.search(r"project\(rafale VERSION ([\d.]+)",
                        (SOURCE / "CMakeLists.txt").read_text())[1]
    for name in ("nimbus", "supervisor"):
        assert f"image: rafale:{version}\n" in texts[name], "the image of another version"


if __name__ == "__main__":
    main()
