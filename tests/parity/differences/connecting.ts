/** Differences of options, look-ups, TLS and errors of connecting. */
import type { LookupOptions } from 'node:dns'
import tls, { type TLSSocket } from 'node:tls'
import type { AgentOptions } from '../../support/agents.ts'
import { certificates } from '../../support/certificates.ts'
import { connecting, counting } from '../../support/connecting.ts'
import { dispatch, exchange } from '../../support/recorder.ts'
import { outcomeOf, using } from '../../support/libraries.ts'
import { tlsMaterial } from '../../support/tls-material.ts'
import { until } from '../../support/wait.ts'
import { normalValue, type Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { libraryOf } from './support.ts'

type Connect = Extract<AgentOptions['connect'], object>
type Callback = (error: unknown, found?: unknown, family?: unknown) => void

/** The result of an agent with these options: an error of the constructor, of its first request, or none. */
async function fate(stage: Stage, options: Record<string, unknown>): Promise<Normal> {
  let agent
  try {
    agent = await stage.agent(options)
  } catch (error) {
    return ['constructor', (error as Error).name, (error as { code?: string }).code ?? null]
  }
  const server = await stage.http1((_request, response) => void response.end('ok'))
  const { error, text } = await exchange(agent, { origin: server.origin })
  return error ? ['request', error.name, error.code ?? null] : ['answer', text]
}

function option(
  row: string,
  name: string,
  options: Record<string, unknown>,
  undici: Normal,
  dodici: Normal,
): Difference {
  return { row, name, play: (stage) => fate(stage, options), undici, dodici }
}

const invalidConnect = 'invalid `servername`, `lookup` or `socketPath` in `connect`'
const ok = ['answer', 'ok']
const invalid = ['constructor', 'InvalidArgumentError', 'UND_ERR_INVALID_ARG']
const unsupported = ['constructor', 'NotSupportedError', 'UND_ERR_NOT_SUPPORTED']

/** How often a connect function that fails twice with `code` is called for one request. */
async function callsOfFailing(stage: Stage, code: string): Promise<Normal> {
  const { connect, asked } = connecting((_to, callback, index) => {
    if (index < 2) setImmediate(callback, Object.assign(new Error('mine'), { code }), null)
  })
  const recorder = dispatch(await stage.agent({ connect }), { origin: 'http://a.test' })
  await until('it goes no further', () => recorder.error !== undefined || asked.length > 2)
  return asked.length
}

async function renegotiated(stage: Stage): Promise<Normal> {
  const server = await stage.tls({
    protocols: 'h1',
    onRequest: (request, response) => {
      const socket = request.socket as TLSSocket
      socket.renegotiate({}, (error) => response.end(error ? 'refused' : 'renegotiated'))
    },
  })
  const agent = await stage.agent({ connect: { maxVersion: 'TLSv1.2' } })
  return (await exchange(agent, { origin: server.origin })).text
}

async function refusedClient(stage: Stage): Promise<Normal> {
  const server = await stage.tls({
    server: { ca: tlsMaterial().ca, requestCert: true, rejectUnauthorized: true },
  })
  const agent = await stage.agent({ allowH2: false })
  const { error } = await exchange(agent, { origin: server.origin })
  return (normalValue(error) as { code: string }).code
}

export const connectingDifferences: readonly Difference[] = [
  {
    row: 'a `connect` function together with `proxy`',
    name: 'an Agent',
    play: (stage) => fate(stage, { connect: counting().connect, proxy: 'http://localhost:1' }),
    undici: ok,
    dodici: unsupported,
  },
  {
    row: "`proxy: 'env'` together with options of `connect`",
    name: 'checkServerIdentity',
    play: async (stage) => {
      const before = process.env['https_proxy']
      process.env['https_proxy'] = 'http://localhost:1'
      try {
        return await fate(stage, { proxy: 'env', connect: { checkServerIdentity() {} } })
      } finally {
        if (before === undefined) delete process.env['https_proxy']
        else process.env['https_proxy'] = before
      }
    },
    undici: ok,
    dodici: unsupported,
  },
  {
    row: '- A `connect` function, and options of `tls.connect()`',
    name: 'how often it is called when it fails',
    play: (stage) => callsOfFailing(stage, 'UND_ERR_INFO'),
    undici: 3,
    dodici: 1,
  },
  {
    row: '- A `connect` function, and options of `tls.connect()`',
    name: 'calls within the dispatch',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => void response.end('ok'))
      const { connect, asked } = counting()
      const agent = await stage.agent({ connect })
      const recorder = dispatch(agent, { origin: server.origin })
      const calls = asked.length
      await recorder.done
      return calls
    },
    undici: 1,
    dodici: 0,
  },
  option(
    'invalid Agent options',
    'maxHeaderSize',
    { maxHeaderSize: 'much' },
    ['request', 'InvalidArgumentError', 'UND_ERR_INVALID_ARG'],
    invalid,
  ),
  option('`connectTimeout` that is not a time', 'it', { connectTimeout: 'much' }, ok, invalid),
  option('`connectTimeout` that is not a time', 'webSocket', { webSocket: 5 }, ok, invalid),
  option('`connectTimeout` that is not a time', 'eventSource', { eventSource: 5 }, ok, invalid),
  {
    row: '`connectTimeout` that is not a time',
    name: 'options',
    play: async (stage) => {
      const { Agent } = await libraryOf(stage)
      return outcomeOf(() => using(new Agent('much' as never))) as Normal
    },
    undici: 'made',
    dodici: {
      name: 'InvalidArgumentError',
      code: 'UND_ERR_INVALID_ARG',
      message: 'options must be an object',
    },
  },
  option(invalidConnect, 'lookup', { connect: { lookup: 5 } }, ok, [
    'constructor',
    'TypeError',
    'ERR_INVALID_ARG_TYPE',
  ]),
  option(
    invalidConnect,
    'socketPath',
    { connect: { socketPath: 5 } },
    ['request', 'TypeError', 'ERR_INVALID_ARG_TYPE'],
    invalid,
  ),
  option(invalidConnect, 'servername', { connect: { servername: 5 } }, ok, invalid),
  option(
    '`servername` that is neither a host name nor an IP address',
    'in connect',
    { connect: { servername: 'a b' } },
    ok,
    invalid,
  ),
  {
    row: '`connect.localAddress`, also in `proxyTls`',
    name: 'of an Agent',
    play: async (stage) => {
      const peers: Normal[] = []
      const server = await stage.http1((request, response) => {
        peers.push(request.socket.remoteAddress ?? null)
        response.end()
      })
      const agent = await stage.agent({ connect: { localAddress: '127.0.0.3' } as Connect })
      await exchange(agent, { origin: server.origin })
      return peers
    },
    undici: ['127.0.0.1'],
    dodici: ['127.0.0.3'],
  },
  {
    row: "`dns.lookup()` and Node's defaults of TLS are read when a connection is about to be made",
    name: 'lookup',
    play: async (stage) => {
      let asked = 0
      const lookup = (_host: string, _options: LookupOptions, callback: Callback): void => {
        asked++
        setImmediate(callback, new Error('enough'))
      }
      const agent = await stage.agent({ connect: { lookup } as Connect })
      const done = exchange(agent, { origin: 'http://any.test' })
      const askedInside = asked
      await done
      return [askedInside, asked]
    },
    undici: [1, 1],
    dodici: [0, 1],
  },
  {
    row: 'a server of TLS 1.2 that asks for a second handshake',
    name: 'of a client without a certificate',
    play: renegotiated,
    undici: 'renegotiated',
    dodici: '',
  },
  {
    row: 'A certificate error for a wrong name carries `reason`, `host` and of `cert` the names only',
    name: 'over TLS 1.3',
    play: async (stage) => {
      const server = await stage.tls({ pair: certificates().wrongHost })
      const agent = await stage.agent()
      const { error } = await exchange(agent, { origin: server.origin })
      const { cert } = error as unknown as { cert: object }
      return ['subject', 'subjectaltname', 'issuer', 'raw'].filter((name) => name in cert)
    },
    undici: ['subject', 'subjectaltname', 'issuer', 'raw'],
    dodici: ['subject', 'subjectaltname'],
  },
  {
    row: 'a function of the program in the place of `tls.checkServerIdentity`',
    name: 'that refuses',
    play: async (stage) => {
      const server = await stage.tls({ onRequest: (_request, response) => void response.end('ok') })
      const agent = await stage.agent()
      const before = tls.checkServerIdentity
      tls.checkServerIdentity = () => Object.assign(new Error('not this one'), { code: 'MINE' })
      try {
        const { error, text } = await exchange(agent, { origin: server.origin })
        tls.checkServerIdentity = before
        return [error?.code ?? text, (await exchange(agent, { origin: server.origin })).text]
      } finally {
        tls.checkServerIdentity = before
      }
    },
    undici: ['MINE', 'ok'],
    dodici: ['UND_ERR_NOT_SUPPORTED', 'ok'],
  },
  {
    row: "A TLS 1.3 server that refuses the client's certificate",
    name: 'over HTTP/1.1',
    play: refusedClient,
    undici: 'UND_ERR_SOCKET',
    dodici: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  },
]
