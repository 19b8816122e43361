// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One line reader after another.
#include "topologies/bike_fleet/file_source.h"

#include <utility>

#include "topologies/bike_fleet/source_position.h"

namespace rafale::bikes {

FileSource::FileSource(std::vector<std::string> files, Options options)
    : files_(std::move(files)), options_(std::move(options)) {
  if (options_.moments) {
    parser_ = std::make_unique<RecordParser>(options_.format, options_.contract);
  }
}

std::unique_ptr<connectors::LineReader> FileSource::reader_for(std::size_t file) const {
  connectors::LineReader::Options options;
  options.in_memory = options_.in_memory;
  return std::make_unique<connectors::LineReader>(files_[file], options);
}

void FileSource::open() {
  readers_.clear();
  for (std::size_t file = 0; file < files_.size(); ++file) {
    readers_.push_back(reader_for(file));
    if (!options_.in_memory && file > 0) {
      readers_.back().reset();  // it can be opened, which is what was to be known
    }
  }
}

bool FileSource::next(SourceRecord& record) {
  for (; file_ < files_.size(); ++file_, line_ = {}) {
    auto& reader = readers_[file_];
    if (!reader) {
      try {
        reader = reader_for(file_);
      } catch (...) {
        position_ = here();
        ++file_;
        throw;
      }
    }
    if (!reader->next(line_)) {
      reader.reset();
      continue;
    }
    record.text = line_.text;
    record.position = position_ = here();
    record.cut = line_.cut;
    record.moment.reset();
    if (StationRecord parsed; parser_ && parser_->parse(line_.text, parsed)) {
      record.moment = parsed.at;
    }
    return true;
  }
  return false;
}

std::int64_t FileSource::here() const {
  return SourcePosition{static_cast<std::uint32_t>(file_), static_cast<std::int64_t>(line_.number)}
      .pack();
}

}  // namespace rafale::bikes
