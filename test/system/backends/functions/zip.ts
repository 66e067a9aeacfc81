import { crc32 } from 'node:zlib'

/** A zip archive with one file, stored as it is: what CreateFunction takes as code. */
export function zipOf(name: string, text: string): Uint8Array {
  const path = Buffer.from(name)
  const data = Buffer.from(text)
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  common(local.subarray(4), path, data)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt16LE(versionMadeByUnix, 4)
  common(central.subarray(6), path, data)
  central.writeUInt32LE(readableByAll, 38)
  const directoryAt = local.length + path.length + data.length
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length + path.length, 12)
  end.writeUInt32LE(directoryAt, 16)
  return Buffer.concat([local, path, data, central, path, end])
}

const versionMadeByUnix = (3 << 8) | 20
/** The Unix mode of a regular file, 0644, in the upper half. */
const readableByAll = (0o100644 << 16) >>> 0

/** The members that the local header and the directory share, in the same order. */
function common(header: Buffer, path: Buffer, data: Buffer): void {
  header.writeUInt16LE(20, 0)
  header.writeUInt16LE(0, 2)
  header.writeUInt16LE(0, 4)
  header.writeUInt32LE(firstOfJanuary2020, 6)
  header.writeUInt32LE(crc32(data), 10)
  header.writeUInt32LE(data.length, 14)
  header.writeUInt32LE(data.length, 18)
  header.writeUInt16LE(path.length, 22)
}

const firstOfJanuary2020 = (((2020 - 1980) << 25) | (1 << 21) | (1 << 16)) >>> 0
