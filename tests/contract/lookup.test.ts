/** `connect.lookup`, and what Node does by its own lookup: autoSelectFamily: false, family, hints. */
import { ADDRCONFIG } from 'node:dns'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import type { AgentOptions } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { useAgent, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { dispatch, exchange } from '../support/recorder.ts'

type Callback = (error: Error | null, found?: unknown, family?: number) => void
type Lookup = (host: string, options: LookupOptions, callback: Callback) => void

const connectWith = (lookup: Lookup, more: object = {}): AgentOptions =>
  ({ connect: { lookup, ...more } }) as AgentOptions

/** Answers as dns.lookup() would, with these addresses. */
function answering(...addresses: string[]): Lookup & { asked: [string, LookupOptions][] } {
  const asked: [string, LookupOptions][] = []
  const found: LookupAddress[] = addresses.map((address) => ({
    address,
    family: address.includes(':') ? 6 : 4,
  }))
  const lookup: Lookup = (host, options, callback) => {
    asked.push([host, options])
    setImmediate(() => {
      if (options.all) callback(null, found)
      else callback(null, found[0]?.address, found[0]?.family)
    })
  }
  return Object.assign(lookup, { asked })
}

describe('connect.lookup', () => {
  it('finds the address of a host', async () => {
    const server = await useHttp1((request, response) => void response.end(request.headers.host))
    const lookup = answering('127.0.0.1')
    const agent = await useAgent(connectWith(lookup))
    const { text } = await exchange(agent, { origin: `http://any.test:${server.port}` })
    expect(text).toBe(`any.test:${server.port}`)
    expect(lookup.asked).toEqual([
      ['any.test', expect.objectContaining({ all: true, hints: ADDRCONFIG })],
    ])
  })

  it('is not called again while there is a connection', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const lookup = answering('127.0.0.1')
    const agent = await useAgent({ ...connectWith(lookup), connections: 1 })
    const origin = `http://any.test:${server.port}`
    for (let i = 0; i < 3; i += 1) expect((await exchange(agent, { origin })).text).toBe('ok')
    expect(lookup.asked).toHaveLength(1)
    expect(server.accepted).toBe(1)
  })

  it('is called for each new connection', async () => {
    const first = await useHttp1((_request, response) => void response.end('ok'))
    const lookup = answering('127.0.0.1')
    const agent = await useAgent({ ...connectWith(lookup), pipelining: 0 })
    const disconnected = (): Promise<unknown> =>
      new Promise((resolve) => {
        agent.once('disconnect', resolve)
      })
    for (let i = 0; i < 2; i += 1) {
      const gone = disconnected()
      await exchange(agent, { origin: `http://any.test:${first.port}` })
      await gone
    }
    expect(lookup.asked).toHaveLength(2)
  })

  it('moves a host whose address has changed', async () => {
    const four = await useHttp1((_request, response) => void response.end('four'))
    const addresses = ['127.0.0.1', '127.0.0.2']
    const lookup: Lookup = (_host, _options, callback) => {
      callback(null, [{ address: addresses.shift(), family: 4 }])
    }
    const agent = await useAgent({ ...connectWith(lookup), pipelining: 0 })
    const origin = `http://any.test:${four.port}`
    const gone = new Promise((resolve) => {
      agent.once('disconnect', resolve)
    })
    expect((await exchange(agent, { origin })).text).toBe('four')
    await gone
    const { error } = await exchange(agent, { origin })
    expect(error).toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.2' })
  })

  it('is not called for an address', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const lookup = answering('127.0.0.2')
    const agent = await useAgent(connectWith(lookup))
    expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
    expect(lookup.asked).toEqual([])
  })

  it('does not change the name in the certificate, also over HTTP/2 and with a servername', async () => {
    const server = await useTls({
      pair: certificates().second,
      onRequest: (_request, response) => void response.end('second'),
    })
    const agent = await useAgent(connectWith(answering('127.0.0.1')))
    const good = await exchange(agent, { origin: `https://second.test:${server.port}` })
    expect(good.text).toBe('second')
    const origin = `https://third.test:${server.port}`
    const bad = await exchange(agent, { origin })
    expect(bad.error?.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    const named = await exchange(agent, { origin, servername: 'second.test' })
    expect(named.text).toBe('second')
  })

  it('tries the next of several addresses', async () => {
    const server = await useRaw(
      async (peer) => {
        await peer.head()
        peer.respond('six')
      },
      { host: '::1' },
    )
    const agent = await useAgent(connectWith(answering('127.0.0.1', '::1')))
    const { text } = await exchange(agent, { origin: `http://any.test:${server.port}` })
    expect(text).toBe('six')
  })

  it('is called for one address with autoSelectFamily: false', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const lookup = answering('127.0.0.2', '127.0.0.1')
    const agent = await useAgent({ ...connectWith(lookup), autoSelectFamily: false })
    const { error } = await exchange(agent, { origin: `http://any.test:${server.port}` })
    expect(error).toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.2' })
    expect(lookup.asked[0]?.[1].all).toBeFalsy()
  })

  it.each<[string, Lookup, object]>([
    [
      'error',
      (_host, _options, callback) => setImmediate(callback, new Error('no such host')),
      { message: 'no such host' },
    ],
    [
      'nonsense',
      (_host, _options, callback) => setImmediate(callback, null, [{ address: 'x', family: 4 }]),
      { code: 'ERR_INVALID_IP_ADDRESS', message: 'Invalid IP address: x' },
    ],
    [
      'family of no kind',
      (_host, _options, callback) =>
        setImmediate(callback, null, [{ address: '127.0.0.1', family: 5 }]),
      { code: 'ERR_INVALID_ADDRESS_FAMILY' },
    ],
    [
      'answer of one address where all were asked for',
      (_host, _options, callback) => setImmediate(callback, null, '127.0.0.1', 4),
      { code: 'ERR_INVALID_IP_ADDRESS' },
    ],
  ])("'s %s is the request's error", async (_name, lookup, expected) => {
    const agent = await useAgent(connectWith(lookup))
    const failures: unknown[] = []
    agent.on('connectionError', (_origin, _targets, error) => failures.push(error))
    const recorder = await exchange(agent, { origin: 'http://any.test:1' })
    expect(recorder.error).toMatchObject(expected)
    expect(recorder.terminalCalls).toBe(1)
    expect(failures).toEqual([recorder.error])
  })

  it('that never answers is a connect timeout', async () => {
    const agent = await useAgent({ ...connectWith(() => {}), connectTimeout: 50 })
    const { error } = await exchange(agent, { origin: 'http://any.test:1' })
    expect(error?.code).toBe('UND_ERR_CONNECT_TIMEOUT')
  })

  it.runIf(agentKind === 'dodici')('does not hold up an abort', async () => {
    const agent = await useAgent(connectWith(() => {}))
    const recorder = dispatch(agent, { origin: 'http://any.test:1' })
    recorder.controller?.abort(new Error('enough'))
    expect(recorder.error?.message).toBe('enough')
    await agent.destroy()
    expect(recorder.terminalCalls).toBe(1)
  })

  it('may answer at once, for a streamed body too', async () => {
    const server = await useHttp1((request, response) => void request.pipe(response))
    const agent = await useAgent(
      connectWith((_host, _options, callback) =>
        callback(null, [{ address: '127.0.0.1', family: 4 }]),
      ),
    )
    const { text } = await exchange(agent, {
      origin: `http://any.test:${server.port}`,
      method: 'POST',
      body: (async function* () {
        yield 'a'
        yield 'b'
      })() as never,
    })
    expect(text).toBe('ab')
  })
})

describe('autoSelectFamily: false', () => {
  it('tries the first address of a host only', async () => {
    const six = await useRaw(() => {}, { host: '::1' })
    const agent = await useAgent({ autoSelectFamily: false, connect: { family: 4 } })
    const { error } = await exchange(agent, { origin: `http://localhost:${six.port}` })
    expect(error).toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.1' })
  })
})
