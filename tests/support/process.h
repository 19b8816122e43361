// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Runs real programs in integration tests and waits for what they say instead of sleeping.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace rafale::support {

/// How a program ended. A test fails by exception if that takes more than a minute.
struct Ended {
  int exit_code = -1;  ///< 128 + N if signal N killed it
  std::string out;
  std::string err;
};

struct ProcessOptions {
  /// Variables to set; an empty value removes the variable.
  std::map<std::string, std::string> environment{};
  std::string directory{};  ///< working directory; empty: the test's
  bool terminal = false;    ///< standard output and error are a terminal, and `out` has both
};

/// A running program. Its output is kept from the start. Killed if the test ends first.
class Process {
 public:
  /// `arguments[0]` is a path, or the name of a program in $RAFALE_BIN_DIR.
  explicit Process(std::vector<std::string> arguments, ProcessOptions options = {});
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  /// Waits until standard output (or error) contains the text.
  void wait_for_out(const std::string& text);
  void wait_for_err(const std::string& text);
  /// Waits for a whole line of standard output that begins so, and returns it without its end.
  std::string wait_for_line(const std::string& beginning);
  /// Stops reading standard output, as `head` does when it has enough.
  void close_out();
  void signal(int number);
  /// Waits for the end.
  Ended wait();

 private:
  struct Stream {
    int fd = -1;
    std::string text;
  };
  bool read_more();
  void wait_for(const Stream& stream, const std::string& text);

  pid_t child_ = -1;
  Stream out_;
  Stream err_;
};

/// Runs a program to its end.
Ended run(std::vector<std::string> arguments, ProcessOptions options = {});

}  // namespace rafale::support
