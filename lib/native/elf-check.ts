import { readFileSync } from 'node:fs'
import { readStart } from './read-start.ts'

const headerSize = 64
const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 }

/**
 * Returns in words why this machine can't load a file, or undefined. The dynamic linker says less, and ends the process by
 * SIGBUS if a file is truncated. Linux only.
 */
export function faultOfElf(path: string): string | undefined {
  const { start: header, size } = readStart(path, headerSize)
  if (header.length < headerSize || header.toString('latin1', 0, 4) !== '\x7fELF') {
    return 'it is not a shared library of Linux'
  }
  if (header.readUInt16LE(18) !== machines[process.arch]) {
    return 'it is made for another processor'
  }
  // The table of sections comes last in the file.
  const end = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
  return size < end ? `it is truncated: it has ${size} of ${end} bytes` : undefined
}

/** Returns which C library a shared library of Linux is linked with; undefined if it names none. */
export function libcOfElf(path: string): 'glibc' | 'musl' | undefined {
  const file = readFileSync(path)
  if (file.includes('\0libc.so.6\0')) {
    return 'glibc'
  }
  return file.includes('\0libc.so\0') || file.includes('\0libc.musl-') ? 'musl' : undefined
}
