// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The part of the ELF format that finds one exported object in a library.

#include "worker/plugin/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "absl/status/status.h"

namespace rafale::worker {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t kMachine = EM_RISCV;
#else
#error "name this machine's ELF number here"
#endif

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_386:
      return "32-bit x86";
    case EM_AARCH64:
      return "arm64";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "64-bit PowerPC";
    case EM_S390:
      return "s390x";
    default:
      return fmt::format("another machine (ELF number {})", machine);
  }
}

absl::Status refused(const std::string& path, std::string_view why) {
  return absl::FailedPreconditionError(fmt::format("'{}' {}", path, why));
}

absl::Status check_header(const std::string& path, std::string_view start) {
  constexpr std::string_view kAdvice =
      "a plugin is the .so that rafale_add_topology() builds from a RAFALE_TOPOLOGY";
  if (start.size() < EI_NIDENT || !start.starts_with(std::string_view(ELFMAG, SELFMAG))) {
    return refused(path, fmt::format("is no shared library; {}", kAdvice));
  }
  Elf64_Ehdr header{};
  std::memcpy(&header, start.data(), std::min(start.size(), sizeof header));
  if (start[EI_DATA] != ELFDATA2LSB || header.e_machine != kMachine ||
      start[EI_CLASS] != ELFCLASS64) {
    return refused(path,
                   fmt::format("is built for {}, this rafale for {}; build it for this machine",
                               machine_name(header.e_machine), machine_name(kMachine)));
  }
  if (start.size() < sizeof header) {
    return refused(path, "is cut short; build or copy it again");
  }
  if (header.e_type != ET_DYN) {
    return refused(
        path, fmt::format("is no shared library, but a {}; {}",
                          header.e_type == ET_REL ? "single object file" : "program", kAdvice));
  }
  return absl::OkStatus();
}

}  // namespace

void ElfFile::Unmap::operator()(const char* at) const { munmap(const_cast<char*>(at), size); }

absl::StatusOr<ElfFile> ElfFile::open(const std::string& path) {
  const auto cannot_read = [&path](int error) {
    const std::string text = fmt::format("cannot read '{}': {}", path, std::strerror(error));
    return error == ENOENT || error == ENOTDIR ? absl::NotFoundError(text)
                                               : absl::FailedPreconditionError(text);
  };
  // Not to wait for a writer if the path is a named pipe.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return cannot_read(errno);
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return refused(path, "is not a file; name the plugin itself");
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  void* at = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  const int error = errno;
  close(fd);
  if (at == nullptr) return refused(path, "is empty; build it again");
  if (at == MAP_FAILED) return cannot_read(error);

  ElfFile file(static_cast<const char*>(at), size);
  if (absl::Status status = check_header(path, file.bytes()); !status.ok()) return status;
  file.find_symbols();
  return file;
}

std::string_view ElfFile::range(std::uint64_t offset, std::uint64_t size) const {
  const std::string_view all = bytes();
  if (offset > all.size() || size > all.size() - offset) return {};
  return all.substr(offset, size);
}

template <class T>
std::optional<T> ElfFile::entry(const Table& table, std::uint64_t index) const {
  if (index >= table.size / sizeof(T)) return std::nullopt;
  const std::string_view from = range(table.offset + index * sizeof(T), sizeof(T));
  if (from.empty()) return std::nullopt;
  T value;
  std::memcpy(&value, from.data(), sizeof value);
  return value;
}

void ElfFile::find_symbols() {
  Elf64_Ehdr header;
  std::memcpy(&header, bytes().data(), sizeof header);
  if (header.e_phentsize == sizeof(Elf64_Phdr)) {
    segments_ = {header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr)};
  }
  if (header.e_shentsize == sizeof(Elf64_Shdr)) {
    sections_ = {header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr)};
  }
  for (std::uint64_t i = 0; const auto section = entry<Elf64_Shdr>(sections_, i); ++i) {
    if (section->sh_type != SHT_DYNSYM) continue;
    const auto names = entry<Elf64_Shdr>(sections_, section->sh_link);
    if (!names) continue;
    symbols_ = {section->sh_offset, section->sh_size};
    names_ = {names->sh_offset, names->sh_size};
  }
}

std::optional<std::uint64_t> ElfFile::symbol(std::string_view name) const {
  const std::string_view names = range(names_.offset, names_.size);
  for (std::uint64_t i = 0; const auto symbol = entry<Elf64_Sym>(symbols_, i); ++i) {
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_name >= names.size()) continue;
    const std::string_view found = names.substr(symbol->st_name);
    if (found.size() > name.size() && found.starts_with(name) && found[name.size()] == '\0') {
      return symbol->st_value;
    }
  }
  return std::nullopt;
}

std::string_view ElfFile::bytes_at(std::uint64_t address, std::uint64_t size) const {
  for (std::uint64_t i = 0; const auto segment = entry<Elf64_Phdr>(segments_, i); ++i) {
    if (segment->p_type != PT_LOAD || address < segment->p_vaddr) continue;
    const std::uint64_t within = address - segment->p_vaddr;
    if (within >= segment->p_filesz || size > segment->p_filesz - within) continue;
    const std::string_view whole = range(segment->p_offset, segment->p_filesz);
    return whole.empty() ? whole : whole.substr(within);
  }
  return {};
}

std::optional<std::uint64_t> ElfFile::pointer(std::uint64_t address) const {
  // What the loader will store there stands in the relocation, seldom in place.
  for (std::uint64_t i = 0; const auto section = entry<Elf64_Shdr>(sections_, i); ++i) {
    if (section->sh_type != SHT_RELA) continue;
    const Table relocations{section->sh_offset, section->sh_size};
    for (std::uint64_t j = 0; const auto relocation = entry<Elf64_Rela>(relocations, j); ++j) {
      if (relocation->r_offset != address) continue;
      if (ELF64_R_SYM(relocation->r_info) != 0) return std::nullopt;
      return static_cast<std::uint64_t>(relocation->r_addend);
    }
  }
  return read<std::uint64_t>(address);
}

std::optional<std::string> ElfFile::text(std::uint64_t address) const {
  const std::string_view from = bytes_at(address, 1);
  const std::size_t end = from.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(from.substr(0, end));
}

}  // namespace rafale::worker
