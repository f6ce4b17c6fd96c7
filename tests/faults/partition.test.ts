/** The network fails and returns: requests in flight end as configured, and later ones succeed. */
import type { LookupFunction } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TestAgent } from '../support/agents.ts'
import { useAgent } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol } from '../support/protocols.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import { Relay } from '../support/servers/relay.ts'
import { until } from '../support/wait.ts'

interface Site {
  readonly relay: Relay
  readonly origin: string
  readonly arrived: string[]
}

/** `/half` sends half a body, `/silent` nothing, `/echo` the request's body; all else is answered. */
async function useSite(protocol: Protocol): Promise<Site> {
  const arrived: string[] = []
  const server = await useProtocol(protocol, async (request, response) => {
    arrived.push(request.url ?? '')
    response.on('error', () => {})
    if (request.url === '/half') response.write('half')
    else if (request.url === '/echo') response.end(await bodyOf(request))
    else if (request.url !== '/silent') response.end('well')
  })
  const relay = await Relay.start(Number(new URL(server.origin).port))
  onTestFinished(() => relay.close())
  const { protocol: scheme } = new URL(server.origin)
  return { relay, origin: `${scheme}//localhost:${relay.port}`, arrived }
}

const times = { headersTimeout: 400, bodyTimeout: 400, connectTimeout: 400 }

async function isWell(agent: TestAgent, origin: string): Promise<void> {
  const recorder = await exchange(agent, { origin, path: '/well' })
  expect(recorder.error).toBeUndefined()
  expect(recorder.text).toBe('well')
  expect(recorder.terminalCalls).toBe(1)
}

describe.each(protocols)('over %s', (protocol) => {
  it('when the network goes silent, each request ends by its timeout, and new ones succeed when it is back', async () => {
    const { relay, origin, arrived } = await useSite(protocol)
    const agent = await useAgent(times)
    await isWell(agent, origin)
    const half = dispatch(agent, { origin, path: '/half' })
    await half.seen('onResponseData')
    const silent = dispatch(agent, { origin, path: '/silent', headersTimeout: 900 })
    await until('it has arrived', () => arrived.includes('/silent'))
    relay.goDark()
    const lost = dispatch(agent, { origin, path: '/lost' })
    const codes = await Promise.all(
      [half, silent, lost].map(async (recorder) => (await recorder.done).error?.code),
    )
    expect(codes[0]).toBe('UND_ERR_BODY_TIMEOUT')
    expect(codes[1]).toBe('UND_ERR_HEADERS_TIMEOUT')
    // Over TLS a new connection gets no handshake.
    expect(codes[2]).toBe(
      protocol === 'HTTPS' ? 'UND_ERR_CONNECT_TIMEOUT' : 'UND_ERR_HEADERS_TIMEOUT',
    )
    for (const recorder of [half, silent, lost]) expect(recorder.terminalCalls).toBe(1)
    relay.heal()
    await isWell(agent, origin)
    await isWell(agent, origin)
  })

  it('when all connections are reset, their requests fail, and new connections are made', async () => {
    const { relay, origin, arrived } = await useSite(protocol)
    const agent = await useAgent(times)
    const waiting = Array.from({ length: 10 }, () => dispatch(agent, { origin, path: '/silent' }))
    await until('they have arrived', () => arrived.length === 10)
    relay.reset()
    for (const recorder of waiting) {
      const { error } = await recorder.done
      expect(['ECONNRESET', 'UND_ERR_SOCKET']).toContain(error?.code)
      expect(recorder.terminalCalls).toBe(1)
    }
    await isWell(agent, origin)
  })

  it('a server that is down refuses connections, and is used again when it is back', async () => {
    const { relay, origin } = await useSite(protocol)
    const agent = await useAgent({ ...times, connect: { autoSelectFamily: false, family: 4 } })
    await isWell(agent, origin)
    await relay.refuse()
    for (let i = 0; i < 3; i += 1) {
      const { error } = await exchange(agent, { origin, path: '/away', method: 'POST' })
      expect(['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']).toContain(error?.code)
    }
    await relay.listenAgain()
    await isWell(agent, origin)
  })

  it('bytes that come three at a time arrive complete', async () => {
    const { relay, origin } = await useSite(protocol)
    relay.dribble(3)
    const agent = await useAgent()
    const body = Buffer.alloc(10_000, '0123456789abcdef')
    const echo = { origin, path: '/echo', method: 'POST', body } as const
    const recorders = await Promise.all([exchange(agent, echo), exchange(agent, echo)])
    for (const recorder of recorders) {
      expect(recorder.error).toBeUndefined()
      expect(recorder.body.equals(body)).toBe(true)
    }
  })

  it('a connection that breaks every time costs one request each, and no more', async () => {
    const { relay, origin, arrived } = await useSite(protocol)
    const agent = await useAgent(times)
    for (let i = 0; i < 20; i += 1) {
      // Not idempotent: a GET would be sent again, once, when the kept connection that it is on breaks.
      const silent = dispatch(agent, { origin, path: '/silent', method: 'POST' })
      await until('it has arrived', () => arrived.length === i * 2 + 1)
      relay.reset()
      expect((await silent.done).error).toBeDefined()
      await isWell(agent, origin)
      expect(arrived).toHaveLength(i * 2 + 2)
    }
    expect(relay.connections).toBeLessThanOrEqual(1)
  })
})

it('an HTTP/2 connection on which nothing arrives any more is given up', async () => {
  const { relay, origin, arrived } = await useSite('HTTP/2')
  const agent = await useAgent(times)
  await isWell(agent, origin)
  const silent = dispatch(agent, { origin, path: '/silent', headersTimeout: 0 })
  await until('it has arrived', () => arrived.includes('/silent'))
  relay.goDark()
  // Requests that time out lead to a PING.
  for (let n = 0; silent.terminalCalls === 0 && n < 60; n += 1) {
    const { error } = await exchange(agent, { origin, path: '/lost' })
    expect(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT']).toContain(
      error?.code,
    )
  }
  // Not the timeout of the connection that libcurl has tried to make instead.
  expect((await silent.done).error?.code).toBe('UND_ERR_SOCKET')
  relay.heal()
  await isWell(agent, origin)
  expect(silent.terminalCalls).toBe(1)
  expect(arrived.filter((path) => path === '/silent')).toHaveLength(1)
})

it('a name that cannot be looked up for a while fails requests; later ones succeed', async () => {
  const { relay } = await useSite('HTTP/1.1')
  let isAway = true
  const lookup: LookupFunction = (hostname, _options, callback) => {
    const error = Object.assign(new Error(`getaddrinfo EAI_AGAIN ${hostname}`), {
      code: 'EAI_AGAIN',
      syscall: 'getaddrinfo',
      hostname,
    })
    setImmediate(() => {
      if (isAway) callback(error, [])
      else callback(null, [{ address: '127.0.0.1', family: 4 }])
    })
  }
  const agent = await useAgent({ ...times, connect: { lookup } })
  const origin = `http://somewhere.test:${relay.port}`
  for (let i = 0; i < 3; i += 1) {
    const { error } = await exchange(agent, { origin, path: '/' })
    expect(error?.code).toBe('EAI_AGAIN')
  }
  isAway = false
  await isWell(agent, origin)
})
