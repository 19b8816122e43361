// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Writes lines to a file or to standard output so that the caller knows what has arrived there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace rafale::connectors {

/// When what was written is forced to the disk.
enum class Sync : std::uint8_t {
  none,    ///< never: it survives a crash of the process, not one of the machine
  batch,   ///< fdatasync once per flush, before its tuples are acked
  always,  ///< fdatasync after every tuple
};

/// "none", "batch" or "always"; nothing for any other text.
std::optional<Sync> parse_sync(std::string_view text);

/// An open file. Bytes go out with write(2) to its end, wherever others have moved that; there is
/// no buffer inside. Used on one thread at a time.
class LineWriter {
 public:
  struct Options {
    bool append = false;  ///< else the file must not exist yet
    Sync sync = Sync::none;
  };

  /// Creates or opens the file. When appending, a last line without line feed, which a crash left
  /// behind, is cut off: nobody was told that it was written. Throws std::runtime_error, naming the
  /// file and the reason.
  LineWriter(std::string path, Options options);
  /// Standard output, under the name "standard output"; it is not closed.
  static LineWriter standard_output();
  LineWriter(LineWriter&& other) noexcept;
  LineWriter& operator=(LineWriter&&) = delete;
  ~LineWriter();

  /// Writes all of `bytes`, unless an error stops it: then fewer bytes were written, which the
  /// return value counts, and `error` says why.
  std::size_t write(std::string_view bytes, std::error_code& error);
  /// Forces what was written to the disk if the Sync says so. After an error the last `unsynced`
  /// bytes may be lost, so they are cut off: they must be written again.
  void sync(std::size_t unsynced, std::error_code& error);

  const std::string& path() const { return path_; }
  Sync sync_mode() const { return sync_; }

 private:
  LineWriter() = default;
  void cut_torn_line();

  std::string path_;
  int fd_ = -1;
  Sync sync_ = Sync::none;
  bool owned_ = true;
};

}  // namespace rafale::connectors
