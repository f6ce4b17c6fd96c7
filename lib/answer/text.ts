import type { Buffer } from 'node:buffer'

// What Buffer.toString() ends in, after half of its time; undici uses it, too. Node's types do not know it.
interface Slicing {
  utf8Slice(start: number, end: number): string
}

/** Longer texts are decoded faster by TextDecoder. */
const shortText = 2048
const decoder = new TextDecoder()

/** Bytes in UTF-8 as text, without their byte order mark. */
export function textOf(bytes: Buffer): string {
  if (bytes.byteLength > shortText) {
    return decoder.decode(bytes)
  }
  return (bytes as Buffer & Slicing).utf8Slice(hasMark(bytes) ? 3 : 0, bytes.byteLength)
}

/** Begins with UTF-8's byte order mark. */
export function hasMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}
