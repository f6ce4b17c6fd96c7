/** Options of `tls.connect()` that only Node has: Node then makes the connections and their TLS. */
import type { TLSSocket } from 'node:tls'
import { createSecureContext } from 'node:tls'
import { describe, expect, it } from 'vitest'
import type { AgentOptions } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { useAgent, useHttp1, useRaw, useTls } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'

const both = [['h1'], ['h2']] as const

function withConnect(connect: object, more: object = {}): AgentOptions {
  return { ...more, connect }
}

describe.each(both)('connect options of Node, %s', (protocols) => {
  const onRequest = (_request: unknown, response: { end: (text: string) => void }): void => {
    response.end('ok')
  }

  it('checkServerIdentity is called, and accepts', async () => {
    const server = await useTls({ protocols, onRequest, pair: certificates().wrongHost })
    const asked: unknown[] = []
    const agent = await useAgent(
      withConnect({
        checkServerIdentity: (host: string, { subject }: { subject: { CN: string } }) => {
          asked.push([host, subject.CN])
        },
      }),
    )
    expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
    expect(asked).toEqual([['localhost', expect.any(String)]])
    expect(server.handshakes[0]?.alpn).toBe(protocols === 'h2' ? 'h2' : 'http/1.1')
  })

  it('checkServerIdentity refuses with its own error, and nothing is sent', async () => {
    let requests = 0
    const server = await useTls({
      protocols,
      onRequest: (_request, response) => {
        requests += 1
        response.end('ok')
      },
    })
    const refusal = new Error('not pinned')
    const agent = await useAgent(withConnect({ checkServerIdentity: () => refusal }))
    const events: unknown[] = []
    agent.on('connectionError', (_origin, _targets, error) => events.push(error))
    expect((await exchange(agent, { origin: server.origin })).error).toBe(refusal)
    expect(events).toEqual([refusal])
    expect(requests).toBe(0)
  })

  it('secureContext has the client certificate and the authority', async () => {
    const { ca, good } = certificates()
    const server = await useTls({
      protocols,
      server: { requestCert: true, rejectUnauthorized: true, ca },
      onRequest: (request, response) => {
        const { authorized } = request.socket as TLSSocket
        response.end(String(authorized))
      },
    })
    const secureContext = createSecureContext({ ca, cert: good.cert, key: good.key })
    const agent = await useAgent(withConnect({ secureContext }))
    if (protocols === 'h2') {
      expect((await exchange(agent, { origin: server.origin })).text).toBe('true')
    } else {
      expect((await exchange(agent, { origin: server.origin })).status).toBe(200)
    }
  })

  it('an untrusted authority is still refused', async () => {
    const server = await useTls({ protocols, onRequest, pair: certificates().unknownCa })
    const agent = await useAgent(withConnect({ checkServerIdentity: () => {} }))
    const { error } = await exchange(agent, { origin: server.origin })
    expect(error?.code).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  it('allowH2: false still applies', async () => {
    const server = await useTls({ protocols: 'both', onRequest })
    const agent = await useAgent(
      withConnect({ checkServerIdentity: () => {} }, { allowH2: protocols === 'h2' }),
    )
    expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
    // undici offers HTTP/1.1 first, but Node's server prefers HTTP/2.
    expect(server.handshakes).toHaveLength(1)
    if (protocols === 'h1') expect(server.handshakes[0]?.alpn).toBe('http/1.1')
  })
})

describe('connect options of Node', () => {
  it('session is resumed', async () => {
    const reused: boolean[] = []
    const server = await useTls({
      protocols: 'h1',
      onRequest: (request, response) => {
        reused.push((request.socket as TLSSocket).isSessionReused())
        response.end('ok')
      },
    })
    const agent = await useAgent(
      withConnect({ checkServerIdentity: () => {}, maxVersion: 'TLSv1.2' }, { pipelining: 0 }),
    )
    for (let i = 0; i < 3; i += 1) await exchange(agent, { origin: server.origin })
    expect(reused).toEqual([false, true, true])
  })

  it('a plain origin works with them, too', async () => {
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent(withConnect({ checkServerIdentity: () => new Error('never') }))
    expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
  })

  it('an option that Node refuses fails the request', async () => {
    const server = await useTls({ protocols: 'h1' })
    const agent = await useAgent(withConnect({ secureProtocol: 'nonsense' }))
    const { error } = await exchange(agent, { origin: server.origin })
    expect(error?.message).toMatch(/nonsense/)
  })

  it('connectTimeout still applies', async () => {
    // It does not speak TLS, and sends nothing.
    const server = await useRaw(async () => {})
    const agent = await useAgent(
      withConnect({ checkServerIdentity: () => {} }, { connectTimeout: 200 }),
    )
    const { error } = await exchange(agent, { origin: `https://127.0.0.1:${server.port}` })
    expect(error?.code).toBe('UND_ERR_CONNECT_TIMEOUT')
  })
})
