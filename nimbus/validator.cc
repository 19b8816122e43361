// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Rules of validator.h.

#include "nimbus/validator.h"

#include <elf.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rafale::nimbus {
namespace {

constexpr std::uint32_t kMostWorkers = 1000;
constexpr std::uint32_t kMostTasks = 100'000;
constexpr std::size_t kMostComponents = 1000;

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
#else
#error "a machine that Rafale does not know"
#endif

absl::Status all_of(const std::vector<std::string>& mistakes) {
  return mistakes.empty() ? absl::OkStatus()
                          : absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
}

}  // namespace

absl::Status check_name(const std::string& what, const std::string& name) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  };
  if (!name.empty() && name.size() <= 128 &&
      std::isalnum(static_cast<unsigned char>(name[0])) != 0 &&
      std::ranges::all_of(name, allowed) && name.find("..") == std::string::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(what, " '", name.substr(0, 130),
                   "' is no name: it takes letters, digits, '_', '.' and '-', begins with a letter "
                   "or digit, and has at most 128 of them"));
}

absl::Status check_spec(const coord::TopologySpec& spec) {
  std::vector<std::string> mistakes;
  const auto add = [&mistakes](auto&&... parts) { mistakes.push_back(absl::StrCat(parts...)); };
  if (spec.components.empty()) add("the topology has no components");
  if (spec.components.size() > kMostComponents) add("more than ", kMostComponents, " components");
  if (spec.workers < 1 || spec.workers > kMostWorkers) {
    add("topology.workers: ", spec.workers, " is not between 1 and ", kMostWorkers);
  }
  std::set<std::string> names;
  bool spout = false;
  std::uint32_t next_task = 1;
  for (const coord::ComponentSpec& component : spec.components) {
    const absl::Status name = check_name("component", component.name);
    if (!name.ok()) mistakes.emplace_back(name.message());
    if (!names.insert(component.name).second) add("two components ", component.name);
    if (component.executors < 1 || component.executors > component.tasks ||
        component.tasks > kMostTasks) {
      add("component ", component.name, ": ", component.executors, " executors for ",
          component.tasks, " tasks");
    }
    if (component.first_task != next_task) {
      add("component ", component.name, ": its tasks begin at ", component.first_task, ", not ",
          next_task);
    }
    next_task += component.tasks;
    spout = spout || component.spout;
  }
  for (const coord::ComponentSpec& component : spec.components) {
    if (!component.fused_into.empty() && !names.contains(component.fused_into)) {
      add("component ", component.name, " is fused into ", component.fused_into,
          ", which is not there");
    }
  }
  if (!spout && !spec.components.empty()) add("the topology has no spout");
  return all_of(mistakes);
}

absl::Status check_rebalance(const coord::TopologySpec& spec, std::uint32_t workers,
                             const std::map<std::string, std::uint32_t>& executors) {
  std::vector<std::string> mistakes;
  if (workers < 1 || workers > kMostWorkers) {
    mistakes.push_back(absl::StrCat("workers: ", workers, " is not between 1 and ", kMostWorkers));
  }
  for (const auto& [name, count] : executors) {
    const auto component = std::ranges::find(spec.components, name, &coord::ComponentSpec::name);
    if (component == spec.components.end()) {
      mistakes.push_back(absl::StrCat("there is no component ", name));
    } else if (!component->fused_into.empty()) {
      mistakes.push_back(absl::StrCat(name, " runs inside ", component->fused_into,
                                      ": change the executors of that, or set topology.fuse"));
    } else if (count < 1 || count > component->tasks) {
      mistakes.push_back(absl::StrCat(name, ": ", count, " executors for ", component->tasks,
                                      " tasks; their number is fixed when a topology is built"));
    }
  }
  return all_of(mistakes);
}

absl::Status check_plugin(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Elf64_Ehdr header{};
  in.read(reinterpret_cast<char*>(&header), sizeof header);
  if (in.gcount() != sizeof header || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return absl::InvalidArgumentError("the plugin is no shared library");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN ||
      header.e_machine != kMachine) {
    return absl::InvalidArgumentError(
        "the plugin is no shared library for the cluster's kind of machine");
  }
  return absl::OkStatus();
}

}  // namespace rafale::nimbus
