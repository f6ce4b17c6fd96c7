/** Item 5: connect, headers and body timeouts. Each real timeout is 100 ms or more; "never" is a multiple of it. */
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { quiet, until, within } from '../support/wait.ts'

const kSoon = 5_000
// undici's timers are coarse: 100 ms may take a second there.
const kLate = agentKind === 'undici' ? 1600 : 400

async function elapsed<T>(promise: Promise<T>): Promise<[T, number]> {
  const start = performance.now()
  return [await promise, performance.now() - start]
}

describe('connectTimeout', () => {
  it('covers the TLS handshake', async () => {
    const server = await useRaw(() => {})
    const agent = await useAgent({ connectTimeout: 200 })
    const request = exchange(agent, { origin: `https://127.0.0.1:${server.port}` })
    const [recorder, ms] = await elapsed(request)
    expect(recorder.error).toBeInstanceOf(errors.ConnectTimeoutError)
    expect(recorder.error).toMatchObject({
      name: 'ConnectTimeoutError',
      code: 'UND_ERR_CONNECT_TIMEOUT',
      message: `Connect Timeout Error (attempted address: 127.0.0.1:${server.port}, timeout: 200ms)`,
    })
    expect(ms).toBeGreaterThan(190)
    expect(ms).toBeLessThan(kSoon)
    expect(recorder.count('onResponseError')).toBe(1)
  })

  it('connect.timeout wins over it', async () => {
    const server = await useRaw(() => {})
    const agent = await useAgent({ connectTimeout: 60_000, connect: { timeout: 200 } })
    const recorder = await exchange(agent, { origin: `https://127.0.0.1:${server.port}` })
    expect(recorder.error).toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' })
  })

  it('0 turns it off', async () => {
    const server = await useRaw(() => {})
    const agent = await useAgent({ connectTimeout: 0 })
    const recorder = dispatch(agent, { origin: `https://127.0.0.1:${server.port}` })
    await server.peer(0)
    await quiet(kLate)
    expect(recorder.terminalCalls).toBe(0)
  })

  it('reaches request() and fetch()', async () => {
    const { fetch } = await import('undici')
    const server = await useRaw(() => {})
    const agent = await useAgent({ connectTimeout: 150 })
    const origin = `https://127.0.0.1:${server.port}`
    await expect(agent.request({ origin, path: '/', method: 'GET' })).rejects.toBeInstanceOf(
      errors.ConnectTimeoutError,
    )
    await expect(fetch(origin, { dispatcher: agent })).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'UND_ERR_CONNECT_TIMEOUT' },
    })
  })
})

describe.each(protocols)('headersTimeout over %s', (protocol) => {
  it('fails a request whose head does not come', async () => {
    const { origin } = await useProtocol(protocol, () => {})
    const agent = await useAgent({ headersTimeout: 100 })
    const [recorder, ms] = await elapsed(exchange(agent, { origin }))
    expect(recorder.error).toBeInstanceOf(errors.HeadersTimeoutError)
    expect(recorder.error?.code).toBe('UND_ERR_HEADERS_TIMEOUT')
    expect(recorder.terminalCalls).toBe(1)
    expect(ms).toBeGreaterThan(90)
    expect(ms).toBeLessThan(kSoon)
  })

  it('of the request wins over the agent', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      setTimeout(() => response.end('late'), kLate)
    })
    const agent = await useAgent({ headersTimeout: 100 })
    const patient = exchange(agent, { origin, headersTimeout: 30_000 })
    const usual = exchange(agent, { origin, headersTimeout: null })
    expect((await patient).text).toBe('late')
    expect((await usual).error?.code).toBe('UND_ERR_HEADERS_TIMEOUT')
  })

  it('0 turns it off', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      setTimeout(() => response.end('late'), kLate)
    })
    const agent = await useAgent({ headersTimeout: 0 })
    expect((await exchange(agent, { origin })).text).toBe('late')
  })
})

describe.each(protocols)('bodyTimeout over %s', (protocol) => {
  it('fails a body that stalls, after what came', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.write('some')
    })
    const agent = await useAgent({ bodyTimeout: 100 })
    const recorder = await exchange(agent, { origin })
    expect(recorder.error).toBeInstanceOf(errors.BodyTimeoutError)
    expect(recorder.error?.code).toBe('UND_ERR_BODY_TIMEOUT')
    expect(recorder.text).toBe('some')
    expect(recorder.terminalCalls).toBe(1)
  })

  it('does not run while paused, and starts again on resume()', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.write('some')
    })
    const agent = await useAgent({ bodyTimeout: 100 })
    const recorder = dispatch(
      agent,
      { origin },
      { onResponseData: (_self, controller) => controller.pause() },
    )
    await recorder.seen('onResponseData')
    await quiet(kLate)
    expect(recorder.terminalCalls).toBe(0)
    recorder.controller?.resume()
    await recorder.done
    expect(recorder.error?.code).toBe('UND_ERR_BODY_TIMEOUT')
  })

  it('starts again with each chunk', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      let left = 8
      const next = (): void => {
        left -= 1
        if (left === 0) response.end('.')
        else response.write('.')
        if (left > 0) setTimeout(next, 50)
      }
      next()
    })
    const agent = await useAgent({ bodyTimeout: 350 })
    expect((await exchange(agent, { origin })).text).toBe('........')
  })

  it('0 turns it off, the request wins over the agent', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.write('some')
      setTimeout(() => response.end('thing'), kLate)
    })
    const off = await useAgent({ bodyTimeout: 0 })
    const on = await useAgent({ bodyTimeout: 100 })
    const results = await Promise.all([
      exchange(off, { origin }),
      exchange(on, { origin, bodyTimeout: 0 }),
      exchange(off, { origin, bodyTimeout: 100 }),
    ])
    expect(results.map((recorder) => recorder.error?.code ?? recorder.text)).toEqual([
      'something',
      'something',
      'UND_ERR_BODY_TIMEOUT',
    ])
  })
})

describe('a timeout', () => {
  it('closes the connection of HTTP/1.1', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
    })
    const agent = await useAgent({ headersTimeout: 100 })
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error?.code).toBe('UND_ERR_HEADERS_TIMEOUT')
    const peer = await server.peer(0)
    await within('the connection to close', peer.ended)
  })

  it('resets the stream of HTTP/2, and the others go on', async () => {
    const { origin, sessions } = await useTls({
      protocols: 'h2',
      onRequest: (request, response) => {
        if (request.url === '/ok') setTimeout(() => response.end('ok'), kLate)
      },
    })
    const agent = await useAgent()
    const fine = exchange(agent, { origin, path: '/ok' })
    const stuck = exchange(agent, { origin, path: '/stuck', headersTimeout: 100 })
    expect((await stuck).error?.code).toBe('UND_ERR_HEADERS_TIMEOUT')
    expect((await fine).text).toBe('ok')
    expect(sessions.size).toBe(1)
  })

  it('over HTTP/2 has a message of its own, like bodyTimeout', async () => {
    const { origin } = await useTls({
      protocols: 'h2',
      onRequest: (request, response) => {
        if (request.url === '/body') response.write('some')
      },
    })
    const agent = await useAgent({ headersTimeout: 150, bodyTimeout: 150 })
    expect((await exchange(agent, { origin })).error).toMatchObject({
      name: 'HeadersTimeoutError',
      message: 'HTTP/2: "headers timeout after 150"',
    })
    expect((await exchange(agent, { origin, path: '/body' })).error).toMatchObject({
      name: 'BodyTimeoutError',
      message: 'HTTP/2: "stream timeout after 150"',
    })
  })

  it('does not count the time in the queue', async () => {
    const server = await useHttp1((_request, response) => {
      setTimeout(() => response.end('ok'), 250)
    })
    const agent = await useAgent({ connections: 1, headersTimeout: 450 })
    const all = Array.from({ length: 3 }, () => exchange(agent, { origin: server.origin }))
    for (const recorder of await Promise.all(all)) expect(recorder.text).toBe('ok')
  })

  it('is extended by 1xx responses', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      for (let i = 0; i < 4; i += 1) {
        peer.send('HTTP/1.1 102 Processing\r\n\r\n')
        await quiet(150)
      }
      peer.respond('done')
    })
    const agent = await useAgent({ headersTimeout: 450 })
    const recorder = await exchange(agent, { origin: server.origin })
    expect(recorder.error).toBeUndefined()
    expect(recorder.text).toBe('done')
  })

  it('does not fire while an upload makes progress', async () => {
    const server = await useHttp1((request, response) => {
      request.resume()
      request.on('end', () => response.end('got it'))
    })
    async function* slowly(): AsyncGenerator<string> {
      for (let i = 0; i < 8; i += 1) {
        await quiet(50)
        yield 'x'
      }
    }
    const agent = await useAgent({ headersTimeout: 250 })
    const recorder = await exchange(agent, {
      origin: server.origin,
      method: 'POST',
      body: slowly() as never,
    })
    expect(recorder.text).toBe('got it')
  })

  it('leaves the agent usable', async () => {
    let silent = true
    const server = await useHttp1((_request, response) => {
      if (!silent) response.end('back')
    })
    const agent = await useAgent({ headersTimeout: 100 })
    const first = await exchange(agent, { origin: server.origin })
    expect(first.error?.code).toBe('UND_ERR_HEADERS_TIMEOUT')
    silent = false
    expect((await exchange(agent, { origin: server.origin })).text).toBe('back')
    await until('the first connection is gone', () => server.sockets.size === 1)
  })
})
