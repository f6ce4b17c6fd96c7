/** TLS options of `connect`; tests/parity compares more of them with undici. */
import { describe, expect, it } from 'vitest'
import { constants } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { agentKind } from '../support/agents.ts'
import { useAgent, useTls } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import type { TlsServer } from '../support/servers/tls.ts'
import { tlsMaterial } from '../support/tls-material.ts'

/** A server that accepts only clients with a certificate of its authority, and their names. */
async function useMutual(): Promise<{ server: TlsServer; names: string[] }> {
  const server = await useTls({
    server: { ca: tlsMaterial().ca, requestCert: true, rejectUnauthorized: true },
    onRequest: (_request, response) => void response.end('ok'),
  })
  const names: string[] = []
  server.server.on('secureConnection', (socket: TLSSocket) => {
    names.push(String(socket.getPeerCertificate().subject.CN))
  })
  return { server, names }
}

describe('a client certificate', () => {
  it.each<[string, () => Record<string, unknown>]>([
    ['as PEM', () => ({ ...tlsMaterial().client })],
    [
      'with an encrypted key',
      () => ({
        cert: tlsMaterial().client.cert,
        key: tlsMaterial().encryptedKey,
        passphrase: 'secret',
      }),
    ],
    ['as PKCS #12', () => ({ pfx: tlsMaterial().pfx, passphrase: 'secret' })],
  ])('%s is sent', async (_name, connect) => {
    const { server, names } = await useMutual()
    const agent = await useAgent({ connect: connect() })
    const { text, error } = await exchange(agent, { origin: server.origin })
    expect({ text, error }).toEqual({ text: 'ok', error: undefined })
    expect(names).toEqual(['client'])
  })

  it('is not sent by another agent', async () => {
    const { server, names } = await useMutual()
    const agent = await useAgent({ connect: { ...tlsMaterial().client } })
    const stranger = await useAgent()
    expect((await exchange(agent, { origin: server.origin })).text).toBe('ok')
    const { error } = await exchange(stranger, { origin: server.origin })
    expect(error?.code).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
    expect(names).toEqual(['client'])
  })

  it('serves many connections at a time', async () => {
    const { server, names } = await useMutual()
    const agent = await useAgent({
      allowH2: false,
      connect: { pfx: tlsMaterial().pfx, passphrase: 'secret' },
    })
    const all = Array.from({ length: 20 }, () => exchange(agent, { origin: server.origin }))
    expect((await Promise.all(all)).map(({ text }) => text)).toEqual(Array(20).fill('ok'))
    expect(new Set(names)).toEqual(new Set(['client']))
  })

  it.runIf(agentKind === 'dodici')('whose key cannot be read fails the constructor', async () => {
    const connect = { cert: tlsMaterial().client.cert, key: tlsMaterial().encryptedKey }
    const wrong = useAgent({ connect: { ...connect, passphrase: 'wrong' } })
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_OSSL_BAD_DECRYPT' })
  })
})

describe('a session', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('of %s is resumed', async (maxVersion) => {
    const server = await useTls({ onRequest: (_request, response) => void response.end('ok') })
    const resumed: boolean[] = []
    server.server.on('secureConnection', (socket: TLSSocket) => {
      resumed.push(socket.isSessionReused())
    })
    const agent = await useAgent({ allowH2: false, pipelining: 0, connect: { maxVersion } })
    for (let i = 0; i < 3; i += 1) await exchange(agent, { origin: server.origin })
    expect(resumed).toEqual([false, true, true])
  })
})

describe('TCP', () => {
  it('connects from localPort', async () => {
    const server = await useTls({ onRequest: (_request, response) => void response.end('ok') })
    const free = await useTls()
    await free.close()
    let port: number | undefined
    server.server.on('connection', (socket: TLSSocket) => {
      port = socket.remotePort
    })
    const agent = await useAgent({ connect: { localPort: free.port } })
    const { text } = await exchange(agent, { origin: `https://127.0.0.1:${server.port}` })
    expect(text).toBe('ok')
    expect(port).toBe(free.port)
  })
})

describe('a server of TLS 1.2 that asks for a second handshake', () => {
  async function useRenegotiating(): Promise<string> {
    const server = await useTls({
      protocols: 'h1',
      onRequest: (request, response) => {
        const socket = request.socket as TLSSocket
        socket.renegotiate({}, (error) => response.end(error ? 'refused' : 'renegotiated'))
      },
    })
    return server.origin
  }

  const maxVersion = 'TLSv1.2'
  const asked = { secureOptions: constants.SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION }

  it.each<[string, () => Record<string, unknown>]>([
    ['a certificate to show', () => ({ ...tlsMaterial().client, maxVersion })],
    ['the option for it', () => ({ ...asked, maxVersion })],
  ])('gets it from a client with %s', async (_name, connect) => {
    const origin = await useRenegotiating()
    const agent = await useAgent({ connect: connect() })
    expect((await exchange(agent, { origin })).text).toBe('renegotiated')
  })

  it.runIf(agentKind === 'dodici')('gets it from no other client', async () => {
    const origin = await useRenegotiating()
    const agent = await useAgent({ connect: { maxVersion } })
    const { error, text } = await exchange(agent, { origin })
    expect(text).toBe('')
    expect(error).toBeInstanceOf(Error)
  })
})
