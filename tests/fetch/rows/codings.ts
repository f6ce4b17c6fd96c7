import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { head, outcome, type Row } from '../row.ts'

const plain = Buffer.from('compressed \u00e4 '.repeat(20))
const large = Buffer.alloc(300_000, 'abcdefghij klmnop')
const gzip = gzipSync(plain)
const deflate = deflateSync(plain)
const bare = deflateRawSync(plain)
const brotli = brotliCompressSync(plain)
const zstd = zstdCompressSync(plain)
const zstdWithSum = zstdCompressSync(plain, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
const skippable = Buffer.from('502a4d180400000001020304', 'hex')

function followed(coded: Buffer, ...more: (Buffer | string)[]): Buffer {
  return Buffer.concat([coded, ...more.map((each) => Buffer.from(each))])
}

function changed(coded: Buffer, at: number): Buffer {
  const copy = Buffer.from(coded)
  copy.writeUInt8((copy.at(at) ?? 0) ^ 0x55, at < 0 ? copy.length + at : at)
  return copy
}

const bodies: [string, string, Buffer][] = [
  ['gzip', 'gzip', gzipSync(plain)],
  ['x-gzip', 'x-gzip', gzipSync(plain)],
  ['GZIP', 'GZIP', gzipSync(plain)],
  ['deflate', 'deflate', deflateSync(plain)],
  ['bare deflate', 'deflate', deflateRawSync(plain)],
  ['br', 'br', brotliCompressSync(plain)],
  ['zstd', 'zstd', zstdCompressSync(plain)],
  ['gzip over br', 'br, gzip', gzipSync(brotliCompressSync(plain))],
  ['gzip twice', 'gzip,gzip', gzipSync(gzipSync(plain))],
  ['six codings', 'gzip,gzip,gzip,gzip,gzip,gzip', gzipSync(plain)],
  ['an unknown one', 'x-unknown', plain],
  ['identity', 'identity', plain],
  ['an unknown one over gzip', 'gzip, x-unknown', plain],
  ['an empty header', '', plain],
  ['gzip of nothing', 'gzip', Buffer.alloc(0)],
  ['gzip that is no gzip', 'gzip', plain],
  ['br that is no br', 'br', plain],
  ['gzip that breaks off', 'gzip', gzipSync(plain).subarray(0, 30)],
  ['gzip with more behind it', 'gzip', Buffer.concat([gzipSync(plain), Buffer.from('more')])],
  ['two gzip members', 'gzip', Buffer.concat([gzipSync(plain), gzipSync(plain)])],
  ['gzip that breaks off in its head', 'gzip', gzip.subarray(0, 5)],
  ['gzip that lacks its last byte', 'gzip', gzip.subarray(0, -1)],
  ['gzip with a wrong checksum', 'gzip', changed(gzip, -6)],
  ['gzip with a wrong length', 'gzip', changed(gzip, -1)],
  ['gzip by an unknown method', 'gzip', changed(gzip, 2)],
  ['gzip with NULs behind it', 'gzip', followed(gzip, '\0\0')],
  ['gzip with a NUL and gzip behind it', 'gzip', followed(gzip, '\0', gzip)],
  ['gzip with a cut one behind it', 'gzip', followed(gzip, gzip.subarray(0, 20))],
  ['an empty gzip', 'gzip', gzipSync('')],
  ['deflate of nothing', 'deflate', Buffer.alloc(0)],
  ['deflate that breaks off', 'deflate', deflate.subarray(0, 20)],
  ['deflate with a wrong checksum', 'deflate', changed(deflate, -1)],
  ['deflate with more behind it', 'deflate', followed(deflate, 'more')],
  ['bare deflate with more behind it', 'deflate', followed(bare, 'more')],
  ['deflate that is gzip', 'deflate', gzip],
  ['deflate that is text', 'deflate', plain],
  ['deflate with a dictionary', 'deflate', deflateSync(plain, { dictionary: Buffer.from('ed ') })],
  ['br of nothing', 'br', Buffer.alloc(0)],
  ['br that breaks off', 'br', brotli.subarray(0, -4)],
  ['br with an error', 'br', changed(brotli, 8)],
  ['br with more behind it', 'br', followed(brotli, 'more')],
  ['br twice, one behind the other', 'br', followed(brotli, brotli)],
  ['zstd of nothing', 'zstd', Buffer.alloc(0)],
  ['zstd that is no zstd', 'zstd', plain],
  ['zstd that breaks off', 'zstd', zstd.subarray(0, -4)],
  ['zstd that breaks off in its head', 'zstd', zstd.subarray(0, 3)],
  ['zstd with an error', 'zstd', changed(zstd, 8)],
  ['zstd with a wrong checksum', 'zstd', changed(zstdWithSum, -1)],
  ['zstd with more behind it', 'zstd', followed(zstd, 'more')],
  ['zstd with a skippable frame behind it', 'zstd', followed(zstd, skippable)],
  ['zstd with too large a window', 'zstd', Buffer.from('28b52ffd0070010000', 'hex')],
  ['an empty zstd', 'zstd', zstdCompressSync('')],
  ['gzip over br, of nothing', 'br, gzip', Buffer.alloc(0)],
  ['gzip of nothing over br', 'br, gzip', gzipSync('')],
  ['gzip of nothing over zstd', 'zstd, gzip', gzipSync('')],
  ['gzip over what is no br', 'br, gzip', gzip],
  ['gzip over br that breaks off', 'br, gzip', gzipSync(brotli.subarray(0, -4))],
  ['gzip that breaks off, over br', 'br, gzip', gzipSync(brotli).subarray(0, 25)],
  ['zstd over deflate', 'deflate, zstd', zstdCompressSync(deflate)],
  ['deflate over bare deflate', 'deflate, deflate', deflateSync(bare)],
  ['five codings', 'gzip,gzip,gzip,gzip,gzip', [1, 2, 3, 4].reduce((all) => gzipSync(all), gzip)],
  ['an empty element', 'gzip,', gzip],
  ['blanks around names', ' br\t, \xa0gzip ', gzipSync(brotli)],
  ['a large gzip', 'gzip', gzipSync(large)],
  ['a large br', 'br', brotliCompressSync(large)],
]

const readers: [string, (response: Response) => Promise<unknown>][] = [
  ['text()', async (response) => summary(await response.text())],
  [
    'the stream',
    async (response) => {
      let all = ''
      for await (const chunk of response.body ?? []) all += Buffer.from(chunk).toString('latin1')
      return summary(Buffer.from(all, 'latin1').toString())
    },
  ],
]

function summary(text: string): unknown {
  return [text.length, text.slice(0, 30)]
}

export const codingRows: readonly Row[] = [
  ...bodies.flatMap(([situation, coding, bytes]) =>
    readers.map(([reader, read]): Row => ({
      clause: 'Response: content codings',
      situation: `${situation}, by ${reader}`,
      answer: (_request, response) => {
        response.writeHead(200, { 'content-encoding': coding }).end(bytes)
      },
      show: ({ fetch, base }) => {
        return outcome(
          fetch(base).then(async (response) => [
            response.headers.get('content-encoding'),
            await read(response),
          ]),
        )
      },
    })),
  ),
  // undici decodes as many frames as come in pieces of their own.
  ...[
    ['of two frames', followed(zstd, zstd), 2],
    ['of a skippable frame and another', followed(skippable, zstd), 1],
    ['of three frames with a skippable one between', followed(zstd, zstd, skippable, zstd), 3],
  ].map(([situation, bytes, count]): Row => ({
    clause: 'Response: content codings',
    situation: `zstd ${String(situation)}`,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'zstd' }).end(bytes)
    },
    show: async ({ fetch, base }) => (await (await fetch(base)).text()).length,
    ours: plain.toString().length * Number(count),
  })),
  ...[204, 304].map((status): Row => ({
    clause: 'Response: content codings',
    situation: `of a ${status}`,
    answer: (_request, response) => {
      response.writeHead(status, { 'content-encoding': 'gzip' }).end()
    },
    show: async ({ fetch, base }) => head(await fetch(base)),
  })),
  ...['an error', 'nothing'].map((reason): Row => ({
    clause: 'Response: content codings',
    situation: `of a stream that is aborted with ${reason}`,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      const gzip = createGzip()
      gzip.pipe(response)
      gzip.write(large)
      gzip.flush()
    },
    show: async ({ fetch, base }) => {
      const abort = new AbortController()
      const response = await fetch(base, { signal: abort.signal })
      const chunks = response.body?.values()
      await chunks?.next()
      abort.abort(reason === 'nothing' ? undefined : new RangeError('mine'))
      const rest = async (): Promise<void> => {
        while ((await chunks?.next())?.done === false);
      }
      return outcome(rest())
    },
  })),
  {
    clause: 'Response: content codings',
    situation: 'of HEAD',
    answer: (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end()
    },
    show: async ({ fetch, base }) => (await fetch(base, { method: 'HEAD' })).text(),
  },
]
