import { randomInt } from 'node:crypto'
import type { Blob } from 'node:buffer'

/** undici's FormData, Node's own or any other; its shape tells. */
export interface FormDataLike {
  [Symbol.iterator](): Iterator<[string, string | FileLike]>
}

interface FileLike extends Blob {
  readonly name?: string
}

/** A multipart/form-data body: its parts (bytes or files) in order, and their length together. */
export interface Multipart {
  readonly parts: readonly (Uint8Array | Blob)[]
  readonly length: number
  readonly contentType: string
}

export function isFormData(value: object): value is FormDataLike {
  const { append, delete: remove, get, getAll, has, set } = value as Record<string, unknown>
  return (
    (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'FormData' &&
    [append, remove, get, getAll, has, set].every((method) => typeof method === 'function')
  )
}

/** Encodes a form as the HTML standard says ("multipart/form-data encoding algorithm"). */
export function encodeMultipart(
  form: FormDataLike,
  boundary: string = randomBoundary(),
): Multipart {
  const parts: (Uint8Array | Blob)[] = []
  // All text between two files becomes one part.
  let text = ''
  const flush = (): void => {
    parts.push(Buffer.from(text))
    text = ''
  }
  for (const [name, value] of form) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(withCrlf(name))}"`
    if (typeof value === 'string') {
      text += `\r\n\r\n${withCrlf(value)}\r\n`
      continue
    }
    text += `; filename="${quoted(value.name ?? 'blob')}"\r\n`
    text += `Content-Type: ${value.type || 'application/octet-stream'}\r\n\r\n`
    flush()
    parts.push(value)
    text = '\r\n'
  }
  text += `--${boundary}--\r\n`
  flush()
  return {
    parts,
    length: parts.reduce((sum, part) => sum + ('size' in part ? part.size : part.byteLength), 0),
    contentType: `multipart/form-data; boundary=${boundary}`,
  }
}

function randomBoundary(): string {
  return `----formdata-dodici-${randomInt(1e12).toString().padStart(12, '0')}`
}

/** Yields the parts as chunks. Files are read while they are sent. */
export async function* multipartChunks(parts: Multipart['parts']): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if ('size' in part) {
      yield* part.stream()
    } else {
      yield part
    }
  }
}

function withCrlf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n')
}

function quoted(text: string): string {
  return text.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')
}
