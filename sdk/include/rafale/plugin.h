// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The one symbol by which the runtime finds a topology in a shared library.
#pragma once

#include <cstdint>

#include "rafale/export.h"
#include "rafale/topology_builder.h"

namespace rafale {

/// What a plugin exports under the name `rafale_plugin`. The first three members never change their
/// place, so that any runtime can tell any plugin that it does not fit.
struct PluginDescriptor {
  static constexpr std::uint64_t kMagic = 0x31656c6166617221;  // "!rafale1", little endian

  std::uint64_t magic = kMagic;
  std::uint32_t abi = kAbiVersion;
  std::uint32_t reserved = 0;
  const char* compiler;  ///< compiler, library and C++ ABI, see RAFALE_COMPILER
  const char* name;      ///< default name of the topology
  void (*build)(TopologyBuilder&);
};

}  // namespace rafale

#define RAFALE_STRINGIFY_(x) #x
#define RAFALE_STRINGIFY(x) RAFALE_STRINGIFY_(x)
/// What must be equal in runtime and plugin for their C++ types to be the same.
#if defined(__GLIBCXX__)
#define RAFALE_COMPILER                                                                       \
  "libstdc++ cxx11abi=" RAFALE_STRINGIFY(_GLIBCXX_USE_CXX11_ABI) " gxxabi=" RAFALE_STRINGIFY( \
      __GXX_ABI_VERSION)
#else
#define RAFALE_COMPILER "another C++ standard library"
#endif

/// Makes this shared library a topology: the block that follows gets a TopologyBuilder& and fills
/// it. Exactly once per library.
///
///   RAFALE_TOPOLOGY("word_count", builder) {
///     builder.spout(...);
///   }
#define RAFALE_TOPOLOGY(topology_name, builder)                                                    \
  static void rafale_build_topology(::rafale::TopologyBuilder& builder);                           \
  extern "C" RAFALE_API const ::rafale::PluginDescriptor rafale_plugin;                            \
  extern "C" const ::rafale::PluginDescriptor rafale_plugin = {::rafale::PluginDescriptor::kMagic, \
                                                               ::rafale::kAbiVersion,              \
                                                               0,                                  \
                                                               RAFALE_COMPILER,                    \
                                                               topology_name,                      \
                                                               &rafale_build_topology};            \
  static void rafale_build_topology(::rafale::TopologyBuilder& builder)
