// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Text whose words are as unevenly frequent as those of a language.
#pragma once

#include <string>

namespace rafale::bench {

/// 100 000 lines of ten words from a vocabulary of 10 000, the r-th most frequent word about as
/// often as 1/r. Always the same text.
std::string zipf_text();

}  // namespace rafale::bench
