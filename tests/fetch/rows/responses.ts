import type { ServerResponse } from 'node:http'
import { describeError, head, outcome, type Row } from '../row.ts'

type Answer = NonNullable<Row['answer']>

const text = (body: string | Buffer, headers: Record<string, string | string[]> = {}): Answer => {
  return (_request, response) => {
    response.writeHead(200, headers).end(body)
  }
}

/** Sends the rest of what `beginning` has begun. */
let finish = (): void => {}

const beginning: Answer = (_request, response) => {
  response.write('abc')
  finish = () => {
    response.end('def')
  }
}

const statuses: Row[] = [200, 201, 204, 205, 206, 299, 300, 304, 400, 404, 418, 500, 599, 999].map(
  (status) => ({
    clause: 'Response: status',
    situation: String(status),
    answer: (_request, response) => {
      response.writeHead(status, status === 404 ? 'Nothing h\u00e9re' : undefined).end('body')
    },
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      return [head(response), await response.text()]
    },
  }),
)

const readers = ['text', 'json', 'arrayBuffer', 'bytes', 'blob', 'formData'] as const
type Reader = (typeof readers)[number]

async function readAs(response: Response, reader: Reader): Promise<unknown> {
  const value: unknown = await response[reader]()
  if (value instanceof Blob) return { blob: value.type, text: await value.text() }
  if (value instanceof ArrayBuffer) return { buffer: [...new Uint8Array(value)] }
  if (ArrayBuffer.isView(value)) return { [value.constructor.name]: [...(value as Uint8Array)] }
  if (typeof value === 'object' && value !== null && 'getAll' in value) {
    return [...(value as FormData)].map(([name, entry]) => [name, typeof entry])
  }
  return value
}

const multipart =
  '--X\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n' +
  '--X\r\ncontent-disposition: form-data; name="f"; filename="f.txt"\r\ncontent-type: text/x\r\n\r\nfile\r\n--X--\r\n'

const contents: [string, Answer][] = [
  ['JSON', text('{"a":[1,"\u00e9"]}', { 'content-type': 'application/json' })],
  ['nothing', text('')],
  ['a byte order mark', text('\ufeff{"a":1}', { 'content-type': 'text/plain; charset=utf-16' })],
  ['bytes that are no UTF-8', text(Buffer.from([0x61, 0xff, 0xc3, 0x62]), { 'content-type': 'x' })],
  ['a form', text('a=1&b=%C3%A4', { 'content-type': 'application/x-www-form-urlencoded' })],
  ['multipart', text(multipart, { 'content-type': 'multipart/form-data; boundary=X' })],
  ['text of 5000 characters', text('\u00e4'.repeat(5000), { 'content-type': 'TEXT/Plain;a=b' })],
]

const asked: Row[] = [407, 421].flatMap((status) =>
  [undefined, 'text', 'stream'].map((body): Row => ({
    clause: 'HTTP-network-or-cache fetch: status',
    situation: `${status} of a request with ${body ?? 'no body'}`,
    answer: (request, response) => {
      response.writeHead(status, { 'x-body': String(request.method) }).end('body')
    },
    show: async ({ fetch, base, received }) => {
      const init = {
        method: body === undefined ? 'GET' : 'POST',
        ...(body !== undefined && {
          body: body === 'text' ? body : ReadableStream.from([Buffer.from(body)]),
        }),
        duplex: 'half',
      }
      const result = await outcome(fetch(base, init).then((response) => response.text()))
      return [result, received.map((one) => one.body)]
    },
  })),
)

const reading: Row[] = contents.flatMap(([situation, answer]) =>
  readers.map((reader) => ({
    clause: `Body: ${reader}()`,
    situation,
    answer,
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      const result = (await outcome(readAs(response, reader))) as { error?: { name: string } }
      return [result.error === undefined ? result : result.error.name, response.bodyUsed]
    },
  })),
)

const twice: Row[] = readers.map((reader) => ({
  clause: `Body: ${reader}()`,
  situation: 'of a body that was read',
  answer: text('{}'),
  show: async ({ fetch, base }) => {
    const response = await fetch(base)
    const first = response.text()
    return [response.bodyUsed, await outcome(response[reader]()), await first]
  },
}))

async function chunksOf(stream: ReadableStream<Uint8Array> | null): Promise<string> {
  let all = ''
  for await (const chunk of stream ?? []) all += Buffer.from(chunk).toString('latin1')
  return all
}

const marks: Row = {
  clause: 'Body: text()',
  situation: 'two byte order marks',
  answer: text('\ufeff\ufeffx'),
  show: async ({ fetch, base }) => (await fetch(base)).text(),
  ours: '\ufeffx',
}

const streams: Row[] = [
  {
    clause: 'Body: body',
    situation: 'is a byte stream, and the same each time',
    answer: text('abc'),
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      const { body } = response
      const reader = body?.getReader({ mode: 'byob' })
      const { value } = (await reader?.read(new Uint8Array(2))) ?? {}
      return [body === response.body, response.bodyUsed, body?.locked, [...(value ?? [])]]
    },
  },
  {
    clause: 'Body: body',
    situation: 'that is looked at, and then read by text()',
    answer: text('abc'),
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      return [response.body?.locked, response.bodyUsed, await response.text(), response.bodyUsed]
    },
  },
  {
    clause: 'Body: body',
    situation: 'that is locked',
    answer: text('abc'),
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      response.body?.getReader()
      return [response.bodyUsed, await outcome(response.text())]
    },
  },
  {
    clause: 'Body: body',
    situation: 'that is cancelled',
    answer: text('abc'),
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      await response.body?.cancel('enough')
      return [response.bodyUsed, await outcome(response.text())]
    },
  },
  {
    clause: 'Body: body',
    situation: 'of a megabyte, in chunks',
    answer: text(Buffer.alloc(1 << 20, 'x')),
    show: async ({ fetch, base }) => (await chunksOf((await fetch(base)).body)).length,
  },
  {
    clause: 'Body: body',
    situation: 'of which a part is read before text() is asked for',
    answer: beginning,
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      const reader = response.body?.getReader()
      const first = await reader?.read()
      finish()
      reader?.releaseLock()
      return [Buffer.from(first?.value ?? []).toString(), await outcome(response.text())]
    },
  },
  {
    clause: 'Body: textStream()',
    situation: 'gives strings',
    answer: text('\u00e4\u20ac'),
    show: async ({ fetch, base }) => {
      const response = (await fetch(base)) as Response & { textStream(): ReadableStream<string> }
      let all = ''
      for await (const chunk of response.textStream()) all += chunk
      return all
    },
  },
]

const clones: Row[] = [
  {
    clause: 'Response: clone()',
    situation: 'before the body has come',
    answer: beginning,
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      const clone = response.clone()
      finish()
      return [head(clone), await Promise.all([response.text(), clone.text()]), response.bodyUsed]
    },
  },
  {
    clause: 'Response: clone()',
    situation: 'of a clone, of a response without body, of one that was read',
    answer: text('abc'),
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      const third = response.clone().clone()
      const empty = (await fetch(base, { method: 'HEAD' })).clone()
      await response.text()
      let error: unknown
      try {
        response.clone()
      } catch (thrown) {
        error = describeError(thrown)
      }
      return [await third.text(), empty.body, await empty.text(), error]
    },
  },
  {
    clause: 'Response: clone()',
    situation: 'keeps the headers',
    answer: text('abc', { 'x-a': '1', 'set-cookie': ['a', 'b'] }),
    show: async ({ fetch, base }) => {
      const clone = (await fetch(base)).clone()
      return [clone.headers.get('x-a'), clone.headers.getSetCookie()]
    },
  },
]

export const answerHeaders: Answer = (_request, response: ServerResponse) => {
  response.writeHead(200, [
    ['X-Two', '1'],
    ['x-two', '2'],
    ['Set-Cookie', 'a=1; path=/'],
    ['Set-Cookie', 'b=2, c'],
    ['X-Latin', '\u00e9'],
    ['X-Empty', ''],
    ['b', '2'],
    ['a', '1'],
    ['5', 'five'],
    ['null', 'nothing'],
    ['date', 'x'],
    ['connection', 'close'],
  ])
  response.end()
}

const headers: Row[] = (
  [
    ['get() joins values', (h: Headers) => [h.get('X-TWO'), h.get('set-cookie'), h.get('no')]],
    ['get() of a value beyond ASCII', (h: Headers) => [h.get('x-latin'), h.get('x-empty')]],
    [
      'get() and has() of names that are not strings',
      (h: Headers) =>
        [5, null, undefined, { toString: () => 'A' }].map((name) => [
          h.get(name as string),
          h.has(name as string),
        ]),
    ],
    ['has()', (h: Headers) => [h.has('X-Two'), h.has('none'), h.has('set-Cookie')]],
    ['getSetCookie()', (h: Headers) => h.getSetCookie()],
    ['entries() are sorted', (h: Headers) => [...h.entries()]],
    ['keys()', (h: Headers) => [...h.keys()]],
    ['values()', (h: Headers) => [...h.values()]],
    ['the iterator', (h: Headers) => [...h]],
    [
      'forEach()',
      (h: Headers) => {
        const all: unknown[] = []
        h.forEach(function (this: unknown, value, name, parent) {
          all.push([value, name, parent === h, this === all])
        }, all)
        return all
      },
    ],
    ['Object.prototype.toString', (h: Headers) => Object.prototype.toString.call(h)],
    [
      'a copy that can be changed',
      (h: Headers) => {
        const copy = new Headers(h)
        copy.set('x-two', '3')
        return [...copy]
      },
    ],
    ['Object.fromEntries()', (h: Headers) => Object.fromEntries(h)],
  ] as [string, (headers: Headers) => unknown][]
).map(([situation, show]) => ({
  clause: 'Headers',
  situation,
  answer: answerHeaders,
  show: async ({ fetch, base }) => show((await fetch(base)).headers),
}))

const refusals: Row[] = (
  [
    ['set()', (h: Headers) => h.set('a', 'b')],
    ['append()', (h: Headers) => h.append('a', 'b')],
    ['delete()', (h: Headers) => h.delete('a')],
    ['get() of what is no name', (h: Headers) => h.get('a b')],
    ['has() of what is no name', (h: Headers) => h.has('')],
    ['has() of nothing', (h: Headers) => (h.has as () => unknown)()],
    ['get() of a symbol', (h: Headers) => h.get(Symbol('x') as never)],
    ['get() of nothing', (h: Headers) => (h.get as () => unknown)()],
    ['forEach() of nothing', (h: Headers) => (h.forEach as () => unknown)()],
  ] as [string, (headers: Headers) => unknown][]
).map(([situation, act]) => ({
  clause: 'Headers: guard',
  situation,
  show: async ({ fetch, base }) => {
    const { headers: all } = await fetch(base)
    try {
      return act(all)
    } catch (error) {
      return describeError(error)
    }
  },
}))

export const responseRows: readonly Row[] = [
  ...statuses,
  ...asked,
  ...reading,
  ...twice,
  marks,
  ...streams,
  ...clones,
  ...headers,
  ...refusals,
]
