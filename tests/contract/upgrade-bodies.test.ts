/** Bodies of upgrades and CONNECTs are framed like others, whatever their source; writes to the socket follow them. */
import { once } from 'node:events'
import { Readable, type Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import type { Peer } from '../support/servers/raw.ts'
import { until, within } from '../support/wait.ts'

type Method = Pick<Dispatcher.DispatchOptions, 'method' | 'path'> & { upgrade?: string }
type Body = Dispatcher.DispatchOptions['body'] | AsyncIterable<string>

const kinds: [string, Method, string][] = [
  [
    'upgrade',
    { method: 'POST', path: '/', upgrade: 'echo' },
    'HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n',
  ],
  ['CONNECT', { method: 'CONNECT', path: 'a.test:80' }, 'HTTP/1.1 200 OK\r\n\r\n'],
]

interface Sent {
  /** settles with the socket, or fails as the request does */
  readonly switched: Promise<Duplex>
  readonly calls: string[]
}

function send(
  agent: Dispatcher,
  origin: string,
  how: Method,
  body: Body,
  headers: Record<string, string> = {},
): Sent {
  const calls: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  promise.catch(() => {})
  agent.dispatch({ origin, ...how, headers, body } as Dispatcher.DispatchOptions, {
    onRequestStart: () => {},
    onBodySent: (chunk: unknown) => void calls.push(`sent ${String(chunk)}`),
    onRequestSent: () => void calls.push('all sent'),
    onResponseStart: (_controller, status) => void calls.push(`start ${status}`),
    onResponseData: (_controller, chunk) => void calls.push(`data ${String(chunk)}`),
    onResponseEnd: () => reject(new Error('refused')),
    onResponseError: (_controller, error) => reject(error),
    onRequestUpgrade: (_controller, _status, _headers, socket) => resolve(socket),
  })
  return { switched: within('the switch', promise), calls }
}

function framing(head: string): string[] {
  return head.split('\r\n').filter((line) => /^(content-length|transfer-encoding)/i.test(line))
}

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  for (const piece of texts) {
    await new Promise((resolve) => setImmediate(resolve))
    yield piece
  }
}

describe.each(kinds)('the body of %s', (_kind, how, switching) => {
  async function useSwitching(
    onSwitched: (peer: Peer) => void | Promise<void> = () => {},
  ): Promise<{ origin: string; requests: { head: string; body: string }[] }> {
    const requests: { head: string; body: string }[] = []
    const server = await useRaw(async (peer) => {
      requests.push(await peer.request())
      peer.send(switching)
      await onSwitched(peer)
    })
    return { origin: server.origin, requests }
  }

  it.each<[string, () => Body, string[], string]>([
    ['a string', () => 'some text', ['content-length: 9'], 'some text'],
    ['a Buffer', () => Buffer.from('some bytes'), ['content-length: 10'], 'some bytes'],
    ['an iterable', () => pieces('some ', 'pieces'), ['transfer-encoding: chunked'], 'some pieces'],
    [
      'a stream',
      () => Readable.from(pieces('some ', 'stream')),
      ['transfer-encoding: chunked'],
      'some stream',
    ],
    [
      'large pieces',
      () => pieces('x'.repeat(300_000), 'y'.repeat(300_000)),
      ['transfer-encoding: chunked'],
      'x'.repeat(300_000) + 'y'.repeat(300_000),
    ],
  ])('may be %s', async (_name, body, lines, received) => {
    const { origin, requests } = await useSwitching(async (peer) => {
      peer.send(await peer.read(5))
      peer.fin()
    })
    const { switched, calls } = send(await useAgent(), origin, how, body())
    const socket = await switched
    expect(calls.at(-1)).toBe('all sent')
    socket.write('hello')
    expect(await text(socket)).toBe('hello')
    expect(framing(requests[0]?.head ?? '')).toEqual(lines)
    expect(requests[0]?.body === received).toBe(true)
  })

  it('is not chunked if its length is declared', async () => {
    const { origin, requests } = await useSwitching()
    const headers = { 'content-length': '11' }
    const { switched } = send(
      await useAgent(),
      origin,
      how,
      Readable.from(pieces('some ', 'stream')),
      headers,
    )
    const socket = await switched
    expect(requests).toHaveLength(1)
    expect(framing(requests[0]?.head ?? '')).toEqual(['content-length: 11'])
    expect(requests[0]?.body).toBe('some stream')
    socket.destroy()
  })

  it('that is shorter than declared fails the request', async () => {
    const { origin } = await useSwitching()
    const headers = { 'content-length': '12' }
    const { switched } = send(await useAgent(), origin, how, pieces('some ', 'stream'), headers)
    await expect(switched).rejects.toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' })
  })

  it("fails the request with its source's error", async () => {
    const server = await useRaw(async (peer) => void (await peer.head()))
    const failing = Readable.from(
      (async function* () {
        yield 'some '
        await new Promise((resolve) => setImmediate(resolve))
        throw new Error('no more')
      })(),
    )
    failing.on('error', () => {})
    const { switched } = send(await useAgent(), server.origin, how, failing)
    await expect(switched).rejects.toThrow('no more')
    await until('its end', () => failing.destroyed)
  })

  it('has no time limit while its source is slow, as in undici', async () => {
    const { origin, requests } = await useSwitching()
    const agent = await useAgent({ headersTimeout: 100 })
    const slow = (async function* () {
      yield 'some '
      await new Promise((resolve) => setTimeout(resolve, 1500))
      yield 'stream'
    })()
    const { switched } = send(agent, origin, how, slow)
    const socket = await switched
    expect(requests[0]?.body).toBe('some stream')
    socket.destroy()
  })
})

// undici mixes them, but by RFC 9110, 7.8, the client must complete its request first.
describe.runIf(agentKind === 'dodici').each(kinds)(
  'a switch before the body of %s has ended',
  (_kind, how, switching) => {
    async function useEarly(): Promise<{ origin: string; peers: Peer[] }> {
      const peers: Peer[] = []
      const server = await useRaw(async (peer) => {
        peers.push(peer)
        await peer.head()
        peer.send(switching)
      })
      return { origin: server.origin, peers }
    }

    it('lets the body go on, and writes to the socket follow it', async () => {
      const { origin, peers } = await useEarly()
      const more = Promise.withResolvers<void>()
      const body = (async function* () {
        yield 'some '
        await more.promise
        yield 'x'.repeat(600_000)
      })()
      const { switched } = send(await useAgent(), origin, how, body)
      const socket = await switched
      socket.write('first ')
      socket.end('last')
      more.resolve()
      await within('the end of the connection', (peers[0] as Peer).ended)
      const sent = (peers[0] as Peer).log
      expect(sent.endsWith('\r\n0\r\n\r\nfirst last')).toBe(true)
      expect(sent).toContain('\r\n\r\n5\r\nsome \r\n')
      socket.destroy()
    })

    it("ends the socket with its source's error", async () => {
      const { origin } = await useEarly()
      const more = Promise.withResolvers<void>()
      const body = (async function* () {
        yield 'some '
        await more.promise
        throw new Error('no more')
      })()
      const { switched } = send(await useAgent(), origin, how, body)
      const socket = await switched
      const failed = once(socket, 'error')
      more.resolve()
      const [error] = (await within('the error', failed)) as [Error]
      expect(error.message).toBe('no more')
    })

    it('stops its source when the socket is destroyed', async () => {
      const { origin } = await useEarly()
      const body = new Readable({ read() {} })
      body.push('some ')
      const { switched } = send(await useAgent(), origin, how, body)
      const socket = await switched
      socket.destroy()
      await until('the source ends', () => body.destroyed)
    })
  },
)

it('a refusal before the body of an upgrade has ended stops its source', async () => {
  const server = await useRaw(async (peer) => {
    await peer.head()
    peer.respond('no', '', '403 Forbidden')
  })
  const body = new Readable({ read() {} })
  body.push('some ')
  const how = { method: 'POST', path: '/', upgrade: 'echo' } as const
  const { switched, calls } = send(await useAgent(), server.origin, how, body)
  await expect(switched).rejects.toThrow('refused')
  expect(calls).toContain('start 403')
  expect(calls).toContain('data no')
  await until('the source ends', () => body.destroyed)
})
