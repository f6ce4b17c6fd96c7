import { Readable } from 'node:stream'
import { FormData as UndiciFormData } from 'undici'
import { outcome, type Context, type Row } from '../row.ts'

const encoder = new TextEncoder()

function streamOf(...chunks: unknown[]): ReadableStream {
  return ReadableStream.from(chunks)
}

// undici's fetch only accepts its own class.
function form(...entries: [string, string | Blob, string?][]): UndiciFormData {
  const data = new UndiciFormData()
  for (const [name, value, file] of entries) {
    if (typeof value === 'string') data.append(name, value)
    else data.append(name, value, file)
  }
  return data
}

/** Boundaries differ from call to call. */
function withoutBoundary(text: string): string {
  return text.replaceAll(/-{2,}[\w-]*formdata-[\w-]+/gi, '--BOUNDARY')
}

async function upload(context: Context, body: unknown, more: Record<string, unknown> = {}) {
  const init = { method: 'POST', body, ...more }
  const result = await outcome(
    context.fetch(context.base, init).then((response) => response.status),
  )
  return {
    result,
    received: context.received.map(({ headers, body: text }) => ({
      type: withoutBoundary(String(headers['content-type'])),
      length: headers['content-type']?.includes('multipart') ? 'some' : headers['content-length'],
      coding: headers['transfer-encoding'],
      text: withoutBoundary(text),
    })),
  }
}

// undici waits for the first chunk before it writes the head.
const emptyStream = {
  result: { value: 200 },
  received: [{ type: 'undefined', coding: 'chunked', text: '' }],
}

const bodies: [string, () => unknown, Record<string, unknown>?][] = [
  ['a string', () => 'h\u00e9llo'],
  ['an empty string', () => ''],
  ['a string with half of a surrogate pair', () => 'a\ud800b'],
  ['a String object', () => Object('x') as unknown],
  ['a number', () => 5],
  ['true', () => true],
  ['an object', () => ({ a: 1 })],
  ['an array', () => [1, 2]],
  ['null', () => null],
  ['undefined', () => undefined],
  ['a symbol', () => Symbol('x')],
  ['URLSearchParams', () => new URLSearchParams({ a: '1', 'b c': '\u00e4&' })],
  ['a Buffer', () => Buffer.from('abc')],
  ['a Uint8Array that shows a part', () => encoder.encode('abcdef').subarray(1, 4)],
  ['a DataView', () => new DataView(encoder.encode('abcd').buffer, 1, 2)],
  ['a Uint16Array', () => new Uint16Array([0x6261, 0x6463])],
  ['an ArrayBuffer', () => encoder.encode('abc').buffer],
  ['an empty ArrayBuffer', () => new ArrayBuffer(0)],
  ['a Blob', () => new Blob(['abc'], { type: 'text/x' })],
  ['a Blob without a type', () => new Blob(['abc'])],
  ['an empty Blob', () => new Blob([])],
  ['a File', () => new File(['abc'], 'f.txt', { type: 'text/y' })],
  ['FormData with texts', () => form(['a', '1'], ['b "c"\r\n', 'x\ny'])],
  ['FormData with a file', () => form(['f', new Blob(['data'], { type: 'text/z' }), 'n"1.txt'])],
  ['empty FormData', () => form()],
  [
    'a stream with duplex',
    () => streamOf(encoder.encode('ab'), encoder.encode('cd')),
    { duplex: 'half' },
  ],
  ['a stream without duplex', () => streamOf(encoder.encode('ab'))],
  ['an empty stream', () => streamOf(), { duplex: 'half' }],
  ['a stream with keepalive', () => streamOf(), { duplex: 'half', keepalive: true }],
  [
    'an async generator',
    async function* () {
      yield encoder.encode('ab')
      yield encoder.encode('cd')
    },
    { duplex: 'half' },
  ],
  [
    'a Node stream',
    () => Readable.from([Buffer.from('ab'), Buffer.from('cd')]),
    { duplex: 'half' },
  ],
  [
    'a locked stream',
    () => {
      const stream = streamOf(encoder.encode('ab'))
      stream.getReader()
      return stream
    },
    { duplex: 'half' },
  ],
]

const extraction: Row[] = bodies.map(([situation, body, more]) => ({
  clause: 'Body: extract a body',
  situation,
  show: (context) => upload(context, body(), more),
  ...(situation === 'an empty stream' && { ours: emptyStream }),
}))

const types: Row[] = [
  {
    clause: 'Body: extract a body',
    situation: 'a content-type of the user\u2019s',
    show: (context) => upload(context, 'x', { headers: { 'Content-Type': 'a/b' } }),
  },
  {
    clause: 'Body: extract a body',
    situation: 'a content-length of the user\u2019s that is right',
    show: (context) => upload(context, 'abc', { headers: { 'content-length': '3' } }),
  },
  {
    clause: 'Body: extract a body',
    situation: 'a content-length of the user\u2019s that is wrong',
    show: (context) => upload(context, 'abc', { headers: { 'content-length': '4' } }),
  },
  ...['GET', 'HEAD'].map((method) => ({
    clause: 'Request constructor: body',
    situation: `with ${method}`,
    show: (context: Context) => upload(context, 'abc', { method }),
  })),
  ...['DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'].map((method) => ({
    clause: 'Request constructor: body',
    situation: `with ${method}`,
    show: (context: Context) => upload(context, 'abc', { method }),
  })),
  {
    clause: 'Body: extract a body',
    situation: 'bytes that change after the call are sent as they were',
    show: async ({ fetch, base, received }) => {
      const bytes = encoder.encode('abc')
      const done = fetch(base, { method: 'POST', body: bytes })
      bytes.fill(0)
      await done
      return received[0]?.body
    },
  },
  {
    clause: 'Body: extract a body',
    situation: 'a stream that fails',
    show: async (context) => {
      const stream = new ReadableStream({
        pull() {
          throw new RangeError('source')
        },
      })
      return outcome(context.fetch(context.base, { method: 'POST', body: stream, duplex: 'half' }))
    },
  },
  {
    clause: 'Request: body',
    situation: 'a used Request',
    show: async ({ fetch, base }) => {
      const request = new Request(base, { method: 'POST', body: 'x' })
      await request.text()
      const result = (await outcome(fetch(request))) as { error?: { name?: string } }
      return result.error?.name
    },
  },
]

export const bodyRows: readonly Row[] = [...extraction, ...types]
