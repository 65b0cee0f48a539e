"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), which Secret Manager and Cloud Storage put beside their data."""

import base64
import functools
import struct

POLYNOMIAL = 0x82F63B78


@functools.lru_cache(maxsize=1)
def byte_table():
  table = []
  for value in range(256):
    for _ in range(8):
      value = (value >> 1) ^ (POLYNOMIAL if value & 1 else 0)
    table.append(value)
  return table


@functools.lru_cache(maxsize=1)
def pair_table():
  """What two bytes at once do: half the steps, which counts for uploads of many megabytes."""
  single = byte_table()
  return [single[(single[value & 0xFF] ^ (value >> 8)) & 0xFF] ^ (single[value & 0xFF] >> 8) for value in range(65536)]


def crc32c(data, crc=0):
  """The checksum of bytes as a number; `crc` continues an earlier one."""
  crc ^= 0xFFFFFFFF
  even = len(data) & ~1
  if even >= 4096:
    table = pair_table()
    for pair in struct.unpack(f"<{even // 2}H", data[:even]):
      crc = table[(crc ^ pair) & 0xFFFF] ^ (crc >> 16)
    data = data[even:]
  table = byte_table()
  for byte in data:
    crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
  return crc ^ 0xFFFFFFFF


def crc32c_base64(data):
  """As Cloud Storage writes it: base64 of the four bytes, the highest first."""
  return base64.b64encode(struct.pack(">I", crc32c(data))).decode()
