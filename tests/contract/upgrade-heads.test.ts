/** Responses to an upgrade or a CONNECT: which ones switch, which do not, and what comes before them. */
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { errors } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { within } from '../support/wait.ts'

const kinds = {
  upgrade: { method: 'GET', path: '/', upgrade: 'echo' },
  'upgrade of HEAD': { method: 'HEAD', path: '/', upgrade: 'echo' },
  CONNECT: { method: 'CONNECT', path: 'a.test:80' },
  GET: { method: 'GET', path: '/' },
} as const

const named = 'connection: upgrade\r\nupgrade: echo\r\n'

/** The handler's calls, one per line, and the bytes of the socket. */
async function answer(kind: keyof typeof kinds, bytes: string): Promise<string[]> {
  const server = await useRaw(async (peer) => {
    await peer.head()
    peer.send(bytes)
    peer.fin()
  })
  const agent = await useAgent()
  const calls: string[] = []
  const { promise, resolve } = Promise.withResolvers<Duplex | null>()
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => {},
    onResponseStart: (_controller, status, headers) => {
      calls.push(`start ${status} ${JSON.stringify(headers)}`)
      if (status === 101) throw new errors.SocketError('bad upgrade')
    },
    onResponseData: (_controller, chunk) => void calls.push(`data ${String(chunk)}`),
    onResponseEnd: () => {
      calls.push('end')
      resolve(null)
    },
    onResponseError: (_controller, error) => {
      calls.push(`${error.name} ${error.message}`)
      resolve(null)
    },
    onRequestUpgrade: (_controller, status, _headers, socket) => {
      calls.push(`switch ${status}`)
      resolve(socket)
    },
  }
  agent.dispatch({ origin: server.origin, ...kinds[kind] }, handler)
  const socket = await within('an answer', promise)
  if (socket !== null) calls.push(await text(socket))
  // undici delivers a wrong 101 as an informational head before it fails.
  return calls.filter((call) => !call.startsWith('start 101'))
}

const bad = ['SocketError bad upgrade']

describe('a 101', () => {
  it.each([
    ['as it should be', named],
    ['in capitals', 'CONNECTION: UPGRADE\r\nUPGRADE: ECHO\r\n'],
    ['with a list', 'connection: keep-alive, Upgrade\r\nupgrade: a, b\r\n'],
    ['with a list the other way round', 'connection: Upgrade,keep-alive\r\nupgrade: a\r\n'],
    ['with two headers', 'connection: keep-alive\r\nconnection: upgrade\r\nupgrade: a\r\n'],
    ['to another protocol', 'connection: upgrade\r\nupgrade: other\r\n'],
    ['with a length', `${named}content-length: 3\r\n`],
  ])('switches: %s', async (_name, lines) => {
    const head = `HTTP/1.1 101 Go\r\n${lines}\r\n`
    expect(await answer('upgrade', `${head}rest`)).toEqual(['switch 101', 'rest'])
    expect(await answer('upgrade of HEAD', `${head}rest`)).toEqual(['switch 101', 'rest'])
    // It asked for no protocol.
    expect(await answer('CONNECT', `${head}rest`)).toEqual(bad)
    expect(await answer('GET', `${head}rest`)).toEqual(bad)
  })

  it.each([
    ['no headers', ''],
    ['no upgrade', 'connection: upgrade\r\n'],
    ['no connection', 'upgrade: echo\r\n'],
    ['an empty upgrade', 'connection: upgrade\r\nupgrade: \r\n'],
    ['another connection', 'connection: close\r\nupgrade: echo\r\n'],
    ['a longer word', 'connection: upgraded\r\nupgrade: echo\r\n'],
  ])('does not switch with %s', async (_name, lines) => {
    const head = `HTTP/1.1 101 Go\r\n${lines}\r\n`
    const behind = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'
    expect(await answer('upgrade', head + behind)).toEqual(bad)
    expect(await answer('upgrade of HEAD', head + behind)).toEqual(bad)
    expect(await answer('CONNECT', head + behind)).toEqual(['switch 101', behind])
  })
})

describe('informational heads before the answer', () => {
  const early = (link: string): string => `HTTP/1.1 103 Early Hints\r\nlink: ${link}\r\n\r\n`
  const told = (link: string): string => `start 103 {"link":"${link}"}`

  it('are all delivered', async () => {
    const switching = `HTTP/1.1 101 Go\r\n${named}\r\nrest`
    const calls = await answer('upgrade', early('a') + early('b') + switching)
    expect(calls).toEqual([told('a'), told('b'), 'switch 101', 'rest'])
  })

  it('are delivered before a refusal', async () => {
    const refusal = 'HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno'
    const calls = await answer('upgrade', early('a') + refusal)
    expect(calls).toEqual([told('a'), 'start 404 {"content-length":"2"}', 'data no', 'end'])
  })

  it('make upgrade() fail, as in undici', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.send(`${early('a')}HTTP/1.1 101 Go\r\n${named}\r\n`)
    })
    const agent = await useAgent()
    const options = { origin: server.origin, path: '/', protocol: 'echo' }
    await expect(agent.upgrade(options)).rejects.toThrow('bad upgrade')
  })

  // undici treats the first of them as the response.
  it.runIf(agentKind === 'dodici')(
    'are none of CONNECT, which has no method for them',
    async () => {
      const calls = await answer('CONNECT', `${early('a')}HTTP/1.1 200 OK\r\n\r\nrest`)
      expect(calls).toEqual(['switch 200', 'rest'])
    },
  )

  it.runIf(agentKind === 'dodici')('without end are too much', async () => {
    const calls = await answer('upgrade', early('a').repeat(20_000))
    expect(calls.at(-1)).toContain('HeadersOverflowError')
  })
})
