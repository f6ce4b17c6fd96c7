import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Reads up to `most` bytes from a file's start. `size` is that of the whole file. Throws Node's errors. */
export function readStart(path: string, most: number): { start: Buffer; size: number } {
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(most)
    const length = readSync(file, start)
    return { start: start.subarray(0, length), size: fstatSync(file).size }
  } finally {
    closeSync(file)
  }
}
