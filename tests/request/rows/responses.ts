/** The result of request(): the response's head, its trailers, and when they come. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { Stream } from 'node:stream'
import { EventEmitter } from 'node:events'
import { described, outcome, url, type Data, type Played, type PlayedRow } from '../row.ts'
import { settled } from '../puppet.ts'

type Show = PlayedRow['play']

const row = (name: string, play: Show): PlayedRow => ({ group: 'the response', name, play })

async function headOf({ request, puppet }: Played, options: object, ...head: never[]) {
  const pending = request(url, options)
  puppet.head(...(head as []))
  const { body: _, ...rest } = await pending
  return rest
}

const heads: [string, unknown[], object?][] = [
  ['a plain one', [200, { a: '1' }, 'OK']],
  ['an error of the server', [503, {}, 'Busy']],
  ['without a phrase', [204, {}, '']],
  ['a redirect', [302, { location: '/x' }, 'Found']],
  ['a status above all', [999, {}, 'x']],
  ['repeated headers', [200, { 'set-cookie': ['a=1', 'b=2'] }, 'OK']],
  [
    'raw headers',
    [200, { 'X-A': '1', 'Set-Cookie': ['a', 'b'] }, 'OK'],
    { responseHeaders: 'raw' },
  ],
  ['raw headers in latin1', [200, { a: '\u00e4' }, 'OK'], { responseHeaders: 'raw' }],
  ['opaque', [200, {}, 'OK'], { opaque: { mine: true } }],
  ['opaque that is false', [200, {}, 'OK'], { opaque: false }],
]

/** `callback` has been called with this. */
async function calledBack(
  { request, puppet }: Played,
  options: object,
  play: (puppet: Played['puppet']) => void,
): Promise<unknown> {
  const calls: unknown[] = []
  const returned = request(url, options, (error, data) => {
    calls.push([described(error), data && { ...data, body: typeof data.body }])
  })
  play(puppet)
  const atOnce = calls.length
  await settled()
  return { returned, atOnce, calls }
}

export const responseRows: PlayedRow[] = [
  ...heads.map(([name, head, options = {}]) =>
    row(name, (stage) => headOf(stage, options, ...(head as never[]))),
  ),
  row('has its parts in an order', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.respond('x')
    return Object.keys(await pending)
  }),
  row('has no headers at all', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.handler?.onResponseStart(puppet, 200, undefined as never, 'OK')
    const { headers, statusCode } = await pending
    return { headers: headers === undefined, statusCode }
  }),
  row('raw headers that a dispatcher has not', async ({ request, puppet }) => {
    const pending = request(url, { responseHeaders: 'raw' })
    puppet.handler?.onResponseStart({ resume() {} } as never, 200, {}, 'OK')
    return (await pending).headers
  }),
  row('raw headers that a dispatcher has as an object', async ({ request, puppet }) => {
    const pending = request(url, { responseHeaders: 'raw' })
    const rawHeaders = { a: 1, b: ['x', 2] }
    puppet.handler?.onResponseStart({ rawHeaders, resume() {} } as never, 200, {}, 'OK')
    return (await pending).headers
  }),
  row('raw headers that are texts', async ({ request, puppet }) => {
    const pending = request(url, { responseHeaders: 'raw' })
    const rawHeaders = ['A', '1', 'b', '2']
    puppet.handler?.onResponseStart({ rawHeaders, resume() {} } as never, 200, {}, 'OK')
    return (await pending).headers
  }),
  row('the context that a dispatcher gives', async ({ request, puppet }) => {
    puppet.startsAtOnce = false
    const pending = request(url)
    puppet.start({ history: ['a'] })
    puppet.respond('x')
    return (await pending).context
  }),
  row('trailers come with the end', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.head()
    const { trailers, body } = await pending
    const before = { ...trailers }
    puppet.data('x')
    puppet.end({ a: '1', b: '2' })
    return { before, trailers, text: await body.text(), after: trailers }
  }),
  row('a trailer that is called __proto__', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.head()
    const { trailers } = await pending
    puppet.end(JSON.parse('{"__proto__":"x","a":"1"}') as Record<string, string>)
    return Object.entries(trailers)
  }),
  row('trailers that are none', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.head()
    const { trailers } = await pending
    puppet.end(null as never)
    return trailers
  }),
  row('informational heads', async ({ request, puppet }) => {
    const seen: unknown[] = []
    const pending = request(url, { onInfo: (info: unknown) => seen.push(info) })
    puppet.head(100, {}, 'Continue')
    puppet.head(103, { link: '<x>' }, 'Early Hints')
    puppet.respond('x')
    return { seen, status: (await pending).statusCode }
  }),
  row('informational heads, raw', async ({ request, puppet }) => {
    const seen: unknown[] = []
    const onInfo = (info: unknown): unknown => seen.push(info)
    const pending = request(url, { onInfo, responseHeaders: 'raw' })
    puppet.head(103, { Link: '<x>' }, 'Early Hints')
    puppet.respond('x')
    return { seen, status: (await pending).statusCode }
  }),
  row('informational heads that nobody asks for', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.head(103, { link: '<x>' }, 'Early Hints')
    puppet.respond('x')
    return (await pending).statusCode
  }),
  row('an onInfo that throws', ({ request, puppet }) => {
    const onInfo = (): never => {
      throw new Error('mine')
    }
    void request(url, { onInfo }).catch(() => {})
    return outcome(() => puppet.head(103))
  }),
  row('a dispatcher that starts later', async ({ request, puppet }) => {
    puppet.startsAtOnce = false
    const pending = request(url)
    await settled()
    puppet.start()
    puppet.respond('x')
    return (await pending).body.text()
  }),
  row('a dispatcher that starts again', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.start()
    puppet.respond('x')
    return (await pending).body.text()
  }),
  row('a dispatcher that starts again behind the head', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.head()
    await pending
    return outcome(() => puppet.start())
  }),
  row('a request that fails', ({ request, puppet }) => {
    const pending = outcome(() => request(url, { opaque: 5 }))
    puppet.fail(new TypeError('lost'))
    return pending
  }),
  row('a request that fails for nothing', ({ request, puppet }) => {
    const pending = outcome(() => request(url, { opaque: 5 }))
    puppet.fail(undefined as never)
    return pending
  }),
  row('a request that fails with a text', ({ request, puppet }) => {
    const pending = outcome(() => request(url))
    puppet.fail('why' as never)
    return pending
  }),
  row('a callback is called inside of the head', (stage) =>
    calledBack(stage, { opaque: 1 }, (puppet) => puppet.respond('x')),
  ),
  row('a callback is told of an error later', (stage) =>
    calledBack(stage, { opaque: 1 }, (puppet) => puppet.fail(new Error('lost'))),
  ),
  row('a callback without options', async ({ request, puppet }) => {
    // This is the global dispatcher.
    const { setGlobalDispatcher, getGlobalDispatcher } = await import('undici')
    const before = getGlobalDispatcher()
    setGlobalDispatcher(puppet)
    try {
      const calls: unknown[] = []
      ;(request as unknown as (url: string, done: (...args: unknown[]) => void) => void)(
        url,
        (error, data) => calls.push([described(error), (data as Data).statusCode]),
      )
      puppet.respond('x')
      await settled()
      return { calls, dispatched: puppet.dispatched }
    } finally {
      setGlobalDispatcher(before)
    }
  }),
  row('a callback is told of options that are refused', (stage) =>
    calledBack(stage, { opaque: 1, highWaterMark: -1 }, () => {}),
  ),
  row('a callback is called with no `this`', async ({ request, puppet }) => {
    const seen: unknown[] = []
    request(url, {}, function noted(this: unknown) {
      seen.push(String(this))
    })
    puppet.respond('x')
    await settled()
    return seen
  }),
  row('a callback keeps its AsyncLocalStorage context', async ({ request, puppet }) => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    storage.run('mine', () => {
      request(url, {}, (error) => seen.push([described(error), storage.getStore()]))
    })
    puppet.respond('x')
    storage.run('other', () => {
      request(url, {}, (error) => seen.push([described(error), storage.getStore()]))
    })
    puppet.fail(new Error('lost'))
    await settled()
    return seen
  }),
  row('a callback that throws', async ({ request, puppet }) => {
    let body: Data['body'] | undefined
    const log: unknown[] = []
    request(url, {}, (_error, data) => {
      ;({ body } = data)
      body.on('close', () => log.push('close'))
      throw new Error('mine')
    })
    puppet.respond('x')
    await settled()
    return { log, aborted: puppet.aborted, errored: described(body?.errored) }
  }),
  row('the body is a Readable', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.respond('x')
    const { body } = await pending
    const { name } = body.constructor
    const kinds = [Readable, Stream, EventEmitter].map((kind) => body instanceof kind)
    return { name, kinds, isPlain: Object.prototype.toString.call(body) }
  }),
  row('a highWaterMark that Node refuses', async ({ request, puppet }) => {
    const pending = outcome(() => request(url, { highWaterMark: 0.5 }))
    const head = await outcome(() => puppet.head())
    puppet.fail(new Error('lost'))
    return { head, pending: await pending }
  }),
  row('two heads', async ({ request, puppet }) => {
    const pending = request(url)
    puppet.head(200)
    puppet.head(201)
    const { statusCode } = await pending
    return statusCode
  }),
]
