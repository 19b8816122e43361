// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The only file that sees RocksDB.
#include "connectors/state/disk.h"

#include <cstdarg>
#include <filesystem>
#include <stdexcept>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

namespace rafale::connectors::state {
namespace {

constexpr std::size_t kMemtableBytes = std::size_t{16} << 20;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

/// RocksDB's own log file asserts in 7.8 that no write to it ever failed, so that a full disk would
/// end the process. Errors reach us as statuses.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = kMemtableBytes;
  // A host has many tasks, each with a database.
  options.max_open_files = 64;
  options.info_log = std::make_shared<NoLog>();
  return options;
}

class DiskCursor final : public Disk::Cursor {
 public:
  DiskCursor(rocksdb::Iterator* iterator, std::string_view from) : iterator_(iterator) {
    iterator_->Seek(slice(from));
  }
  bool valid() const override {
    if (iterator_->Valid()) return true;
    if (!iterator_->status().ok()) throw std::runtime_error(iterator_->status().ToString());
    return false;
  }
  std::string_view key() const override { return view(iterator_->key()); }
  std::string_view value() const override { return view(iterator_->value()); }
  void next() override { iterator_->Next(); }

 private:
  static std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace

struct Disk::Database {
  std::string path, owner;
  std::unique_ptr<rocksdb::DB> db;  // null after a write that failed

  void open();
  // After an error it is not known what is in the log, and RocksDB takes no more writes: opening it
  // again finds out, and gets over what was passing.
  rocksdb::DB& opened() {
    if (!db) open();
    return *db;
  }
};

void Disk::Database::open() {
  rocksdb::DB* made = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options(), path, &made);
  if (status.ok()) {
    db.reset(made);
    return;
  }
  const std::string reason = status.ToString();
  const std::string whose = "the state of " + owner + " in '" + path + "' ";
  if (status.IsIOError() && reason.find("lock") != std::string::npos) {
    throw std::runtime_error(
        whose + "is held by another process, or by another task of this one (" + reason + ")");
  }
  throw std::runtime_error(whose + "cannot be opened: " + reason);
}

Disk::Disk(const std::string& path, const std::string& owner)
    : database_(std::make_unique<Database>()) {
  database_->path = path;
  database_->owner = owner;
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    throw std::runtime_error("the state of " + owner + " cannot be kept in '" + path +
                             "': " + error.message());
  }
  database_->open();
}

Disk::~Disk() = default;

std::optional<std::string> Disk::get(std::string_view key) const {
  std::string value;
  const rocksdb::Status status = database_->opened().Get({}, slice(key), &value);
  if (status.ok()) return value;
  if (status.IsNotFound()) return std::nullopt;
  throw std::runtime_error("state in '" + database_->path +
                           "' cannot be read: " + status.ToString());
}

std::unique_ptr<Disk::Cursor> Disk::cursor(std::string_view from) const {
  return std::make_unique<DiskCursor>(database_->opened().NewIterator({}), from);
}

void Disk::write(const Changes& changes) {
  rocksdb::WriteBatch batch;
  for (const auto& [key, value] : changes) {
    if (value) {
      batch.Put(slice(key), slice(*value));
    } else {
      batch.Delete(slice(key));
    }
  }
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const rocksdb::Status status = database_->opened().Write(durable, &batch);
  if (status.ok()) return;
  database_->db.reset();
  throw std::runtime_error("state cannot be written to '" + database_->path +
                           "': " + status.ToString());
}

}  // namespace rafale::connectors::state
