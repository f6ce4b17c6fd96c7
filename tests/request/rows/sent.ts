/** request() over a server. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as later } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { bodyOf } from '../../support/protocols.ts'
import { until } from '../../support/wait.ts'
import { described, outcome, plain, watch, told, type Data, type SentRow } from '../row.ts'
import { settled } from '../puppet.ts'

type Answer = NonNullable<SentRow['answer']>
type Send = SentRow['send']

const row = (name: string, send: Send, answer?: Answer): SentRow => ({
  group: 'sent',
  name,
  send,
  ...(answer && { answer }),
})

const kLarge = Buffer.alloc(1_000_000, 'large ')

const echo: Answer = async (request, response) => {
  const body = await bodyOf(request)
  response.writeHead(200, { 'x-method': String(request.method), 'x-path': String(request.url) })
  response.end(body)
}

/** A head and some of the body; the rest when the row says so. */
const inTwo: Answer = async (_request, response, wait) => {
  response.write('first ')
  await wait
  response.end('last')
}

const breaksOff: Answer = async (_request, response, wait) => {
  response.writeHead(200, { 'content-length': '100' })
  response.write('first')
  await wait
  response.destroy()
}

function hashOf(bytes: Uint8Array | string): string {
  return createHash('sha1').update(bytes).digest('hex')
}

const statuses = [200, 204, 205, 304, 404, 500].map((status) =>
  row(
    `a ${status}`,
    async ({ request, origin }) => told(await request(origin)),
    (_request, response) => response.writeHead(status, { 'x-a': '1' }).end(),
  ),
)

const uploads: [string, () => unknown][] = [
  ['a string', () => 'h\u00e9llo'],
  ['a Buffer', () => Buffer.from('hello')],
  ['a stream', () => Readable.from(['a', 'b', 'c'])],
  [
    'a generator',
    () =>
      (async function* chunks() {
        yield 'a'
        yield 'b'
      })(),
  ],
  ['another body', () => null],
]

export const sentRows: SentRow[] = [
  ...statuses,
  row('text()', async ({ request, origin }) =>
    told(await request(`${origin}/a?b=1`, { opaque: 5 })),
  ),
  row(
    'json()',
    async ({ request, origin }) => (await request(origin)).body.json(),
    (_request, response) => response.end('{"a":[1,"\u20ac"]}'),
  ),
  row('HEAD', async ({ request, origin }) => told(await request(origin, { method: 'HEAD' })), echo),
  row(
    'a large body as text',
    async ({ request, origin }) => hashOf(await (await request(origin)).body.text()),
    (_request, response) => response.end(kLarge),
  ),
  row(
    'a large body as bytes',
    async ({ request, origin }) => hashOf(await (await request(origin)).body.bytes()),
    (_request, response) => response.end(kLarge),
  ),
  row(
    'a large body, iterated',
    async ({ request, origin }) => {
      const hash = createHash('sha1')
      for await (const chunk of (await request(origin)).body) hash.update(chunk as Buffer)
      return hash.digest('hex')
    },
    (_request, response) => response.end(kLarge),
  ),
  row(
    'a large body, pipelined',
    async ({ request, origin }) => {
      const hash = createHash('sha1')
      await pipeline((await request(origin)).body, hash)
      return hash.digest('hex')
    },
    (_request, response) => response.end(kLarge),
  ),
  row(
    'a large body that is read late',
    async ({ request, origin }) => {
      const { body } = await request(origin)
      // It fills what may be held of it by then.
      await later(30)
      return hashOf(await body.bytes())
    },
    (_request, response) => response.end(kLarge),
  ),
  row(
    'a large body with a small highWaterMark',
    async ({ request, origin }) => {
      const { body } = await request(origin, { highWaterMark: 100 })
      return hashOf(await body.bytes())
    },
    (_request, response) => response.end(kLarge),
  ),
  row(
    'a large body that another request sends on',
    async ({ request, origin }) => {
      const { body } = await request(`${origin}/large`)
      const sent = await request(origin, { method: 'POST', body })
      return hashOf(await sent.body.bytes())
    },
    (request, response, wait) =>
      request.url === '/large' ? response.end(kLarge) : echo(request, response, wait),
  ),
  row(
    'a body that comes in two',
    async ({ request, origin, go }) => {
      const { body } = await request(origin)
      const text = body.text()
      go()
      return text
    },
    inTwo,
  ),
  row(
    'a body that comes in two, iterated',
    async ({ request, origin, go }) => {
      let text = ''
      for await (const chunk of (await request(origin)).body) {
        text += String(chunk)
        go()
      }
      return text
    },
    inTwo,
  ),
  ...uploads.map(([name, body]) =>
    row(
      `an upload of ${name}`,
      async ({ request, origin }) =>
        told(await request(`${origin}/p`, { method: 'POST', body: body() })),
      echo,
    ),
  ),
  row(
    'a body makes a PUT',
    async ({ request, origin }) => told(await request(origin, { body: 'x' })),
    echo,
  ),
  row(
    'query',
    async ({ request, origin }) => told(await request(origin, { query: { a: [1, 2], b: 'c d' } })),
    echo,
  ),
  row(
    'trailers',
    async ({ request, origin }) => told(await request(origin)),
    (_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('x')
      response.addTrailers({ 'x-sum': '5' })
      response.end()
    },
  ),
  row(
    'Early Hints',
    async ({ request, origin }) => {
      const seen: unknown[] = []
      const { statusCode, body } = await request(origin, {
        onInfo: (info: unknown) => seen.push(info),
      })
      return { seen, statusCode, text: await body.text() }
    },
    (_request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.end('x')
    },
  ),
  row(
    'raw headers',
    async ({ request, origin }) => {
      const { headers, body } = await request(origin, { responseHeaders: 'raw' })
      await body.dump()
      const texts = headers as unknown as string[]
      const at = texts.findIndex((text) => text.toLowerCase() === 'x-raw')
      return { isList: Array.isArray(headers), value: texts[at + 1] }
    },
    (_request, response) => response.writeHead(200, { 'X-Raw': 'A' }).end('x'),
  ),
  row(
    'codings stay as they are',
    async ({ request, origin }) =>
      plain(await (await request(origin)).body.bytes()) === plain(new Uint8Array(gzipSync('x'))),
    (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x')),
  ),
  row('a callback', async ({ request, origin }) => {
    const { promise, resolve } = Promise.withResolvers<[Error | null, Data]>()
    request(origin, {}, (...args) => resolve(args))
    const [error, data] = await promise
    return [described(error), await told(data)]
  }),
  row('a method of the dispatcher', async ({ method, origin }) =>
    told(await method({ origin, path: '/', method: 'GET' })),
  ),
  row('a connection that is used again behind dump()', async ({ request, origin }) => {
    const { body } = await request(origin)
    await body.dump()
    return told(await request(origin))
  }),
  row('fifty at once', async ({ request, origin }) => {
    const all = Array.from({ length: 50 }, async (_none, i) => {
      const { body } = await request(`${origin}/${i}`)
      return body.text()
    })
    return (await Promise.all(all)).length
  }),
  row(
    'a server that breaks off while text() waits',
    async ({ request, origin, go }) => {
      const { body } = await request(origin)
      const result = outcome(() => body.text())
      await settled()
      go()
      const { rejected } = (await result) as { rejected: { class: string; code: string } }
      return { isError: rejected !== undefined }
    },
    breaksOff,
  ),
  row(
    'a server that breaks off, iterated',
    async ({ request, origin, go }) => {
      let text = ''
      const { body } = await request(origin)
      const result = (await outcome(async () => {
        for await (const chunk of body) {
          text += String(chunk)
          go()
        }
      })) as object
      return { text, isError: 'rejected' in result, destroyed: body.destroyed }
    },
    breaksOff,
  ),
  row(
    'a server that breaks off before the body is read',
    async ({ request, origin, go }) => {
      const { body } = await request(origin)
      go()
      await until('the body has broken off', () => body.destroyed)
      return 'rejected' in ((await outcome(() => body.text())) as object)
    },
    breaksOff,
  ),
  row('nobody is there', async ({ request }) => {
    const result = (await outcome(() => request('http://127.0.0.1:1/'))) as {
      rejected: { code: string }
    }
    return result.rejected.code
  }),
  row(
    'headersTimeout',
    async ({ request, origin }) => outcome(() => request(origin, { headersTimeout: 50 })),
    () => {},
  ),
  row(
    'bodyTimeout',
    async ({ request, origin }) => {
      const { body } = await request(origin, { bodyTimeout: 50 })
      return outcome(() => body.text())
    },
    inTwo,
  ),
  row('throwOnError', async ({ request, origin }) =>
    outcome(() => request(origin, { throwOnError: true })),
  ),
  row('a header that cannot be', async ({ request, origin }) =>
    outcome(() => request(origin, { headers: { 'a b': '1' } })),
  ),
  row('a path that cannot be', async ({ request, origin }) =>
    outcome(() => request(origin, { method: 'GE T' })),
  ),
  row(
    'a signal that aborts before the head',
    async ({ request, origin }) => {
      const controller = new AbortController()
      const result = outcome(() => request(origin, { signal: controller.signal }))
      setTimeout(() => controller.abort(new RangeError('why')), 20)
      return result
    },
    () => {},
  ),
  row(
    'a signal that aborts within the body',
    async ({ request, origin }) => {
      const controller = new AbortController()
      const { body } = await request(origin, { signal: controller.signal })
      const result = outcome(async () => {
        for await (const chunk of body) if (String(chunk) !== '') controller.abort()
      })
      return { result: await result, destroyed: body.destroyed }
    },
    inTwo,
  ),
  row(
    'AbortSignal.timeout()',
    async ({ request, origin }) =>
      outcome(() => request(origin, { signal: AbortSignal.timeout(30) })),
    () => {},
  ),
  row(
    'destroy() of the body',
    async ({ request, origin }) => {
      const { body } = await request(origin)
      const log: unknown[] = []
      watch(body, ['error', 'close'], log)
      body.destroy()
      await until('the body is closed', () => body.closed)
      await settled()
      return { log, errored: described(body.errored), aborted: body.readableAborted }
    },
    inTwo,
  ),
  row(
    'a loop that breaks',
    async ({ request, origin }) => {
      const { body } = await request(origin)
      for await (const chunk of body) {
        void chunk
        break
      }
      return { destroyed: body.destroyed, aborted: body.readableAborted }
    },
    inTwo,
  ),
  row(
    'dump() of more than its limit',
    async ({ request, origin }) => {
      const { body } = await request(origin)
      const result = await outcome(() => body.dump({ limit: 1000 }))
      return { result, destroyed: body.destroyed }
    },
    (_request, response) => response.end(kLarge),
  ),
  row(
    'the Agent is destroyed meanwhile',
    async ({ request, origin, dispatcher }) => {
      const pending = outcome(() => request(origin))
      await dispatcher.destroy()
      return pending
    },
    () => {},
  ),
  row('the Agent is closed', async ({ request, origin, dispatcher }) => {
    await dispatcher.close()
    return outcome(() => request(origin))
  }),
]
