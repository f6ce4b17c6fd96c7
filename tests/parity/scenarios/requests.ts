import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import type { AgentOptions } from '../../support/agents.ts'
import { normalHead, seen } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

/** What arrives at the server, and the calls of the handler. Options are made again for each run. */
function sent(
  no: number,
  name: string,
  options: () => RequestOptions,
  agentOptions: AgentOptions = {},
): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const bodies: string[] = []
      const server = await stage.raw(async (peer) => {
        bodies.push((await peer.request()).body)
        peer.respond('ok')
      })
      const agent = await stage.agent(agentOptions)
      const recorder = await exchange(agent, { origin: server.origin, ...options() })
      const wire = server.peers[0]?.log ?? ''
      const { calls } = seen(recorder)
      return { head: normalHead(wire), bodies, calls }
    },
  }
}

const simple = (no: number, name: string, options: RequestOptions): Scenario =>
  sent(no, name, () => options)

function* pieces(): Generator<string | Buffer> {
  yield 'one '
  yield ''
  yield Buffer.from('two')
}

const shapes: [string, () => unknown][] = [
  ['an object', () => ({ 'X-A': '1', b: ['2', '3'], c: undefined, d: 5, e: true })],
  ['a flat array', () => ['X-A', '1', 'b', ['2', '3'], 'c', undefined]],
  ['a Map', () => new Map([['X-A', '1']])],
  ['Headers', () => new Headers({ 'x-a': '1' })],
  [
    'a generator',
    function* pairs(): Generator<string[]> {
      yield ['X-A', '1']
    },
  ],
  ['null', () => null],
]

const bodies: [string, () => unknown][] = [
  ['a string', () => 'grüße'],
  ['a Buffer', () => Buffer.from('bytes')],
  ['a Uint16Array', () => new Uint16Array([0x6261, 0x6463])],
  ['an ArrayBuffer', () => new Uint8Array([65, 66]).buffer],
  ['a Readable', () => Readable.from([Buffer.from('ab'), Buffer.from('c')])],
  ['a generator', pieces],
  ['an array', () => ['a', 'b']],
  ['a stream that ends in this tick', () => endingSoon('abc')],
  ['an empty stream that ends in this tick', () => endingSoon('')],
  ['an array of views', () => [new Uint16Array([0x6261]), new DataView(new ArrayBuffer(2))]],
  ['a SharedArrayBuffer', () => new SharedArrayBuffer(2)],
  ['a Blob', () => new Blob(['ab'], { type: 'a/b' })],
  ['an empty Blob', () => new Blob([])],
  ['an empty Blob with a type', () => new Blob([], { type: 'a/b' })],
]

function endingSoon(text: string): PassThrough {
  const stream = new PassThrough()
  queueMicrotask(() => stream.end(text))
  return stream
}

const withoutChunks: [string, () => Iterable<unknown>][] = [
  ['an array of numbers', () => [1]],
  ['an array of ArrayBuffers', () => [new ArrayBuffer(1)]],
  ['a Map', () => new Map([['a', 'b']])],
]

const lengths: [string, string, unknown, string | undefined][] = [
  ['POST', 'none', null, undefined],
  ['POST', 'none, 5 declared', null, '5'],
  ['PUT', 'empty', '', undefined],
  ['GET', 'none, 5 declared', null, '5'],
  ['DELETE', 'none', null, undefined],
  ['GET', 'a string', 'hello', undefined],
  ['GET', 'a string, 3 declared', 'hello', '3'],
  ['DELETE', 'a string', 'hello', undefined],
  ['POST', 'a string, 5 declared', 'hello', '5'],
]

export const requestScenarios: readonly Scenario[] = [
  simple(57, 'the head of a GET', {}),
  simple(57, 'the head of a DELETE', { method: 'DELETE' }),
  ...['/a/../b//c?x=%zz', '/?x="<>|', '/#f', '/\xe9', 'http://other.test/x'].map((path) =>
    simple(50, `path ${path}`, { path }),
  ),
  simple(51, 'query', { path: '/p', query: { b: [1, 2], c: 'é ', d: '' } }),
  simple(51, 'empty query', { path: '/p', query: {} }),
  ...['get', 'patch', 'FOO'].map((method) => simple(52, `method ${method}`, { method })),
  ...shapes.map(([name, make]) =>
    sent(53, `headers from ${name}`, () => ({ headers: make() as never })),
  ),
  simple(55, 'host as a header', { headers: { 'x-a': '1', host: 'other.test' } }),
  simple(56, 'connection tokens', { headers: { connection: 'keep-alive, x-hop' } }),
  ...lengths.map(([method, name, body, declared]) =>
    simple(58, `${method} with body: ${name}`, {
      method,
      body: body as never,
      ...(declared === undefined ? {} : { headers: { 'content-length': declared } }),
    }),
  ),
  ...bodies.map(([name, make]) =>
    sent(59, `body: ${name}`, () => ({ method: 'POST', body: make() as never })),
  ),
  sent(59, 'GET with a stream that ends in this tick', () => ({
    body: endingSoon('abc'),
  })),
  sent(59, 'GET with an empty stream that ends in this tick', () => ({
    body: endingSoon(''),
  })),
  {
    no: 59,
    name: 'the body of a pipeline() that is ended at once, on a new and on a kept connection',
    play: async (stage) => {
      const framing: string[] = []
      const server = await stage.raw(async (peer) => {
        for (;;) {
          const { head, body } = await peer.request()
          framing.push(
            ...head.split('\r\n').filter((line) => /^(content|transfer)-/i.test(line)),
            body,
          )
          peer.respond('ok')
        }
      })
      const agent = await stage.agent({ connections: 1 })
      const answers: string[] = []
      for (let i = 0; i < 2; i += 1) {
        const options = { origin: server.origin, path: '/', method: 'POST' } as const
        const stream = agent.pipeline(options, ({ body }) => body)
        stream.write('a')
        stream.end('b')
        answers.push(await text(stream))
      }
      return { framing, answers }
    },
  },
  ...withoutChunks.map(([name, make]): Scenario => ({
    no: 59,
    name: `body: ${name}`,
    play: async (stage) => {
      // A part of the head may have come before.
      const server = await stage.raw(async (peer) => void (await peer.ended))
      const body = make() as never
      const agent = await stage.agent()
      return seen(await exchange(agent, { origin: server.origin, method: 'POST', body }))
    },
  })),
  sent(59, 'GET with an empty Blob with a type', () => ({
    body: new Blob([], { type: 'a/b' }) as never,
  })),
  {
    no: 58,
    name: 'a wrong declared length',
    play: async (stage) => {
      const server = await stage.answering('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      const agent = await stage.agent()
      const headers = { 'content-length': '3' }
      const options = { origin: server.origin, method: 'POST', headers }
      const known = seen(await exchange(agent, { ...options, body: 'hello' }))
      return { known, wire: server.peers.map((peer) => peer.log).join('') }
    },
  },
  {
    no: 60,
    name: 'a generator that throws',
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.ended
      })
      const agent = await stage.agent()
      const failure = new Error('no more')
      function* source(): Generator<string> {
        yield 'some'
        throw failure
      }
      const body = source() as never
      const { origin } = server
      const recorder = await exchange(agent, { origin, method: 'POST', body })
      return seen(recorder, { known: { failure } })
    },
  },
  {
    no: 100,
    name: 'frozen options and headers',
    play: async (stage) => {
      const server = await stage.answering('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      const agent = await stage.agent()
      const headers = Object.freeze({ 'x-a': '1' })
      const options = Object.freeze({ origin: server.origin, headers, query: { a: 1 } })
      return seen(await exchange(agent, options))
    },
  },
]
