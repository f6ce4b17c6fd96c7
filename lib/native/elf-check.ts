import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const headerSize = 64
const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 }

/**
 * What keeps a file from being loaded here, in words, or undefined. The dynamic linker would say less of it, and ends the
 * process by SIGBUS when a file is cut short. Linux only.
 */
export function faultOfElf(path: string): string | undefined {
  const file = openSync(path, 'r')
  try {
    const header = Buffer.alloc(headerSize)
    const { size } = fstatSync(file)
    if (readSync(file, header) < headerSize || header.toString('latin1', 0, 4) !== '\x7fELF') {
      return 'it is no shared library of Linux'
    }
    if (header.readUInt16LE(18) !== machines[process.arch]) {
      return 'it is made for another processor'
    }
    // The table of sections is the last thing in the file.
    const end =
      Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
    return size < end ? `it is cut short: it has ${size} bytes of ${end}` : undefined
  } finally {
    closeSync(file)
  }
}
