/** Item 2: every body type, as the bytes that arrive. */
import { Readable } from 'node:stream'
import { errors, FormData as UndiciFormData } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { quiet, until } from '../support/wait.ts'

function* pieces(): Generator<string | Uint8Array> {
  yield 'one '
  yield ''
  yield Buffer.from('two ')
  yield new Uint8Array(Buffer.from('grüße'))
}

async function* asyncPieces(): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces()) {
    await quiet(1)
    yield piece
  }
}

const window = new Uint16Array([0x6261, 0x6463, 0x6665]).subarray(1)

type Make = () => unknown

/** Name, body, bytes at the server, and the length in the request head. */
const rows: [string, Make, string, string | number][] = [
  ['a string', () => 'grüße', 'grüße', 7],
  ['a Buffer', () => Buffer.from('bytes'), 'bytes', 5],
  ['a Uint8Array', () => new Uint8Array([104, 105]), 'hi', 2],
  ['the window of a Uint16Array', () => window, 'cdef', 4],
  ['a DataView', () => new DataView(new Uint8Array([1, 65, 66, 2]).buffer, 1, 2), 'AB', 2],
  ['an ArrayBuffer', () => new Uint8Array([65, 66, 67]).buffer, 'ABC', 3],
  ['a Blob', () => new Blob(['blob ', 'of text']), 'blob of text', 12],
  ['a Readable', () => Readable.from([Buffer.from('ab'), Buffer.from('cd')]), 'abcd', 'chunked'],
  ['a generator', pieces, 'one two grüße', 'chunked'],
  ['an async generator', asyncPieces, 'one two grüße', 'chunked'],
  ['an array', () => ['a', Buffer.from('b'), 'c'], 'abc', 'chunked'],
  ['a web stream', () => new Blob(['web stream']).stream(), 'web stream', 'chunked'],
]

describe.each(protocols)('a body over %s', (protocol) => {
  it.each(rows)('%s', async (_name, make, bytes, framing) => {
    let length: string | undefined
    let coding: string | undefined
    let type: string | undefined
    const { origin } = await useProtocol(protocol, async (request, response) => {
      length = request.headers['content-length']
      coding = request.headers['transfer-encoding']
      type = request.headers['content-type']
      response.end(await bodyOf(request))
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin, method: 'POST', body: make() as never })
    expect(recorder.error).toBeUndefined()
    expect(recorder.body.toString('utf8')).toBe(bytes)
    expect(length).toBe(framing === 'chunked' ? undefined : String(framing))
    expect(coding).toBe(framing === 'chunked' && protocol !== 'HTTP/2' ? 'chunked' : undefined)
    expect(type).toBeUndefined()
    // undici reports no pieces over HTTP/2, and may end before it has noticed that everything was sent.
    if (agentKind === 'undici') return
    expect(recorder.count('onRequestSent')).toBe(1)
    const sent = recorder.calls.filter((call) => call.name === 'onBodySent')
    const sizes = sent.map((call) => Buffer.from(call.args[0] as Buffer).length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(Buffer.byteLength(bytes))
  })

  it.each([
    ['undici', UndiciFormData],
    ['Node', FormData],
  ])('FormData of %s', async (realm, Form) => {
    if (agentKind === 'undici' && realm === 'Node') return
    const { origin } = await useProtocol(protocol, async (request, response) => {
      response.setHeader('x-type', String(request.headers['content-type']))
      response.setHeader('x-length', String(request.headers['content-length']))
      response.end(await bodyOf(request))
    })
    const agent = await useAgent()
    const body = new Form()
    body.append('a', 'grüße')
    body.append('b', new Blob(['file'], { type: 'text/x' }), 'b.txt')
    const recorder = await exchange(agent, { origin, method: 'POST', body: body as never })
    const type = String(recorder.headers?.['x-type'])
    expect(type).toMatch(/^multipart\/form-data; boundary=.+/)
    expect(recorder.headers?.['x-length']).toBe(String(recorder.body.length))
    const parsed = await new Response(recorder.body, {
      headers: { 'content-type': type },
    }).formData()
    expect(parsed.get('a')).toBe('grüße')
    const file = parsed.get('b') as File
    expect([file.name, file.type, await file.text()]).toEqual(['b.txt', 'text/x', 'file'])
  })

  it('a Blob sets its type, unless another is given', async () => {
    const { origin } = await useProtocol(protocol, (request, response) => {
      request.resume()
      response.end(request.headers['content-type'])
    })
    const agent = await useAgent()
    const body = new Blob(['x'], { type: 'text/x' }) as never
    const own = await exchange(agent, { origin, method: 'POST', body })
    if (agentKind === 'dodici' || protocol !== 'HTTP/2') expect(own.text).toBe('text/x')
    const headers = { 'content-type': 'text/y' }
    const given = await exchange(agent, { origin, method: 'POST', body, headers })
    expect(given.text).toBe('text/y')
  })

  it('10 MB of bytes arrive whole', async () => {
    const { origin } = await useProtocol(protocol, async (request, response) => {
      const body = await bodyOf(request)
      response.end(`${body.length} ${body.every((byte, i) => byte === (i >> 12) % 251)}`)
    })
    const agent = await useAgent()
    const body = Buffer.from(
      Uint8Array.from({ length: 10_000_000 }, (_value, i) => (i >> 12) % 251),
    )
    const recorder = await exchange(agent, { origin, method: 'POST', body })
    expect(recorder.text).toBe('10000000 true')
  })
})

describe('a body of bytes', () => {
  it('may be changed by the caller after onRequestSent', async () => {
    const bodies: string[] = []
    const server = await useHttp1(async (request, response) => {
      bodies.push((await bodyOf(request)).toString())
      response.end()
    })
    const agent = await useAgent()
    const body = Buffer.from('first')
    await exchange(agent, { origin: server.origin, method: 'POST', body })
    body.write('other')
    await exchange(agent, { origin: server.origin, method: 'POST', body })
    expect(bodies).toEqual(['first', 'other'])
  })
})

describe('a chunked body', () => {
  it('is framed as HTTP/1.1 requires, without empty pieces', async () => {
    const bodies: string[] = []
    const server = await useRaw(async (peer) => {
      bodies.push((await peer.request()).body)
      peer.respond()
    })
    const agent = await useAgent()
    const body = pieces() as never
    await exchange(agent, { origin: server.origin, method: 'POST', body })
    expect(bodies).toEqual([Buffer.from('one two grüße').toString('latin1')])
    expect(server.peers[0]?.log).toMatch(/\r\n0\r\n\r\n$/)
  })
})

describe('an invalid body', () => {
  it.each([
    ['a number', 5],
    ['a boolean', true],
    ['a plain object', { a: 1 }],
    ['a function', () => 'x'],
  ])('%s is refused', async (_name, body) => {
    const agent = await useAgent()
    const recorder = dispatch(agent, {
      origin: 'http://127.0.0.1:1',
      method: 'POST',
      body: body as never,
    })
    expect(recorder.error).toBeInstanceOf(errors.InvalidArgumentError)
    expect(recorder.error?.message).toBe(
      'body must be a string, a Buffer, a Readable stream, an iterable, or an async iterable',
    )
  })

  it.each([
    [
      'a generator',
      () =>
        (function* wrong() {
          yield 'a'
          yield 5
        })(),
    ],
    ['URLSearchParams', () => new URLSearchParams({ a: 'b' })],
  ])('%s whose chunks are neither string nor bytes fails the request', async (_name, make) => {
    const server = await useHttp1((request, response) => {
      request.resume()
      request.on('end', () => response.end())
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, {
      origin: server.origin,
      method: 'POST',
      body: make() as never,
    })
    expect(recorder.error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    expect(recorder.terminalCalls).toBe(1)
  })
})

describe('expectContinue', () => {
  it('is ignored over HTTP/1.1', async () => {
    const server = await useRaw(async (peer) => {
      await peer.request()
      peer.respond('ok')
    })
    const agent = await useAgent()
    const recorder = await exchange(agent, {
      origin: server.origin,
      method: 'POST',
      body: 'x'.repeat(2_000_000),
      expectContinue: true,
    })
    expect(recorder.text).toBe('ok')
    expect(server.peers[0]?.log).not.toMatch(/expect/i)
  })
})

describe('expectContinue over HTTP/2', () => {
  it('sends the body also when the server answers without 100', async () => {
    const { origin } = await useTls({
      protocols: 'h2',
      onStream: (stream) => {
        stream.respond({ ':status': 200 })
        stream.pipe(stream)
      },
    })
    const agent = await useAgent({ headersTimeout: 2000 }, 'dodici')
    const options = { origin, method: 'POST', body: 'hello', expectContinue: true }
    expect((await exchange(agent, options)).text).toBe('hello')
  })

  it('waits for no longer than headersTimeout', async () => {
    const { origin } = await useTls({ protocols: 'h2', onStream: () => {} })
    const agent = await useAgent({ headersTimeout: 150 })
    const options = { origin, method: 'POST', body: 'hello', expectContinue: true }
    const { error } = await exchange(agent, options)
    expect(error).toBeInstanceOf(Error)
  })
})

describe('a body over HTTP/2', () => {
  it('that never ends does not delay other streams', async () => {
    const { origin } = await useTls({
      protocols: 'h2',
      onStream: (stream, headers) => {
        if (headers[':path'] !== '/ok') return
        stream.respond({ ':status': 200 })
        stream.end('ok')
      },
    })
    const agent = await useAgent()
    let produced = 0
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        produced += 1
        yield Buffer.alloc(65536)
      }
    }
    const stuck = dispatch(agent, {
      origin,
      method: 'POST',
      path: '/stuck',
      body: endless() as never,
    })
    await until('the upload runs', () => produced > 0)
    for (let i = 0; i < 10; i += 1) {
      expect((await exchange(agent, { origin, path: '/ok' })).text).toBe('ok')
    }
    expect(produced).toBeLessThan(1000)
    stuck.controller?.abort(new Error('done'))
    expect(stuck.terminalCalls).toBe(1)
  })
})
