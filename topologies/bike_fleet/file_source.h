// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Records from files, one on each line.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/file/line_reader.h"
#include "topologies/bike_fleet/record_parser.h"
#include "topologies/bike_fleet/record_source.h"

namespace rafale::bikes {

/// Reads files one after another, so that the records of a station keep their order.
class FileSource final : public RecordSource {
 public:
  struct Options {
    bool in_memory = false;  ///< open() reads all files
    /// Looks into each record for its moment, with a parser of this format; costs a parse.
    bool moments = false;
    Format format = Format::automatic;
    std::string contract;
  };

  FileSource(std::vector<std::string> files, Options options);

  void open() override;
  bool next(SourceRecord& record) override;
  bool begins_anew() const override { return false; }
  std::int64_t position() const override { return position_; }
  const std::vector<std::string>& names() const override { return files_; }

 private:
  std::unique_ptr<connectors::LineReader> reader_for(std::size_t file) const;
  std::int64_t here() const;

  std::vector<std::string> files_;
  Options options_;
  std::vector<std::unique_ptr<connectors::LineReader>> readers_;  // null: not opened yet
  std::size_t file_ = 0;
  std::int64_t position_ = 0;
  connectors::Line line_;
  std::unique_ptr<RecordParser> parser_;  // null unless moments are wanted
};

}  // namespace rafale::bikes
