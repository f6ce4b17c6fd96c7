/** Arguments that request() refuses, and how it uses the others. */
import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { described, outcome, url, type Played, type PlayedRow } from '../row.ts'
import { settled } from '../puppet.ts'

type Show = PlayedRow['play']

const row = (group: string, name: string, play: Show): PlayedRow => ({ group, name, play })

/** The result of a call that is answered, and what was dispatched for it. */
async function called({ puppet, request }: Played, ...args: unknown[]): Promise<unknown> {
  const came = outcome(async () => {
    const pending = request(...(args as [unknown]))
    if (puppet.handler !== undefined) puppet.respond('hello')
    const { statusCode, statusText, headers, trailers, opaque, context, body } = await pending
    const text = await body.text()
    return { statusCode, statusText, headers, trailers, opaque, context, text }
  })
  const result = await came
  const dispatched = puppet.dispatched.map((options) =>
    Object.entries(options).map(([name, value]) => [name, String(value)]),
  )
  return { result, dispatched }
}

const urls: [string, unknown, unknown?][] = [
  ['nothing', undefined],
  ['null', null],
  ['an empty string', ''],
  ['a number', 5],
  ['true', true],
  ['a function', () => {}],
  ['a string that is no URL', 'nonsense'],
  ['a relative URL', '/path'],
  ['a URL of another scheme', 'ftp://localhost/'],
  ['a data: URL', 'data:,x'],
  ['a blob: URL', 'blob:http://localhost/x'],
  ['a URL with a port too high', 'http://localhost:70000/'],
  ['a string', url],
  ['a string without a path', 'http://localhost:1234'],
  ['a string with an empty query', 'http://localhost/?'],
  ['a string with a hash', 'http://localhost/a?b#c'],
  ['a string with dots', 'http://localhost/a/../b/%2e%2E/c'],
  ['a string with what must be escaped', 'http://localhost/\u00e4 "<>`{}|\\^'],
  ['a string in capitals', 'HTTP://LOCALHOST:80/A'],
  ['a string with credentials', 'http://user:word@localhost/x'],
  ['a string with blanks around it', '  http://localhost/x  '],
  ['a string of https', 'https://localhost:443/x'],
  ['an IPv6 address', 'http://[::1]:80/x'],
  ['a URL object', new URL(url)],
  ['a URL object of another scheme', new URL('ftp://localhost/')],
  ['an object with an origin', { origin: 'http://localhost:1234' }],
  ['an object with origin and path', { origin: 'http://localhost:1234/', path: 'a?b=1' }],
  [
    'an object with its parts',
    { protocol: 'http:', hostname: 'a.test', port: 81, pathname: '/p', search: '?q' },
  ],
  ['an object with options', { origin: 'http://localhost', method: 'POST', body: 'x' }],
  ['an object of https without a port', { protocol: 'https:', hostname: 'a.test' }],
  ['an object with a port as text', { protocol: 'http:', hostname: 'a.test', port: '82' }],
  ['an object with no port', { protocol: 'http:', hostname: 'a.test', port: '' }],
  ['an object with a port that is none', { protocol: 'http:', hostname: 'a.test', port: '8x' }],
  ['an object with true as port', { protocol: 'http:', hostname: 'a.test', port: true }],
  ['an object with a port too high', { protocol: 'http:', hostname: 'a.test', port: 65_536 }],
  ['an object with a path that is none', { origin: 'http://a.test', path: 5 }],
  ['an object with a pathname that is none', { origin: 'http://a.test', pathname: 5 }],
  ['an object with a hostname that is none', { protocol: 'http:', hostname: 5 }],
  ['an object with an origin that is none', { origin: 5 }],
  ['an object without an origin', {}],
  ['an object of another scheme', { protocol: 'ftp:', hostname: 'a.test' }],
  ['an array', [url]],
  ['a string, beside a path', 'http://localhost:1234', { path: '/a?b=1' }],
  ['a string, beside a path without its slash', 'http://localhost:1234', { path: 'a' }],
  ['a string with a path, beside another', url, { path: '/a' }],
  ['a string, beside a path that is none', 'http://localhost:1234', { path: 5 }],
  ['a string, beside an empty path', 'http://localhost:1234', { path: '' }],
  ['no URL, beside a path', 'nonsense', { path: '/a' }],
  ['a string, beside an absolute path', 'http://localhost', { path: 'http://other.test/x' }],
]

const optionSets: [string, unknown][] = [
  ['a string', 'GET'],
  ['a number', 5],
  ['true', true],
  ['null', null],
  ['nothing', undefined],
  ['an array', []],
  ['an agent', { agent: {} }],
  ['a method', { method: 'DELETE' }],
  ['a method in small letters', { method: 'get' }],
  ['a method that is none', { method: 5 }],
  ['a body without a method', { body: 'x' }],
  ['CONNECT', { method: 'CONNECT' }],
  ['an empty method', { method: '' }],
  ['opaque', { opaque: 'mine' }],
  ['opaque that is 0', { opaque: 0 }],
  ['what request() does not know', { mine: 1, throwOnError: true, reset: true }],
  ['null as highWaterMark', { highWaterMark: null }],
  ['0 as highWaterMark', { highWaterMark: 0 }],
  ['a negative highWaterMark', { highWaterMark: -1 }],
  ['NaN as highWaterMark', { highWaterMark: Number.NaN }],
  ['Infinity as highWaterMark', { highWaterMark: Infinity }],
  ['a text as highWaterMark', { highWaterMark: '5' }],
  ['false as signal', { signal: false }],
  ['an object as signal', { signal: {} }],
  ['a text as signal', { signal: 'abort' }],
  ['an aborted signal that cannot be listened to', { signal: { aborted: true } }],
  ['a signal that is aborted', { signal: AbortSignal.abort() }],
  ['a signal that is aborted with a reason', { signal: AbortSignal.abort(new Error('why')) }],
  ['a signal that is aborted with a text', { signal: AbortSignal.abort('why') }],
  ['a signal with an EventEmitter\u2019s methods alone', { signal: new EventEmitter() }],
  ['a signal with only `aborted` and `on`', { signal: { aborted: false, on() {}, once() {} } }],
  ['an onInfo that is no function', { onInfo: 5 }],
  ['an empty onInfo', { onInfo: '' }],
  ['several faults', { onInfo: 5, signal: {}, highWaterMark: -1, method: 'CONNECT' }],
  ['two faults', { onInfo: 5, method: 'CONNECT' }],
  ['responseHeaders that is none', { responseHeaders: 'cooked' }],
  ['a dispatcher that is none', { dispatcher: {} }],
  ['null as dispatcher', { dispatcher: null }],
  [
    'a dispatcher that throws',
    {
      dispatcher: {
        dispatch: () => {
          throw new Error('mine')
        },
      },
    },
  ],
  [
    'a dispatcher that throws nothing',
    {
      dispatcher: {
        dispatch: () => {
          throw undefined
        },
      },
    },
  ],
]

/** Options of the method, which takes them as they are. */
const methodOptions: [string, unknown, unknown?][] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'x'],
  ['0', 0],
  ['an empty object', {}],
  ['options', { origin: 'http://localhost', path: '/x', method: 'GET', opaque: 7 }],
  ['a callback that is null', { method: 'GET' }, null],
  ['a callback that is a text', { method: 'GET' }, 'x'],
  ['no options and no callback', null, 5],
  ['CONNECT', { method: 'CONNECT' }],
]

async function brokenSource({ request }: Played, options: object): Promise<unknown> {
  const body = new Readable({ read() {} })
  const errors: unknown[] = []
  body.on('error', (error) => errors.push(described(error)))
  const result = await outcome(() => request(url, { method: 'POST', body, ...options }))
  await settled()
  return { result, errors, destroyed: body.destroyed }
}

export const argumentRows: PlayedRow[] = [
  ...urls.map(([name, given, options]) =>
    row('the URL', name, (stage) => called(stage, given, options)),
  ),
  ...optionSets.map(([name, options]) =>
    row('options', name, (stage) => called(stage, url, options)),
  ),
  ...methodOptions.map(([name, options, callback]) =>
    row('as a method', name, (stage) =>
      called({ ...stage, request: stage.method }, options, callback),
    ),
  ),
  row('options', 'are read in an order', async ({ request }) => {
    const read: string[] = []
    const options = new Proxy(
      { method: 'GET', opaque: 1 },
      {
        get(target, name) {
          read.push(String(name))
          return Reflect.get(target, name)
        },
      },
    )
    void outcome(() => request(url, options))
    await settled()
    return read
  }),
  row('a source', 'is destroyed where options are refused', (stage) =>
    brokenSource(stage, { highWaterMark: -1 }),
  ),
  row('a source', 'is destroyed where the signal has aborted', (stage) =>
    brokenSource(stage, { signal: AbortSignal.abort() }),
  ),
  row('a source', 'is not destroyed where the URL is refused', async ({ request }) => {
    const body = new Readable({ read() {} })
    const result = await outcome(() => request('nonsense', { body }))
    return { result, destroyed: body.destroyed }
  }),
  row('a source', 'is destroyed where the request fails', async ({ request, puppet }) => {
    const body = new Readable({ read() {} })
    const errors: unknown[] = []
    body.on('error', (error) => errors.push(described(error)))
    const result = outcome(() => request(url, { method: 'POST', body }))
    puppet.fail(new Error('lost'))
    return { result: await result, errors, destroyed: body.destroyed }
  }),
  row('a source', 'that throws when it is destroyed', async ({ request, puppet }) => {
    const body = {
      pipe() {},
      on() {},
      destroy() {
        throw new Error('no')
      },
    }
    const result = outcome(() => request(url, { method: 'POST', body }))
    puppet.fail(new Error('lost'))
    return result
  }),
]
