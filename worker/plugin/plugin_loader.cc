// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The checks before and after dlopen(), and the call of the plugin's build function.

#include "worker/plugin/plugin_loader.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rafale/plugin.h"
#include "rafale/topology_builder.h"
#include "worker/plugin/elf_file.h"

namespace rafale::worker {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEntry = "rafale_plugin";

absl::Status not_loaded(const std::string& path, std::string_view why) {
  return absl::FailedPreconditionError(fmt::format("'{}' {}", path, why));
}

std::vector<std::string> plugins_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (fs::directory_iterator at(directory, ignored), end; at != end; at.increment(ignored)) {
    if (at->path().extension() == ".so") names.push_back(at->path().filename().string());
  }
  return names;
}

absl::Status no_such_file(const std::string& path) {
  const fs::path directory = fs::path(path).parent_path();
  const std::vector<std::string> there = plugins_in(directory.empty() ? "." : directory);
  const std::string name = fs::path(path).filename().string();
  for (const std::string& candidate : {nearest(name, there), nearest(name + ".so", there)}) {
    if (candidate.empty()) continue;
    return absl::NotFoundError(fmt::format("there is no file '{}'; did you mean '{}'?", path,
                                           (directory / candidate).string()));
  }
  return absl::NotFoundError(
      fmt::format("there is no file '{}'; check the path, or build the plugin first", path));
}

absl::Status check_path(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return no_such_file(path);
  if (!fs::is_directory(path, ignored)) return absl::OkStatus();
  const std::vector<std::string> there = plugins_in(path);
  return absl::NotFoundError(
      fmt::format("'{}' is a directory; name the plugin itself, such as '{}'", path,
                  (fs::path(path) / (there.empty() ? "my_topology.so" : there.front())).string()));
}

// The members of PluginDescriptor that never change their place, and the compiler.
absl::Status check_descriptor(const std::string& path, std::uint64_t magic, std::uint32_t abi,
                              const std::string* compiler) {
  if (magic != PluginDescriptor::kMagic) {
    return not_loaded(path,
                      fmt::format("exports {}, but not as RAFALE_TOPOLOGY defines it; use that "
                                  "macro of <rafale/plugin.h>",
                                  kEntry));
  }
  if (abi != kAbiVersion) {
    return not_loaded(path, fmt::format("was built with ABI {} of the SDK, this rafale has ABI {}; "
                                        "rebuild it with the headers of this rafale",
                                        abi, kAbiVersion));
  }
  if (compiler != nullptr && *compiler != RAFALE_COMPILER) {
    return not_loaded(path,
                      fmt::format("was built with {}, this rafale with {}; rebuild it with the "
                                  "same compiler and standard library",
                                  *compiler, RAFALE_COMPILER));
  }
  return absl::OkStatus();
}

absl::Status no_topology(const std::string& path) {
  return not_loaded(path,
                    "is a shared library, but no topology; define one with RAFALE_TOPOLOGY from "
                    "<rafale/plugin.h>");
}

std::string demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : symbol;
}

// What dlerror() said, with a way out where one is known.
absl::Status not_loadable(const std::string& path, const std::string& absolute,
                          std::string_view error) {
  if (error.starts_with(absolute + ": ")) error.remove_prefix(absolute.size() + 2);
  constexpr std::string_view kUndefined = "undefined symbol: ";
  if (error.starts_with(kUndefined)) {
    const std::string symbol(error.substr(kUndefined.size(), error.find(' ', kUndefined.size())));
    return not_loaded(path,
                      fmt::format("uses {}, which neither it nor this rafale defines; link the "
                                  "library that does, or rebuild it with the headers of this "
                                  "rafale",
                                  demangled(symbol)));
  }
  const std::size_t missing = error.find(": cannot open shared object file");
  if (missing != std::string_view::npos) {
    return not_loaded(path, fmt::format("needs {}, which is not found; install it or name its "
                                        "directory in LD_LIBRARY_PATH",
                                        error.substr(0, missing)));
  }
  return not_loaded(path, fmt::format("cannot be loaded: {}", error));
}

absl::StatusOr<Topology> build(const std::string& path, const PluginDescriptor& plugin,
                               const Config& given) {
  const auto broken = [&path](std::string_view what) {
    return absl::AbortedError(
        fmt::format("'{}' failed while it built its topology: {}", path, what));
  };
  // All of the plugin's exceptions end here: their types may lie in the library.
  try {
    TopologyBuilder builder(plugin.name, given);
    plugin.build(builder);
    return builder.build();
  } catch (const InvalidTopology& e) {
    return absl::InvalidArgumentError(fmt::format("{}", fmt::join(e.mistakes(), "\n")));
  } catch (const std::exception& e) {
    return broken(e.what());
  } catch (...) {
    return broken("it threw something that is no std::exception");
  }
}

}  // namespace

void Library::Close::operator()(void* handle) const { dlclose(handle); }

absl::Status check_plugin(const std::string& path) {
  if (absl::Status status = check_path(path); !status.ok()) return status;
  const absl::StatusOr<ElfFile> file = ElfFile::open(path);
  if (!file.ok()) return file.status();
  const std::optional<std::uint64_t> entry = file->symbol(kEntry);
  if (!entry) return file->has_symbols() ? no_topology(path) : absl::OkStatus();

  const auto magic = file->read<std::uint64_t>(*entry + offsetof(PluginDescriptor, magic));
  const auto abi = file->read<std::uint32_t>(*entry + offsetof(PluginDescriptor, abi));
  std::optional<std::string> compiler;
  if (const auto at = file->pointer(*entry + offsetof(PluginDescriptor, compiler))) {
    compiler = file->text(*at);
  }
  return check_descriptor(path, magic.value_or(0), abi.value_or(0),
                          compiler ? &*compiler : nullptr);
}

absl::StatusOr<LoadedTopology> load_topology(const std::string& path, const Config& given) {
  if (absl::Status status = check_plugin(path); !status.ok()) return status;
  // With a slash in it, as dlopen() looks for a bare name in the system's library directories.
  const std::string absolute = fs::absolute(path).string();
  void* handle = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* error = dlerror();
    return not_loadable(path, absolute, error == nullptr ? "unknown error" : error);
  }
  Library library(handle);
  const auto* plugin = static_cast<const PluginDescriptor*>(dlsym(handle, kEntry));
  if (plugin == nullptr) return no_topology(path);
  // Again from memory: a file without a section table could not be judged before.
  std::string compiler;
  if (plugin->magic == PluginDescriptor::kMagic && plugin->abi == kAbiVersion) {
    compiler = plugin->compiler;
  }
  if (absl::Status status = check_descriptor(path, plugin->magic, plugin->abi, &compiler);
      !status.ok()) {
    return status;
  }
  absl::StatusOr<Topology> topology = build(path, *plugin, given);
  if (!topology.ok()) return topology.status();
  return LoadedTopology(std::move(library), *std::move(topology));
}

}  // namespace rafale::worker
