import type { Buffer } from 'node:buffer'

// Buffer.toString() spends half of its time before it calls this method; undici uses it, too. Node's types do not show
// it.
interface Slicing {
  utf8Slice(start: number, end: number): string
}

/** TextDecoder decodes longer texts faster. */
const shortText = 2048
const decoder = new TextDecoder()

/** Decodes bytes in UTF-8, without their byte order mark. */
export function textOf(bytes: Buffer): string {
  if (bytes.byteLength > shortText) {
    return decoder.decode(bytes)
  }
  return (bytes as Buffer & Slicing).utf8Slice(hasMark(bytes) ? 3 : 0, bytes.byteLength)
}

/** Whether the bytes begin with UTF-8's byte order mark. */
export function hasMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}
