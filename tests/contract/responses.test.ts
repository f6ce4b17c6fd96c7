/** Which parts of a response reach the handler, and in which order. */
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import { exchange } from '../support/recorder.ts'
import type { Recorder, RequestOptions } from '../support/recorder.ts'

async function answeredWith(bytes: string, options: RequestOptions = {}): Promise<Recorder> {
  const server = await useRaw(async (peer) => {
    await peer.head()
    peer.send(bytes)
  })
  const agent = await useAgent()
  return exchange(agent, { origin: server.origin, ...options })
}

const rawText = (raw: unknown): string[] =>
  (raw as Buffer[]).map((bytes) => Buffer.from(bytes).toString('latin1'))

describe('the calls', () => {
  it('of a plain GET come in this order', async () => {
    const recorder = await answeredWith('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello')
    const names = [...recorder.names]
    expect(names[0]).toBe('onRequestStart')
    expect(names.filter((name) => name !== 'onRequestSent' && name !== 'onRequestStart')).toEqual([
      'onResponseStarted',
      'onResponseStart',
      'onResponseData',
      'onResponseEnd',
    ])
    expect(recorder.count('onRequestSent')).toBe(1)
    expect(recorder.call('onRequestStart')?.args[1]).toBeNull()
  })

  it('have one and the same controller, and `this` is the handler', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    const controllers = new Set<unknown>()
    const receivers = new Set<unknown>()
    const { promise, resolve } = Promise.withResolvers<void>()
    const handler = Object.create({
      onRequestStart(controller: unknown): void {
        receivers.add(this)
        controllers.add(controller)
      },
      onResponseStart(controller: unknown): void {
        receivers.add(this)
        controllers.add(controller)
      },
      onResponseData(controller: unknown): void {
        receivers.add(this)
        controllers.add(controller)
      },
      onResponseEnd(controller: unknown): void {
        receivers.add(this)
        controllers.add(controller)
        resolve()
      },
      onResponseError(): void {},
    }) as object
    agent.dispatch({ origin: server.origin, path: '/', method: 'GET' }, handler)
    await promise
    expect([...receivers]).toEqual([handler])
    expect(controllers.size).toBe(1)
  })
})

describe('a status text', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\n', 'OK'],
    ['HTTP/1.1 404 Not Found At All\r\n', 'Not Found At All'],
    ['HTTP/1.1 200 \r\n', ''],
    ['HTTP/1.1 200 gr\xc3\xbc\xc3\x9fe\r\n', 'grüße'],
  ])('of %j is %j', async (line, text) => {
    const recorder = await answeredWith(`${line}content-length: 0\r\n\r\n`)
    expect(recorder.statusText).toBe(text)
  })
})

describe('headers', () => {
  it('are lower case, trimmed, latin1, repeated ones an array', async () => {
    const recorder = await answeredWith(
      [
        'HTTP/1.1 200 OK',
        'X-One:  spaced',
        'X-Latin: caf\xe9',
        'Set-Cookie: a=1',
        'X-Twice: a',
        'x-twice: b',
        'X-Empty:',
        '__proto__: own',
        'Content-Length: 0',
        '\r\n',
      ].join('\r\n'),
    )
    const { headers } = recorder
    expect({ ...headers, ['__proto__']: undefined }).toMatchObject({
      'x-one': 'spaced',
      'x-latin': 'café',
      'set-cookie': 'a=1',
      'x-twice': ['a', 'b'],
      'x-empty': '',
      'content-length': '0',
    })
    expect(Object.hasOwn(headers ?? {}, '__proto__')).toBe(true)
    expect(rawText(recorder.controller?.rawHeaders)).toEqual([
      'X-One',
      'spaced',
      'X-Latin',
      'café',
      'Set-Cookie',
      'a=1',
      'X-Twice',
      'a',
      'x-twice',
      'b',
      'X-Empty',
      '',
      '__proto__',
      'own',
      'Content-Length',
      '0',
    ])
  })

  it('over HTTP/2: cookies are an array, other repeated ones one string', async () => {
    const server = await useTls({
      protocols: 'h2',
      onStream: (stream) => {
        stream.respond({ ':status': 200, 'set-cookie': ['a=1'], 'x-a': ['1', '2'], 'x-b': 'b' })
        stream.end()
      },
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.headers).toMatchObject({ 'set-cookie': ['a=1'], 'x-a': '1, 2', 'x-b': 'b' })
    expect(Object.keys(recorder.headers ?? {}).filter((name) => name.startsWith(':'))).toEqual(
      agentKind === 'dodici' ? [] : expect.any(Array),
    )
    expect(recorder.statusText ?? '').toBe('')
  })
})

describe('informational responses', () => {
  it('102 and 103 come before the final one, each with its own headers', async () => {
    const recorder = await answeredWith(
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' +
        'HTTP/1.1 102 Processing\r\n\r\n' +
        'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-final: yes\r\n\r\nok',
    )
    const starts = recorder.calls.filter((call) => call.name === 'onResponseStart')
    expect(starts.map((call) => [call.args[1], call.args[2]])).toMatchObject([
      [103, { link: '</a>' }],
      [102, {}],
      [200, { 'x-final': 'yes' }],
    ])
    expect(starts[2]?.args[2]).not.toHaveProperty('link')
    expect(rawText(starts[0]?.controller?.rawHeaders)).toEqual(['link', '</a>'])
    expect(recorder.count('onResponseStarted')).toBe(3)
    expect(recorder.text).toBe('ok')
  })

  it.runIf(agentKind === 'dodici')('100 is swallowed', async () => {
    const recorder = await answeredWith(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    )
    expect(recorder.count('onResponseStart')).toBe(1)
    expect(recorder.text).toBe('ok')
  })

  it('103 comes over HTTP/2 as well', async () => {
    const server = await useTls({
      protocols: 'h2',
      onStream: (stream) => {
        stream.additionalHeaders({ ':status': 103, link: '</a>' })
        stream.respond({ ':status': 200 })
        stream.end('ok')
      },
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    const starts = recorder.calls.filter((call) => call.name === 'onResponseStart')
    expect(starts.map((call) => call.args[1])).toEqual([103, 200])
    expect(starts[0]?.args[2]).toMatchObject({ link: '</a>' })
  })
})

describe.each(protocols)('a response without a body over %s', (protocol) => {
  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('%s %i ends without data', async (method, status) => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      if (status === 200) response.setHeader('content-length', 5)
      response.writeHead(status).end()
    })
    const agent = await useAgent()
    for (let i = 0; i < 2; i += 1) {
      const recorder = await exchange(agent, { origin, method })
      expect(recorder.error).toBeUndefined()
      expect(recorder.status).toBe(status)
      expect(recorder.count('onResponseData')).toBe(0)
      expect(recorder.trailers).toEqual({})
    }
  })
})

it('a 304 with content-length over HTTP/1.1 ends without data', async () => {
  const recorder = await answeredWith('HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n')
  expect(recorder.status).toBe(304)
  expect(recorder.names.at(-1)).toBe('onResponseEnd')
})

describe('trailers', () => {
  it('come with the end, not among the headers', async () => {
    const recorder = await answeredWith(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n' +
        '5\r\nhello\r\n0\r\nX-Sum: 42\r\nX-Twice: a\r\nX-Twice: b\r\n\r\n',
    )
    expect(recorder.text).toBe('hello')
    expect(recorder.trailers).toEqual({ 'x-sum': '42', 'x-twice': ['a', 'b'] })
    expect(recorder.headers).not.toHaveProperty('x-sum')
    expect(rawText(recorder.controller?.rawTrailers)).toEqual([
      'X-Sum',
      '42',
      'X-Twice',
      'a',
      'X-Twice',
      'b',
    ])
  })

  it('are {} without any', async () => {
    const recorder = await answeredWith(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    )
    expect(recorder.trailers).toEqual({})
    expect(rawText(recorder.controller?.rawTrailers)).toEqual([])
  })

  it('come over HTTP/2', async () => {
    const server = await useTls({
      protocols: 'h2',
      onStream: (stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }))
        stream.end('hello')
      },
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.text).toBe('hello')
    expect(recorder.trailers).toMatchObject({ 'x-sum': '42' })
  })
})

describe('data', () => {
  it('does not change while the caller keeps it', async () => {
    const server = await useHttp1((request, response) => {
      response.end((request.url ?? '').padEnd(200, 'x'))
    })
    const agent = await useAgent()
    const kept: Buffer[] = []
    const one = async (i: number): Promise<void> => {
      const recorder = await exchange(agent, { origin: server.origin, path: `/${i}` })
      kept.push(...recorder.chunks)
    }
    for (let i = 0; i < 400; i += 20) {
      await Promise.all(Array.from({ length: 20 }, (_value, k) => one(i + k)))
    }
    expect(kept.length).toBeGreaterThanOrEqual(400)
    const paths = new Set(kept.map((chunk) => chunk.toString().replaceAll('x', '')))
    expect(paths.size).toBe(400)
    expect(kept.every((chunk) => Buffer.isBuffer(chunk))).toBe(true)
  })

  it('of 30 MB arrives byte for byte', async () => {
    const size = 30_000_000
    const body = Buffer.from(Uint8Array.from({ length: size }, (_value, i) => (i * 7) >> 10))
    const server = await useHttp1((_request, response) => void response.end(body))
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.body.equals(body)).toBe(true)
  })

  it('that is compressed passes through untouched', async () => {
    const server = await useHttp1((_request, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end('not really')
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.text).toBe('not really')
    expect(recorder.headers?.['content-encoding']).toBe('gzip')
  })
})
