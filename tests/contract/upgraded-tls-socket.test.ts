/** The TLS properties and the settings of an upgraded socket, as of a TLSSocket or net.Socket. */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import type { AgentOptions } from '../support/agents.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import type { Peer } from '../support/servers/raw.ts'
import { until, within } from '../support/wait.ts'

const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'

async function useSwitching(
  tls: boolean,
): Promise<{ origin: string; port: number; peers: Peer[] }> {
  const peers: Peer[] = []
  const server = await useRaw(
    async (peer) => {
      peers.push(peer)
      await peer.head()
      peer.send(switching)
    },
    { tls },
  )
  return { origin: server.origin, port: Number(new URL(server.origin).port), peers }
}

async function upgrade<T extends Socket>(agent: Dispatcher, origin: string): Promise<T> {
  const options = { origin, path: '/', protocol: 'echo' }
  return (await agent.upgrade(options)).socket as T
}

type Facts = Record<string, unknown>

async function factsOf(
  kind: 'dodici' | 'undici',
  origin: string,
  options: AgentOptions,
): Promise<Facts> {
  const socket = await upgrade<TLSSocket>(await useAgent(options, kind), origin)
  const certificate = socket.getPeerCertificate()
  const facts = {
    encrypted: socket.encrypted,
    authorized: socket.authorized,
    authorizationError: socket.authorizationError,
    alpnProtocol: socket.alpnProtocol,
    servername: (socket as unknown as { servername: string }).servername,
    protocol: socket.getProtocol(),
    cipher: socket.getCipher(),
    certificate: Object.fromEntries(
      Object.entries(certificate).filter(([name]) => name !== 'issuerCertificate'),
    ),
    fingerprint: socket.getPeerX509Certificate()?.fingerprint256,
  }
  socket.destroy()
  return facts
}

describe.runIf(agentKind === 'dodici')(
  'an upgraded socket over TLS tells what a TLSSocket tells',
  () => {
    it.each<[string, AgentOptions]>([
      ['of TLS 1.3', {}],
      ['of TLS 1.2', { connect: { maxVersion: 'TLSv1.2' } }],
      ['without ALPN’s HTTP/2', { allowH2: false }],
      ['of a certificate that is not trusted', { connect: { rejectUnauthorized: false, ca: [] } }],
      ['of one that is trusted all the same', { connect: { rejectUnauthorized: false } }],
      ['with a name', { connect: { servername: 'localhost' } }],
      [
        'with a name that is not in the certificate',
        { connect: { servername: 'other.test', rejectUnauthorized: false } },
      ],
    ])('%s', async (_name, options) => {
      const { origin } = await useSwitching(true)
      const theirs = await factsOf('undici', origin, options)
      expect(theirs['encrypted']).toBe(true)
      expect(await factsOf('dodici', origin, options)).toEqual(theirs)
    })

    it('and a plain one has none of these properties', async () => {
      const { origin } = await useSwitching(false)
      const socket = await upgrade<TLSSocket>(await useAgent(), origin)
      expect(socket.encrypted).toBe(undefined)
      expect(socket.getPeerCertificate).toBe(undefined)
      socket.destroy()
    })
  },
)

describe('the settings of an upgraded socket', () => {
  it('resetAndDestroy() resets the connection', async () => {
    const { origin, peers } = await useSwitching(false)
    const socket = await upgrade(await useAgent(), origin)
    socket.resetAndDestroy()
    expect(await within('the end', (peers[0] as Peer).ended)).toBe('reset')
    expect(socket.destroyed).toBe(true)
  })

  it('destroy() does not', async () => {
    const { origin, peers } = await useSwitching(false)
    const socket = await upgrade(await useAgent(), origin)
    socket.destroy()
    expect(await within('the end', (peers[0] as Peer).ended)).toBe('fin')
  })

  // The kernel's timer of a connection: proc(5), /proc/net/tcp, "tr".
  function hasKeepAliveTimer({ localPort, remotePort }: Socket): boolean {
    const hex = (port = 0): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`
    const line = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((text) => text.trim().split(/\s+/))
      .find(([, from, to]) => from?.endsWith(hex(localPort)) && to?.endsWith(hex(remotePort)))
    return line?.[5]?.startsWith('02:') ?? false
  }

  it('setKeepAlive() turns probes on and off', async () => {
    const { origin } = await useSwitching(false)
    const socket = await upgrade(await useAgent(), origin)
    expect(socket.setKeepAlive(false)).toBe(socket)
    await until('no probes', () => !hasKeepAliveTimer(socket))
    expect(socket.setKeepAlive(true, 5000)).toBe(socket)
    await until('probes', () => hasKeepAliveTimer(socket))
    socket.setKeepAlive()
    await until('no probes again', () => !hasKeepAliveTimer(socket))
    socket.destroy()
  })

  it('setNoDelay() turns the delay off and on', async () => {
    const { origin, peers } = await useSwitching(false)
    const socket = await upgrade(await useAgent(), origin)
    for (const noDelay of [undefined, false, true]) {
      expect(socket.setNoDelay(noDelay)).toBe(socket)
      socket.write('x')
    }
    await within('the bytes', (peers[0] as Peer).read(3))
    socket.destroy()
    expect(socket.setNoDelay().setKeepAlive(true)).toBe(socket)
  })
})
