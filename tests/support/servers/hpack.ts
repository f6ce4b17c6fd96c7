/**
 * Decodes the HPACK of a client's requests, with Huffman and the dynamic table. Good enough for tests, not for hostile
 * input.
 */

/** Lengths in bits of the codes of bytes 0 to 255 and of the end, in base 36; the code is canonical. */
const kCodeLengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad677777777777777777777' +
  '77878djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmo' +
  'lmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu'

const kStatic: readonly (readonly [string, string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
]

/** "length:code" → byte. */
const codes = new Map<string, number>()
{
  const lengths = Array.from(kCodeLengths, (digit) => Number.parseInt(digit, 36))
  let code = 0
  for (let length = 1; length <= 30; length += 1) {
    for (const [byte, its] of lengths.entries()) {
      if (its !== length) continue
      codes.set(`${length}:${code}`, byte)
      code += 1
    }
    code *= 2
  }
}

export class HpackReader {
  readonly #dynamic: (readonly [string, string])[] = []
  #maxSize = 4096
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  /** Returns the last value of each field in a header block. All blocks of a connection must be read, in order. */
  read(block: Buffer): Map<string, string> {
    return new Map(this.fields(block))
  }

  /** Like `read`, but returns all fields in order. */
  fields(block: Buffer): (readonly [string, string])[] {
    this.#bytes = block
    this.#at = 0
    const fields: (readonly [string, string])[] = []
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0
      if (first >= 0x80) {
        fields.push(this.#entry(this.#integer(7)))
      } else if (first >= 0x40) {
        const found = this.#literal(6)
        this.#dynamic.unshift(found)
        this.#evict()
        fields.push(found)
      } else if (first >= 0x20) {
        this.#maxSize = this.#integer(5)
        this.#evict()
      } else {
        fields.push(this.#literal(4))
      }
    }
    return fields
  }

  #entry(index: number): readonly [string, string] {
    const entry = kStatic[index - 1] ?? this.#dynamic[index - 1 - kStatic.length]
    if (!entry) throw new Error(`HPACK has no entry ${index}`)
    return entry
  }

  #literal(prefix: number): [string, string] {
    const index = this.#integer(prefix)
    const name = index === 0 ? this.#text() : this.#entry(index)[0]
    return [name, this.#text()]
  }

  #integer(prefix: number): number {
    const most = 2 ** prefix - 1
    let value = (this.#bytes[this.#at] ?? 0) & most
    this.#at += 1
    if (value < most) return value
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at] ?? 0
      this.#at += 1
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }

  #text(): string {
    const isHuffman = (this.#bytes[this.#at] ?? 0) >= 0x80
    const length = this.#integer(7)
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return isHuffman ? unhuffman(bytes) : bytes.toString('latin1')
  }

  #evict(): void {
    let size = 0
    const fits = this.#dynamic.findIndex(([name, value]) => {
      size += name.length + value.length + 32
      return size > this.#maxSize
    })
    if (fits >= 0) this.#dynamic.length = fits
  }
}

function unhuffman(bytes: Buffer): string {
  let text = ''
  let code = 0
  let length = 0
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      code = code * 2 + ((byte >> bit) & 1)
      length += 1
      const found = codes.get(`${length}:${code}`)
      if (found === undefined) continue
      text += String.fromCharCode(found)
      code = 0
      length = 0
    }
  }
  return text
}
