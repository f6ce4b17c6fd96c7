/** The bytes of HTTP/3: numbers, frames, and blocks of headers by QPACK without tables. */

export const H3FrameType = {
  data: 0,
  headers: 1,
  cancelPush: 3,
  settings: 4,
  pushPromise: 5,
  goaway: 7,
  maxPushId: 13,
} as const

export const H3Code = {
  noError: 0x100,
  generalProtocolError: 0x101,
  internalError: 0x102,
  streamCreationError: 0x103,
  closedCriticalStream: 0x104,
  frameUnexpected: 0x105,
  frameError: 0x106,
  excessiveLoad: 0x107,
  idError: 0x108,
  settingsError: 0x109,
  missingSettings: 0x10a,
  requestRejected: 0x10b,
  requestCancelled: 0x10c,
  requestIncomplete: 0x10d,
  messageError: 0x10e,
  connectError: 0x10f,
  versionFallback: 0x110,
  qpackDecompressionFailed: 0x200,
} as const

/** A number of QUIC's variable length. */
export function h3Number(value: number): Buffer {
  if (value < 0x40) return Buffer.from([value])
  if (value < 0x4000) return Buffer.from([0x40 | (value >> 8), value & 0xff])
  const bytes = Buffer.alloc(value < 0x4000_0000 ? 4 : 8)
  if (bytes.length === 4) bytes.writeUInt32BE(value)
  else bytes.writeBigUInt64BE(BigInt(value))
  bytes[0] = (bytes[0] ?? 0) | (bytes.length === 4 ? 0x80 : 0xc0)
  return bytes
}

export function h3Frame(type: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([h3Number(type), h3Number(payload.length), payload])
}

/** A field as a literal that enters no table. */
export function h3Field(name: string, value: string): Buffer {
  return Buffer.concat([qpackText(0x20, 3, name), qpackText(0, 7, value)])
}

/** A HEADERS frame. */
export function h3Headers(...fields: Buffer[]): Buffer {
  return h3Frame(H3FrameType.headers, Buffer.concat([Buffer.alloc(2), ...fields]))
}

export function h3Data(body: string | Buffer): Buffer {
  return h3Frame(H3FrameType.data, Buffer.from(body))
}

/** The payload of a SETTINGS frame. */
export function h3Settings(...pairs: [id: number, value: number][]): Buffer {
  return Buffer.concat(pairs.flat().map(h3Number))
}

/** A string behind its length, whose first `bits` share a byte with `flags`. */
function qpackText(flags: number, bits: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const most = (1 << bits) - 1
  if (bytes.length < most) return Buffer.concat([Buffer.from([flags | bytes.length]), bytes])
  const length = [flags | most]
  let rest = bytes.length - most
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}
