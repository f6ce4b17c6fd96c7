/** Item 6: responses that are not HTTP, or too big: one request fails, nothing crashes. */
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { useAgent, useHttp1, useRaw } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'
import type { AgentOptions } from '../support/agents.ts'
import { protocols, useProtocol } from '../support/protocols.ts'

async function answeredWith(bytes: string, options: AgentOptions = {}): Promise<Recorder> {
  const server = await useRaw(async (peer) => {
    await peer.head()
    peer.send(bytes)
  })
  // Input that looks like the beginning of something longer ends in a timeout, which is an error too.
  const agent = await useAgent({ headersTimeout: 1000, bodyTimeout: 1000, ...options })
  const recorder = await exchange(agent, { origin: server.origin })
  expect(recorder.terminalCalls).toBe(1)
  return recorder
}

const parserMessage = /^Response does not match the HTTP\/1\.1 protocol/

describe('a malformed response', () => {
  const rows: [string, string][] = [
    ['garbage', 'garbage\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'],
    [
      'a chunk size that is no number',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
    ],
    [
      'a content-length that is no number',
      'HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n0123456789',
    ],
    ['a negative content-length', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    [
      'a chunk size beyond any number',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffffff\r\n',
    ],
  ]

  it.each(rows)('%s is an HTTPParserError', async (_name, bytes) => {
    const recorder = await answeredWith(bytes)
    expect(recorder.error).toMatchObject({ name: 'HTTPParserError' })
    expect(recorder.error?.message).toMatch(parserMessage)
    expect(recorder.error).toBeInstanceOf(errors.HTTPParserError)
  })

  it.each([
    ['two content-lengths that differ', 'content-length: 3\r\ncontent-length: 4\r\n\r\nabcd'],
    [
      'content-length with chunked',
      'content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
  ])('%s is an error', async (_name, rest) => {
    const recorder = await answeredWith(`HTTP/1.1 200 OK\r\n${rest}`)
    expect(recorder.error).toBeInstanceOf(Error)
    expect(recorder.names).not.toContain('onResponseEnd')
  })

  it('101 without an upgrade is "bad upgrade"', async () => {
    const recorder = await answeredWith(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    )
    expect(recorder.error).toBeInstanceOf(errors.SocketError)
    expect(recorder.error?.message).toBe('bad upgrade')
  })

  it('leaves the agent usable', async () => {
    const server = await useRaw([
      async (peer) => {
        await peer.head()
        peer.send('garbage\r\n\r\n')
      },
      async (peer) => {
        await peer.head()
        peer.respond('fine')
      },
    ])
    const agent = await useAgent()
    expect((await exchange(agent, { origin: server.origin })).error).toBeInstanceOf(Error)
    expect((await exchange(agent, { origin: server.origin })).text).toBe('fine')
  })

  it('of random bytes never crashes, and never succeeds', async () => {
    let seed = 42
    const next = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648)
    const server = await useRaw(async (peer) => {
      await peer.head()
      const bytes = Buffer.from(Array.from({ length: 300 }, () => next() % 256))
      peer.send(peer.index % 2 ? bytes : `HTTP/1.1 200 OK\r\n${bytes.toString('latin1')}`)
      peer.fin()
    })
    const agent = await useAgent()
    for (let i = 0; i < 40; i += 1) {
      const recorder = await exchange(agent, { origin: server.origin })
      expect(recorder.terminalCalls).toBe(1)
    }
  })
})

describe.each(protocols)('maxHeaderSize over %s', (protocol) => {
  it('makes a bigger head an error', async () => {
    // Over HTTP/2 nghttp2's limit of 64 KB applies, as in Node.
    const [small, big] = protocol === 'HTTP/2' ? [60_000, 66_000] : [10, 2000]
    const { origin } = await useProtocol(protocol, (request, response) => {
      response.setHeader('x-filler', 'x'.repeat(request.url === '/big' ? big : small))
      response.end('ok')
    })
    const agent = await useAgent({ maxHeaderSize: 1000 })
    expect((await exchange(agent, { origin, path: '/small' })).text).toBe('ok')
    const recorder = await exchange(agent, { origin, path: '/big' })
    expect(recorder.terminalCalls).toBe(1)
    if (protocol === 'HTTP/2') {
      expect(recorder.error?.code).toBe('ERR_HTTP2_STREAM_ERROR')
    } else {
      expect(recorder.error).toBeInstanceOf(errors.HeadersOverflowError)
      expect(recorder.error?.code).toBe('UND_ERR_HEADERS_OVERFLOW')
    }
    expect((await exchange(agent, { origin, path: '/small' })).text).toBe('ok')
  })
})

describe('maxHeaderSize', () => {
  it('is 16 KB by default', async () => {
    const { origin } = await useHttp1((request, response) => {
      response.setHeader('x-filler', 'x'.repeat(request.url === '/big' ? 17_000 : 15_000))
      response.end('ok')
    })
    const agent = await useAgent()
    expect((await exchange(agent, { origin, path: '/fits' })).text).toBe('ok')
    const recorder = await exchange(agent, { origin, path: '/big' })
    expect(recorder.error?.code).toBe('UND_ERR_HEADERS_OVERFLOW')
  })

  it('counts a head that never ends', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.send('HTTP/1.1 200 OK\r\n')
      const timer = setInterval(() => peer.send(`x-more: ${'y'.repeat(500)}\r\n`), 1)
      await peer.ended
      clearInterval(timer)
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error?.code).toBe('UND_ERR_HEADERS_OVERFLOW')
  })
})

describe.each(protocols)('maxResponseSize over %s', (protocol) => {
  it.each([
    ['with a length', true],
    ['without a length', false],
  ])('stops a bigger body %s', async (_name, withLength) => {
    const { origin } = await useProtocol(protocol, (request, response) => {
      const body = request.url === '/big' ? 'four' : 'abc'
      if (withLength) response.setHeader('content-length', body.length)
      response.write(body)
      response.end()
    })
    const agent = await useAgent({ maxResponseSize: 3 })
    expect((await exchange(agent, { origin, path: '/small' })).text).toBe('abc')
    const recorder = await exchange(agent, { origin, path: '/big' })
    expect(recorder.error).toBeInstanceOf(errors.ResponseExceededMaxSizeError)
    expect(recorder.error?.code).toBe('UND_ERR_RES_EXCEEDED_MAX_SIZE')
    expect(recorder.count('onResponseStart')).toBe(1)
    expect(recorder.count('onResponseData')).toBe(0)
    expect(recorder.terminalCalls).toBe(1)
    expect((await exchange(agent, { origin, path: '/small' })).text).toBe('abc')
  })
})
