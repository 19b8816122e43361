#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""How ./dev reads its arguments: in a project of stand-ins, where programs only print their call.

usage: dev_test.py PATH_OF_DEV
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

DEV = sys.argv.pop(1)
PRINT_CALL = '#!/bin/sh\nprintf "%s\\n" "$(basename "$0")" "$@"\n'


class DevTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        shutil.copy(DEV, self.root / "dev")
        (self.root / "deploy").mkdir()
        for part in ("packages.sh", "demo.sh"):
            shutil.copy(Path(DEV).resolve().parent / "deploy" / part, self.root / "deploy")
        (self.root / "tests/fuzz").mkdir(parents=True)
        shutil.copy(Path(DEV).resolve().parent / "tests/fuzz/fuzz.sh", self.root / "tests/fuzz")
        self.write("deploy/packages.txt", "[build]\nno-such-package  # never there\n[test]\nmore\n")
        self.write("build/release/build.ninja", "")
        for program in ("rafale", "rafale-bench"):
            self.write(f"build/release/{program}", PRINT_CALL, executable=True)
        self.write("build/release/rafale-bike-api",
                   "#!/bin/sh\necho http://127.0.0.1:8\nexec sleep 60\n", executable=True)
        self.write("bin/ninja", "#!/bin/sh\necho 'ninja: no work to do.'\n", executable=True)
        self.write("bin/dpkg-query", "#!/bin/sh\necho installed\n", executable=True)
        self.write("bin/cmake", "#!/bin/sh\n", executable=True)
        self.write("bin/apt-get", "#!/bin/sh\necho 'E: no network'\nexit 100\n", executable=True)

    def write(self, path, text, executable=False):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if executable:
            file.chmod(0o755)

    def dev(self, *arguments, cwd=None):
        environment = {k: v for k, v in os.environ.items() if k != "TERM"}
        environment["PATH"] = f"{self.root}/bin:{environment['PATH']}"
        return subprocess.run([self.root / "dev", *arguments], cwd=cwd or self.root,
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)

    def assert_runs(self, arguments, call):
        run = self.dev(*arguments)
        self.assertEqual((run.returncode, run.stdout.split("\n")[:-1]), (0, call), run.stderr)

    def assert_wrong(self, arguments, message):
        run = self.dev(*arguments)
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn(message, run.stderr)

    def test_kafka(self):
        self.write("bin/python3", PRINT_CALL + "pwd\n", executable=True)
        script = f"{self.root}/deploy/kafka.py"
        self.assert_runs(["kafka", "start", "--brokers", "3"],
                         ["python3", script, "start", "--brokers", "3", str(self.root)])
        self.assert_runs(["kafka", "topics", "--help"],
                         ["python3", script, "topics", "--help", str(self.root)])
        self.write("elsewhere/x", "")
        run = self.dev("kafka", "status", cwd=self.root / "elsewhere")
        self.assertIn(f"{self.root}/elsewhere", run.stdout)
        self.assertIn("usage: ./dev kafka VERB", self.dev("kafka", "--help").stdout)
        self.assert_wrong(["kafka"], "kafka needs a verb")

    def test_cluster(self):
        self.assert_runs(["cluster"], ["rafale", "dev-cluster", "start"])
        self.assert_runs(["cluster", "--fresh"], ["rafale", "dev-cluster", "start", "--fresh"])
        self.assert_runs(["cluster", "stop"], ["rafale", "dev-cluster", "stop"])
        self.assert_wrong(["cluster", "strat"], "cluster does not know 'strat'")

    LOCAL = ["rafale", "local", "build/release/bike_fleet.so"]
    LIVE = LOCAL + ["-c", "bikes.source=http", "-c", "bikes.http.url=http://127.0.0.1:8", "-c",
                    "bikes.http.interval.secs=0.5"]

    def test_demo_polls_a_server_and_passes_its_options_on(self):
        self.assert_runs(["demo"], self.LIVE)
        self.assert_runs(["demo", "--for", "20s"], self.LIVE + ["--for", "20s"])
        self.assert_runs(["demo", "--for=20s", "--seed=7"],
                         self.LIVE + ["--for", "20s", "-c", "bikes.seed=7"])
        self.assert_runs(["demo", "-c", "bikes.parallelism=4", "-o", "json"],
                         self.LIVE + ["-c", "bikes.parallelism=4", "-o", "json"])
        self.assert_runs(["demo", "-c", "bikes.sim.stations=9"],
                         self.LOCAL + ["-c", "bikes.sim.stations=9"])

    def test_demo_says_when_the_server_does_not_start(self):
        self.write("build/release/rafale-bike-api", "#!/bin/sh\nexit 1\n", executable=True)
        run = self.dev("demo")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("rafale-bike-api does not start", run.stderr)

    def test_demo_replays_a_file_seen_from_where_the_user_stands(self):
        self.write("days/a day.jsonl", "{}\n")
        file = f"bikes.file={self.root}/days/a day.jsonl"
        for speed, given in (("600", []), ("60", ["--speed", "60"])):
            run = self.dev("demo", *given, "--replay", "a day.jsonl", cwd=self.root / "days")
            self.assertEqual(run.stdout.split("\n")[:-1], self.LOCAL + [
                "-c", "bikes.source=file", "-c", file, "-c", f"bikes.speed={speed}"])

    def test_demo_refuses_wrong_calls(self):
        self.assert_wrong(["demo", "--for"], "--for needs a value")
        self.assert_wrong(["demo", "--for", "soon"], "'soon'")
        self.assert_wrong(["demo", "--replay", "gone.jsonl"], "no file 'gone.jsonl'")
        self.assert_wrong(["demo", "--replay", str(self.root)], "no file")
        self.assert_wrong(["demo", "--speed", "60"], "--replay")
        self.assert_wrong(["demo", "--seed", "x"], "'x'")

    def test_an_unknown_command_gets_a_hint(self):
        self.assert_wrong(["tset"], "did you mean ./dev test?")
        self.assert_wrong(["buidl"], "did you mean ./dev build?")
        self.assert_wrong(["something"], "./dev help")
        self.assert_wrong(["help", "lnit"], "did you mean ./dev lint?")
        self.assert_wrong(["test", "--fast"], "./dev help test")

    def test_every_command_has_help(self):
        for command in ("demo", "build", "test", "fuzz", "bench", "format", "lint", "clean"):
            asked = self.dev("help", command)
            self.assertEqual(asked.returncode, 0)
            self.assertIn(f"usage: ./dev {command}", asked.stdout)
            self.assertEqual(self.dev(command, "--help").stdout, asked.stdout)
            self.assertIn(f"  {command} ", self.dev().stdout)
        self.assertEqual(self.dev("--help").stdout, self.dev("help").stdout)

    def test_bench_passes_its_arguments_on(self):
        self.assert_runs(["bench", "--filter", "row"], ["rafale-bench", "--filter", "row"])

    CLANG = ('#!/bin/sh\n[ "$1" = -dumpversion ] && { echo 14.0.6; exit; }\n'
             'cat > /dev/null\nexit %d\n')

    def write_fuzz_targets(self):
        self.write("bin/clang++", self.CLANG % 0, executable=True)
        self.write("build/fuzz/build.ninja", "")
        for target in ("frames", "rows"):
            self.write(f"tests/fuzz/corpus/{target}/a.bin", "")
            self.write(f"build/fuzz/tests/fuzz_{target}",
                       f'#!/bin/sh\nprintf "%s\\n" {target} "$@" >> calls\n', executable=True)

    def test_fuzz_runs_each_target_for_a_time(self):
        self.write_fuzz_targets()
        self.assert_runs(["fuzz", "--for", "20s"], [])
        calls = (self.root / "calls").read_text().split("\n")
        self.assertEqual(calls.count("-max_total_time=20"), 2)
        self.assertEqual([c for c in calls if c in ("frames", "rows")], ["frames", "rows"])
        (self.root / "calls").unlink()
        self.assert_runs(["fuzz", "rows", "--for=2m"], [])
        calls = (self.root / "calls").read_text().split("\n")
        self.assertEqual((calls[0], calls[1]), ("rows", "-max_total_time=120"))
        self.assertIn("tests/fuzz/corpus/rows", calls)
        self.assertNotIn("frames", calls)

    def test_fuzz_shows_what_broke_and_runs_the_others(self):
        self.write_fuzz_targets()
        self.write("build/fuzz/tests/fuzz_frames", "#!/bin/sh\necho it broke >&2\nexit 77\n",
                   executable=True)
        run = self.dev("fuzz")
        self.assertEqual(run.returncode, 1)
        self.assertIn("it broke", run.stderr)
        self.assertIn("rows", (self.root / "calls").read_text())

    def test_fuzz_refuses_wrong_calls(self):
        self.write_fuzz_targets()
        self.assert_wrong(["fuzz", "frame"], "there is no fuzz target 'frame'; there are: frames")
        self.assert_wrong(["fuzz", "--for"], "--for needs a value")
        self.assert_wrong(["fuzz", "--for", "0s"], "'0s'")
        self.assert_wrong(["fuzz", "--for=soon"], "'soon'")
        self.assert_wrong(["fuzz", "--fast"], "./dev help fuzz")

    def test_fuzz_names_the_package_that_is_missing(self):
        self.write_fuzz_targets()
        self.write("bin/clang++", self.CLANG % 1, executable=True)
        run = self.dev("fuzz")
        self.assertEqual(run.returncode, 1)
        self.assertIn("apt-get install libclang-rt-14-dev", run.stderr)

    def test_what_apt_says_is_shown_when_it_fails(self):
        self.write("bin/dpkg-query", "#!/bin/sh\nexit 1\n", executable=True)
        self.write("bin/sudo", '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n', executable=True)
        run = self.dev("demo")
        self.assertEqual(run.returncode, 1)
        for part in ("Installing 1 Debian packages", "no-such-package", "E: no network"):
            self.assertIn(part, run.stderr)
        self.assertNotIn("more", run.stderr.split("log:")[0])

    def test_the_second_run_asks_no_package_manager(self):
        self.assertEqual(self.dev("demo").returncode, 0)
        self.write("bin/dpkg-query", "#!/bin/sh\nexit 1\n", executable=True)
        self.assert_runs(["demo"], self.LIVE)
        self.write("deploy/packages.txt", "[build]\nanother-package\n")
        self.assertIn("another-package", self.dev("demo").stderr)

    def test_clean_removes_the_builds(self):
        self.assertEqual(self.dev("clean").returncode, 0)
        self.assertFalse((self.root / "build").exists())


if __name__ == "__main__":
    unittest.main()
