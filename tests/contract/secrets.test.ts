/**
 * Only the intended recipient gets a credential: it is not in an error, a warning, a diagnostics channel of
 * connections, or a printed Agent.
 */
import { Buffer } from 'node:buffer'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { request } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentKind, createAgent } from '../support/agents.ts'
import type { AgentOptions } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { useAgent, useH2Frames, useRaw, useTls } from '../support/fixtures.ts'
import { closing, plainLogin, useProgram, useProxy } from '../support/proxying.ts'
import { startMicrosocks } from '../support/servers/proxies.ts'
import { tlsMaterial } from '../support/tls-material.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const secrets = ['s3cret', base64('u:px-s3cret'), base64('me:url-s3cret')]
const authorization = `Bearer header-s3cret`

function expectNoSecret(shown: unknown): void {
  const text = typeof shown === 'string' ? shown : everything(shown)
  for (const secret of secrets) expect(text).not.toContain(secret)
}

function everything(value: unknown): string {
  const seen = inspect(value, { depth: Infinity, showHidden: true, getters: true })
  return value instanceof Error ? `${seen}\n${value.message}\n${value.stack}` : seen
}

/** Warnings, and the diagnostics channels that are not about requests. */
function watch(): unknown[] {
  const told: unknown[] = []
  const onMessage = (message: unknown): void => void told.push(message)
  const channels = ['beforeConnect', 'connected', 'connectError'].map(
    (name) => `undici:client:${name}`,
  )
  for (const channel of channels) subscribe(channel, onMessage)
  process.on('warning', onMessage)
  onTestFinished(() => {
    for (const channel of channels) unsubscribe(channel, onMessage)
    process.off('warning', onMessage)
  })
  return told
}

interface RequestOptions extends Omit<
  Dispatcher.RequestOptions,
  'origin' | 'path' | 'method' | 'headers'
> {
  path?: string
  method?: string
  upgrade?: string
  headers?: Record<string, string>
}

/** The error of a request with credentials in its URL and headers. */
async function failure(
  dispatcher: Dispatcher,
  origin: string,
  options: RequestOptions = {},
): Promise<unknown> {
  const url = origin.replace('://', '://me:url-s3cret@')
  const headers = { authorization, cookie: 'id=cookie-s3cret', ...options.headers }
  try {
    const { body } = await request(url, { ...options, dispatcher, headers })
    await body.text()
  } catch (error) {
    return error
  }
  throw new Error('the request did not fail')
}

/** A failing server, and the agent to be used with it. */
type Scene = () => Promise<{
  origin: string
  agent?: AgentOptions & { proxy?: unknown }
  request?: RequestOptions | undefined
}>

const raw =
  (answer: string, end: 'fin' | 'reset' | 'stay' = 'fin'): Scene =>
  async () => {
    const { origin } = await useRaw(async (peer) => {
      await peer.head()
      peer.send(answer)
      if (end !== 'stay') peer[end]()
    })
    return { origin, agent: { headersTimeout: 200, bodyTimeout: 200 } }
  }

const closed = 'http://127.0.0.1:1'

const scenes: Record<string, Scene> = {
  'a refused connection': async () => ({ origin: closed }),
  'an unknown host': async () => ({ origin: 'http://nowhere.invalid' }),
  'a close before the answer': raw(''),
  'a reset': raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx', 'reset'),
  'a close in the body': raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'),
  'no answer': raw('', 'stay'),
  'a stalled body': raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx', 'stay'),
  'no HTTP': raw('SSH-2.0\r\n\r\n'),
  'a large head': raw(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`),
  'an echo of the request in the head': async () => {
    const { origin } = await useRaw(async (peer) => {
      const head = await peer.head()
      peer.send(`HTTP/1.1 200 OK\r\n${head.split('\r\n').slice(1, -2).join(' ')}\0\r\n\r\n`)
    })
    return { origin }
  },
  'a certificate that is not trusted': async () => {
    const { origin } = await useTls({ pair: certificates().selfSigned })
    return { origin }
  },
  'a certificate for another host': async () => {
    const { origin } = await useTls({ pair: certificates().wrongHost })
    return { origin }
  },
  'TLS with a server that speaks none': async () => {
    const { origin } = await useRaw((peer) => peer.send('HTTP/1.1 400 Bad Request\r\n\r\n'))
    return { origin: origin.replace('http:', 'https:') }
  },
  'a client certificate that is refused': async () => {
    const { origin } = await useTls({
      server: { ca: tlsMaterial().ca, requestCert: true, rejectUnauthorized: true },
    })
    return { origin }
  },
  'a stream that is reset': async () => {
    const { origin } = await useH2Frames(async (peer) => {
      peer.reset(await peer.request(), 2)
    })
    return { origin, agent: { allowH2: true } }
  },
  'a header that is not allowed': async () => ({
    origin: closed,
    request: { headers: { authorization: `${authorization}\r\nx: y` } },
  }),
  'a path that is not allowed': async () => ({
    origin: closed,
    request: { path: '/\n' },
  }),
  'a wrong length': async () => ({
    origin: closed,
    request: { method: 'POST', body: 'a', headers: { 'content-length': '5' } },
  }),
  'an abort': async () => {
    const { origin } = await useRaw(() => {})
    return { origin, request: { signal: AbortSignal.timeout(50) } }
  },
  'a failed upgrade': async () => ({
    ...(await raw('HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n')()),
    request: { upgrade: 'x' },
  }),
}

describe('no credential is in the error of', () => {
  it.each(Object.entries(scenes))('%s', async (_name, scene) => {
    const told = watch()
    const { origin, agent, request: options } = await scene()
    const dispatcher = await useAgent(agent)
    expectNoSecret(await failure(dispatcher, origin, options))
    // undici reports a connection with its socket, which contains what was written.
    if (agentKind === 'dodici') expectNoSecret(told)
  })
})

// undici's Agent has no such option.
describe.runIf(agentKind === 'dodici')('no credential of a proxy is in the error of', () => {
  const proxied: Record<string, Scene> = {
    'a proxy that is not there': async () => ({
      origin: 'https://a.test',
      agent: { proxy: 'http://u:px-s3cret@127.0.0.1:1' },
    }),
    'a proxy that refuses': async () => {
      const { port } = await useProxy({
        onConnect: (client) => {
          client.end('HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n')
        },
      })
      return { origin: 'https://a.test', agent: { proxy: `http://u:px-s3cret@127.0.0.1:${port}` } }
    },
    'a proxy that closes': async () => {
      const { port } = await useProxy({ onConnect: (client) => client.destroy() })
      const proxy = { uri: `http://127.0.0.1:${port}`, token: 'Bearer px-s3cret' }
      return { origin: 'https://a.test', agent: { proxy } }
    },
    'a proxy whose certificate is not trusted': async () => {
      const { port } = await useProxy({ tls: certificates().selfSigned })
      return { origin: 'https://a.test', agent: { proxy: `https://u:px-s3cret@localhost:${port}` } }
    },
    'a proxy that forwards to nobody': async () => {
      const { port } = await useProxy()
      return { origin: closed, agent: { proxy: `http://u:px-s3cret@127.0.0.1:${port}` } }
    },
    'a SOCKS proxy that refuses the password': async () => {
      const port = await useProgram(startMicrosocks(plainLogin))
      return {
        origin: 'https://a.test',
        agent: { proxy: `socks5://u:px-s3cret@127.0.0.1:${port}` },
      }
    },
    'a header for the proxy that is not allowed': async () => ({
      origin: closed,
      agent: { proxy: { uri: closed, headers: { 'x-key': 'px-s3cret\r\n' } } },
    }),
    'a token for the proxy that is not allowed': async () => ({
      origin: closed,
      agent: { proxy: { uri: closed, token: 'px-s3cret\n' } },
    }),
    'a uri that is none': async () => ({
      origin: closed,
      agent: { proxy: 'http://u:px-s3cret@a b' },
    }),
    'a uri of another protocol': async () => ({
      origin: closed,
      agent: { proxy: 'ftp://u:px-s3cret@a' },
    }),
    'a uri whose password is not well encoded': async () => ({
      origin: closed,
      agent: { proxy: 'http://u:px-s3cret%zz@a' },
    }),
  }

  it.each(Object.entries(proxied))('%s', async (_name, scene) => {
    const told = watch()
    const { origin, agent } = await scene()
    const error = await useAgent(agent).then(
      (dispatcher) => failure(dispatcher, origin),
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(Error)
    expectNoSecret(error)
    expectNoSecret(told)
  })
})

describe.runIf(agentKind === 'dodici')('an Agent', () => {
  it('shows none of its secrets', async () => {
    const agent = closing(
      await createAgent({
        proxy: { uri: 'http://u:px-s3cret@127.0.0.1:1', headers: { 'x-key': 'px-s3cret' } },
        connect: { ...tlsMaterial().client, passphrase: 'key-s3cret' },
      } as AgentOptions),
    )
    await failure(agent, closed)
    expectNoSecret(agent)
    expectNoSecret(JSON.stringify(agent))
  })

  it('whose key cannot be read does not reveal the passphrase', async () => {
    const { cert } = tlsMaterial().client
    const connect = { cert, key: tlsMaterial().encryptedKey, passphrase: 'wrong-s3cret' }
    const { origin } = await useTls()
    const error = await useAgent({ connect }).then(
      (agent) => failure(agent, origin),
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(Error)
    expectNoSecret(error)
  })
})

// It is also where the TLS name comes from.
describe('a host header over TLS', () => {
  it.each([
    'u:s3cret@localhost',
    'u@localhost',
    'localhost/path',
    'localhost?query',
    'localhost#hash',
    '%2Ftmp%2Fa.socket',
    '*',
    'foo:bar',
    'h'.repeat(256),
  ])('of %j is sent unchanged, and does not become anything else', async (host) => {
    const server = await useTls({
      onRequest: ({ headers }, response) => void response.end(JSON.stringify(headers)),
    })
    const agent = await useAgent({ allowH2: false, connect: { rejectUnauthorized: false } })
    const { body } = await request(`${server.origin}/`, { dispatcher: agent, headers: { host } })
    const seen = (await body.json()) as Record<string, string>
    expect(seen['host']).toBe(host)
    expect(seen['authorization']).toBeUndefined()
  })
})
