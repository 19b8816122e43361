#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
"""Proves for each house rule a tree that breaks it and, beside it, one that does not."""

import tempfile
import unittest
from pathlib import Path

import arrows
import house_rules
from tree import Tree, blank_comments_and_literals

HEADER = ("// SPDX-License-Identifier: Apache-2.0\n"
          "// SPDX-FileCopyrightText: The Rafale authors\n"
          "// Sample.\n")


class RuleTest(unittest.TestCase):
    def violations(self, rule, files):
        with tempfile.TemporaryDirectory() as root:
            for path, content in files.items():
                file = Path(root) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content.encode())
            return list(rule(Tree(root)))

    def assert_breaks(self, rule, files, path, line=None):
        found = self.violations(rule, files)
        self.assertEqual([v.path for v in found], [path], found)
        if line is not None:
            self.assertEqual(found[0].line, line)
        self.assertIn("rule: ", str(found[0]))

    def assert_keeps(self, rule, files):
        self.assertEqual(self.violations(rule, files), [])


class FolderArrows(RuleTest):
    def test_every_forbidden_arrow_is_found(self):
        folders = set(arrows.STOREYS)
        for folder, allowed in arrows.STOREYS.items():
            for other in folders | arrows.OBSERVERS:
                files = {f"{folder}/a.cc": f'\n#include "{other}/x.h"\n', f"{other}/x.h": ""}
                with self.subTest(arrow=f"{folder} -> {other}"):
                    if other == folder or other in allowed:
                        self.assert_keeps(arrows.folder_arrows, files)
                    else:
                        self.assert_breaks(arrows.folder_arrows, files, f"{folder}/a.cc", 2)

    def test_a_public_sdk_header_counts_as_sdk(self):
        for spelling in ("<rafale/bolt.h>", '"rafale/bolt.h"'):
            self.assert_breaks(arrows.folder_arrows,
                               {"common/a.h": f"#include {spelling}\n"}, "common/a.h", 1)
            self.assert_keeps(arrows.folder_arrows, {"worker/a.h": f"#include {spelling}\n"})

    def test_a_detour_through_the_parent_folder_is_seen(self):
        self.assert_breaks(arrows.folder_arrows,
                           {"common/a.h": '#include "../worker/b.h"\n', "worker/b.h": ""},
                           "common/a.h")

    def test_tests_and_bench_see_everything(self):
        self.assert_keeps(arrows.folder_arrows, {
            "tests/unit/a_test.cc": '#include "worker/b.h"\n',
            "bench/a.cc": '#include "cli/b.h"\n'})

    def test_a_folder_without_a_storey_is_found(self):
        self.assert_breaks(arrows.folder_arrows, {"util/a.cc": ""}, "util/a.cc")

    def test_the_tables_have_no_ring(self):
        self.assertIsNone(arrows.find_cycle({f: sorted(t) for f, t in arrows.STOREYS.items()}))
        self.assertIsNone(arrows.find_cycle({f: sorted(t) for f, t in arrows.ROOMS.items()}))


class RoomArrows(RuleTest):
    def test_every_forbidden_arrow_is_found(self):
        for room, allowed in arrows.ROOMS.items():
            for other in arrows.ROOMS:
                files = {f"worker/{room}/a.cc": f'#include "worker/{other}/x.h"\n',
                         f"worker/{other}/x.h": ""}
                with self.subTest(arrow=f"{room} -> {other}"):
                    if other == room or other in allowed:
                        self.assert_keeps(arrows.room_arrows, files)
                    else:
                        self.assert_breaks(arrows.room_arrows, files, f"worker/{room}/a.cc", 1)

    def test_main_sees_all_and_no_room_sees_main(self):
        self.assert_keeps(arrows.room_arrows, {
            "worker/main.cc": '#include "worker/ack/x.h"\n', "worker/ack/x.h": ""})
        self.assert_breaks(arrows.room_arrows, {
            "worker/ack/a.cc": '#include "worker/options.h"\n', "worker/options.h": ""},
            "worker/ack/a.cc")

    def test_an_unknown_room_is_found(self):
        self.assert_breaks(arrows.room_arrows, {"worker/helpers/a.cc": ""}, "worker/helpers/a.cc")


class Absences(RuleTest):
    def test_sdk_headers_include_the_standard_library_only(self):
        rule = arrows.sdk_is_standard_library_only
        for name in ("<absl/status/status.h>", "<pthread.h>", '"absl/status/status.h"'):
            self.assert_breaks(rule, {"sdk/include/rafale/a.h": f"#include {name}\n"},
                               "sdk/include/rafale/a.h", 1)
        self.assert_breaks(rule, {"sdk/src/a.cc": "#include <simdjson.h>\n"}, "sdk/src/a.cc", 1)
        self.assert_keeps(rule, {
            "sdk/include/rafale/a.h": "#include <vector>\n#include <rafale/b.h>\n",
            "sdk/src/a.cc": '#include <unistd.h>\n#include "rafale/a.h"\n#include "sdk/src/b.h"\n'})

    def test_public_headers_include_no_private_ones(self):
        self.assert_breaks(arrows.sdk_is_standard_library_only, {
            "sdk/include/rafale/a.h": '#include "sdk/src/b.h"\n', "sdk/src/b.h": ""},
            "sdk/include/rafale/a.h")

    def test_topologies_use_the_public_sdk(self):
        rule = arrows.outsiders_use_the_public_sdk
        self.assert_breaks(rule, {"topologies/t/a.cc": '#include "sdk/src/b.h"\n',
                                  "sdk/src/b.h": ""}, "topologies/t/a.cc", 1)
        self.assert_keeps(rule, {"topologies/t/a.cc": "#include <rafale/bolt.h>\n"})

    def test_pure_cores_have_no_effects(self):
        for path in ("worker/ack/tracker.cc", "worker/routing/router.h",
                     "nimbus/coordinator.cc", "supervisor/reconciler.h"):
            for name in ("<thread>", "<mutex>", "<fstream>", "<sys/socket.h>", "<spdlog/spdlog.h>"):
                self.assert_breaks(arrows.pure_cores, {path: f"#include {name}\n"}, path, 1)
            self.assert_keeps(arrows.pure_cores, {path: "#include <vector>\n#include <chrono>\n"})
        self.assert_keeps(arrows.pure_cores, {"worker/executor/pool.cc": "#include <thread>\n"})

    def test_generated_types_stop_at_adapters(self):
        rule = arrows.generated_types_stop_at_adapters
        line = '#include "rafale/v1/tuple.pb.h"\n'
        self.assert_breaks(rule, {"worker/transport/frame.cc": line}, "worker/transport/frame.cc")
        self.assert_keeps(rule, {"worker/transport/frame_codec.cc": line})

    def test_zookeeper_stays_in_coord(self):
        line = "#include <zookeeper/zookeeper.h>\n"
        self.assert_breaks(arrows.zookeeper_stays_in_coord, {"nimbus/a.cc": line}, "nimbus/a.cc")
        self.assert_keeps(arrows.zookeeper_stays_in_coord, {"coord/a.cc": line})

    def test_plugins_open_in_the_worker(self):
        line = "void* handle = dlopen(path, RTLD_NOW);\n"
        self.assert_breaks(arrows.plugins_open_in_worker, {"cli/a.cc": line}, "cli/a.cc")
        self.assert_keeps(arrows.plugins_open_in_worker, {"worker/plugin/a.cc": line})

    def test_rings_are_found(self):
        rule = arrows.no_include_cycles
        self.assert_breaks(rule, {"common/a.h": '#include "common/b.h"\n',
                                  "common/b.h": '#include "common/a.h"\n'}, "common/a.h", 1)
        self.assert_breaks(rule, {"common/x/a.h": '#include "common/y/b.h"\n',
                                  "common/y/c.h": '#include "common/x/d.h"\n',
                                  "common/y/b.h": "", "common/x/d.h": ""}, "common/x/a.h", 1)
        self.assert_keeps(rule, {"common/a.h": '#include "common/b.h"\n', "common/b.h": ""})


class Files(RuleTest):
    def test_header_and_purpose(self):
        rule = house_rules.spdx_header
        self.assert_breaks(rule, {"common/a.h": "#pragma once\n"}, "common/a.h", 1)
        self.assert_breaks(rule, {"common/a.h": HEADER.replace("Rafale authors", "others")},
                           "common/a.h", 2)
        self.assert_breaks(rule, {"common/a.h": HEADER.replace("// Sample.\n", "\n#pragma once\n")},
                           "common/a.h", 3)
        self.assert_keeps(rule, {"common/a.h": HEADER,
                                 "dev": "#!/bin/sh\n" + HEADER.replace("//", "#"),
                                 "README.md": "# Rafale\n"})

    def test_length(self):
        rule = house_rules.file_length
        self.assert_breaks(rule, {"common/a.h": "\n" * 501}, "common/a.h")
        self.assert_breaks(rule, {"tests/unit/a_test.cc": "\n" * 701}, "tests/unit/a_test.cc")
        self.assert_keeps(rule, {"common/a.h": "\n" * 500, "tests/unit/a_test.cc": "\n" * 700})

    def test_length_of_folder_readmes(self):
        rule = house_rules.folder_readme_length
        self.assert_breaks(rule, {"worker/ack/README.md": "x\n" * 21}, "worker/ack/README.md")
        self.assert_keeps(rule, {"sdk/README.md": "x\n" * 20, "README.md": "x\n" * 200})

    def test_whitespace(self):
        for text in ("a \n", "\ta\n", "a\r\n", "a"):
            self.assert_breaks(house_rules.whitespace, {"common/a.h": text}, "common/a.h", 1)
        self.assert_keeps(house_rules.whitespace, {"common/a.h": "a\n\n  b\n", "b.md": ""})

    def test_nothing_left_over(self):
        for word in ("TO" + "DO", "FIX" + "ME"):
            self.assert_breaks(house_rules.nothing_left_over,
                               {"common/a.h": f"\n// {word}: later\n"}, "common/a.h", 2)
        self.assert_keeps(house_rules.nothing_left_over, {"common/a.h": "int todo_list;\n"})


class Calls(RuleTest):
    def test_unit_and_simulation_tests_do_not_sleep(self):
        rule = house_rules.tests_do_not_sleep
        line = "std::this_thread::sleep_for(1ms);\n"
        for folder in ("unit", "simulation"):
            path = f"tests/{folder}/a_test.cc"
            self.assert_breaks(rule, {path: line}, path, 1)
        self.assert_keeps(rule, {"tests/integration/a_itest.cc": line,
                                 "tests/unit/a_test.cc": "// never " + line})

    def test_tests_are_alive(self):
        rule = house_rules.tests_are_alive
        for line in ("TEST(Clock, DISABLED_Ticks) {}\n", "EXPECT_TRUE(true);\n"):
            self.assert_breaks(rule, {"tests/unit/a_test.cc": line}, "tests/unit/a_test.cc", 1)
        self.assert_keeps(rule, {"tests/unit/a_test.cc": "TEST(Clock, Ticks) {}\n"})

    def test_time_and_chance_have_one_source(self):
        rule = house_rules.time_and_chance_have_one_source
        for line in ("std::random_device seed;", "auto t = std::chrono::steady_clock::now();",
                     "clock_gettime(CLOCK_MONOTONIC, &t);", "auto t = time(nullptr);",
                     "int i = std::rand();"):
            for path in ("worker/ack/a.cc", "topologies/t/a.cc", "tests/unit/a_test.cc"):
                self.assert_breaks(rule, {path: line + "\n"}, path, 1)
            self.assert_keeps(rule, {"common/clock.cc": line + "\n", "common/random.h": line + "\n",
                                     "bench/a.cc": line + "\n"})
        self.assert_keeps(rule, {"worker/a.cc": "static_assert(std::random_access_iterator<I>);\n"})


class Documents(RuleTest):
    def test_documents_name_what_exists(self):
        rule = house_rules.documents_name_what_exists
        for document in ("ARCHITECTURE.md", "docs/life-of-a-tuple.md"):
            self.assert_breaks(rule, {document: "\nsee `worker/ack/ledger.h`\n"}, document, 2)
            self.assert_keeps(rule, {
                document: "`worker/ack/tracker.h` `worker/ack/tracker` `worker/ack/` "
                          "`worker/ack/tracker.*` `worker/*/tracker.h` `build/release/rafale`\n",
                "worker/ack/tracker.h": ""})
        self.assert_keeps(rule, {"CHANGELOG.md": "`worker/gone.h`\n"})


class Reading(unittest.TestCase):
    def test_comments_and_literals_are_blanked_and_lines_kept(self):
        text = 'a /* x\ny */ b // c\n"d\\"e" R"(f\ng)" \'"\' 1\'000 h\n'
        blanked = blank_comments_and_literals(text)
        self.assertEqual(blanked.count("\n"), text.count("\n"))
        for gone in "xycdefg":
            self.assertNotIn(gone, blanked)
        for kept in ("a", "b", "h", "1'000"):
            self.assertIn(kept, blanked)


if __name__ == "__main__":
    unittest.main()
