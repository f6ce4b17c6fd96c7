import {
  brotliCompressSync,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { head, outcome, type Row } from '../row.ts'

const plain = Buffer.from('compressed \u00e4 '.repeat(20))
const large = Buffer.alloc(300_000, 'abcdefghij klmnop')

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
      show: async ({ fetch, base }) => {
        const result = (await outcome(
          fetch(base).then(async (response) => [
            response.headers.get('content-encoding'),
            await read(response),
          ]),
        )) as { error?: { name: string; message: string } }
        // zlib's own words differ between its stream and its function.
        return result.error === undefined ? result : [result.error.name, result.error.message]
      },
    })),
  ),
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
