// Whatever the arguments of dispatch() are, native gets one request: no value that a program passes on from its users
// can end a line, add a header or become another request. Refusals have undici's messages.
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { clients } from '../support/fake-native.ts'
import { refusal, undiciClient } from '../support/undici-oracle.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const marks = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ':',
  ';',
  ' ',
  '\t',
  '/',
  '?',
  '#',
  ',',
  '\u00e9',
  '\u010a',
  '\u{1f600}',
]
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...marks), fc.stringMatching(/^[a-zA-Z0-9-]{1,6}$/)), {
    maxLength: 5,
  })
  .map((parts) => parts.join(''))
const text = fc.oneof(hostile, fc.stringMatching(/^[a-zA-Z0-9-]{1,12}$/))
const name = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[xX]-[a-zA-Z0-9]{1,8}$/) },
  { weight: 1, arbitrary: hostile },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'Host',
      'content-length',
      'Transfer-Encoding',
      'connection',
      'keep-alive',
      'Upgrade',
      'expect',
      'content-type',
      'proxy-authorization',
      '__proto__',
      '',
    ),
  },
)
const plainValue = fc.oneof(text, text, fc.integer(), fc.boolean(), fc.constant(null))
const value = fc.oneof(
  { weight: 5, arbitrary: plainValue },
  { weight: 1, arbitrary: fc.array(plainValue, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      undefined,
      {},
      () => 'a\r\nb: c',
      [['a']],
      Buffer.from('a'),
    ),
  },
)
const pairs = fc.array(fc.tuple(name, value), { maxLength: 4 })
const headers = fc.oneof(
  pairs.map((all) => Object.fromEntries(all)),
  pairs.map((all) => all.flat(1)),
  pairs.map((all) => new Map(all)),
  fc.constantFrom<unknown>(undefined, null, 'x', ['odd'], [['a', 'b', 'c']]),
)
const options = fc.record(
  {
    path: fc.oneof(
      text.map((end) => `/${end}`),
      text,
    ),
    method: fc.oneof(fc.constantFrom('GET', 'POST', 'PUT', 'HEAD'), text),
    headers,
    servername: text,
    upgrade: fc.oneof(fc.constant('websocket'), text),
    query: fc.dictionary(text, fc.oneof(text, fc.array(text, { maxLength: 2 })), { maxKeys: 2 }),
    reset: fc.boolean(),
    body: fc.oneof(text, fc.constant(undefined)),
  },
  { requiredKeys: ['path', 'method'] },
)

/** A user-made Blob, whose type may be anything and may change when it is read again. */
const blob = fc
  .tuple(text, fc.array(fc.oneof(text, fc.integer()), { minLength: 1 }))
  .map(([content, types]) => ({
    [Symbol.toStringTag]: 'Blob',
    size: content.length,
    stream: () => [content],
    get type(): unknown {
      return types.length > 1 ? types.shift() : types[0]
    },
  }))

const token = /^[!#-'*+\-.^_`|~0-9A-Za-z]+$/
const line = /^[!#-'*+\-.^_`|~0-9A-Za-z]+(?:;|: [\t\x20-\x7e\x80-\xff]*)$/
const ourNames = new Set([
  'host',
  'connection',
  'upgrade',
  'content-length',
  'transfer-encoding',
  'content-type',
])

/** How many header lines of this name the caller has asked for at most. */
function wanted(given: unknown, name: string): number {
  const all: (readonly unknown[])[] = Array.isArray(given)
    ? given.every((pair) => Array.isArray(pair))
      ? given
      : given.flatMap((item, i) => (i % 2 === 0 ? [[item, given[i + 1]]] : []))
    : given instanceof Map
      ? [...given]
      : Object.entries(given ?? {})
  return all
    .filter(([key]) => String(key).toLowerCase() === name)
    .reduce((sum, [, values]) => sum + (Array.isArray(values) ? values.length : 1), 0)
}

/** Dispatches, and checks what native got, if anything. */
function expectOneRequest(opts: Record<string, unknown>): void {
  clients.length = 0
  const refused = refusal(new Agent(), opts)
  const submitted = clients.flatMap((client) => client.submitted)
  expect(submitted.length).toBeLessThanOrEqual(refused === 'none' ? 1 : 0)
  for (const { origin, method, target, servername, lines } of submitted) {
    expect(origin).toMatch(/^https?:\/\/[^\s/]+:\d+$/)
    expect(method).toMatch(token)
    expect(target).toMatch(/^[\x21-\xff]*$/)
    expect(servername).not.toMatch(/[\0\r\n]/)
    const seen = new Map<string, number>()
    for (const each of lines) {
      expect(each).toMatch(line)
      const name = (/^[^:;]+/.exec(each)?.[0] ?? '').toLowerCase()
      seen.set(name, (seen.get(name) ?? 0) + 1)
    }
    for (const [name, count] of seen) {
      const most = ourNames.has(name) ? 1 : 0
      expect(count).toBeLessThanOrEqual(Math.max(most, wanted(opts['headers'], name)))
    }
  }
}

const runs = { numRuns: 2000, seed: 12 }

describe('the text of a request', () => {
  it('is one request, whatever the options hold', () => {
    fc.assert(
      fc.property(
        options,
        fc.constantFrom('http://a.test', 'https://[::1]:8443'),
        fc.option(blob),
        (opts, origin, body) => expectOneRequest({ origin, ...opts, ...(body && { body }) }),
      ),
      runs,
    )
  })

  it('is one request, whatever the origin is', () => {
    const origin = fc.oneof(
      text.map((host) => `http://${host}`),
      fc.tuple(text, text).map(([user, host]) => `https://${user}@${host}:8443`),
      text,
    )
    fc.assert(
      fc.property(origin, (origin) => expectOneRequest({ origin, path: '/', method: 'GET' })),
      runs,
    )
  })

  it('is refused as undici refuses it', () => {
    fc.assert(
      fc.property(options, (opts) => {
        const asked = { ...opts, origin: 'http://a.test', servername: undefined }
        expect(refusal(new Agent(), asked)).toEqual(refusal(undiciClient(), asked))
      }),
      runs,
    )
  })
})
