// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// CRC-32C, the Castagnoli polynomial (RFC 3720, appendix B.4).
#pragma once

#include <cstddef>
#include <cstdint>

namespace rafale::common {

/// The check sum of `size` bytes after those of `before`, 0 at first: crc32c(crc32c(0, a), b) is
/// that of a and b. With the processor's instruction where there is one. Any thread.
std::uint32_t crc32c(std::uint32_t before, const void* data, std::size_t size);

}  // namespace rafale::common
