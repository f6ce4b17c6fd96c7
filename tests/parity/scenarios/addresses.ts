/** Where connections come from and go to: sockets, addresses, look-ups. */
import type { LookupOptions } from 'node:dns'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AgentOptions } from '../../support/agents.ts'
import { certificates } from '../../support/certificates.ts'
import { exchange } from '../../support/recorder.ts'
import { maskPorts, seen } from '../normalize.ts'
import type { Normal } from '../normalize.ts'
import type { Scenario, Stage } from '../scenario.ts'

type Connect = Extract<AgentOptions['connect'], object>
type Callback = (error: unknown, found?: unknown, family?: unknown) => void
type Lookup = (host: string, options: LookupOptions, callback: Callback) => void

/** A request to a host that only the options connect to the server, and what the server saw. */
function reaching(name: string, host: string, options: () => AgentOptions): Scenario {
  return {
    no: 93,
    name,
    play: async (stage) => {
      const peers: Normal[] = []
      const server = await stage.http1((request, response) => {
        peers.push([request.socket.remoteAddress ?? null, maskPorts(String(request.headers.host))])
        response.end('ok')
      })
      const agent = await stage.agent(options())
      const recorder = await exchange(agent, { origin: `http://${host}:${server.port}` })
      return { outcome: seen(recorder, { withoutRaw: true }) as unknown as Normal, peers }
    },
  }
}

const lookup = (error: unknown, found?: unknown, family?: unknown): Lookup => {
  return (_host, _options, callback) => setImmediate(() => callback(error, found, family))
}

function looking(name: string, found: Lookup, connect: object = {}): Scenario {
  return reaching(`lookup: ${name}`, 'any.test', () => ({
    connect: { lookup: found, ...connect } as Connect,
  }))
}

const one = { address: '127.0.0.1', family: 4 }

async function onUnixSocket(stage: Stage, isTls: boolean, options: AgentOptions): Promise<Normal> {
  const dir = mkdtempSync(join(tmpdir(), 'dodici-parity-'))
  const path = join(dir, 'socket')
  const hosts: Normal[] = []
  const handler: Parameters<typeof createHttpServer>[1] = (request, response) => {
    hosts.push(request.headers.host ?? null)
    response.end('ok')
  }
  const server = isTls
    ? createHttpsServer({ ...certificates().good }, handler)
    : createHttpServer(handler)
  try {
    await new Promise<void>((resolve) => {
      server.listen(path, resolve)
    })
    const agent = await stage.agent({
      ...options,
      ...(options.connect ? { connect: { socketPath: path } as Connect } : { socketPath: path }),
    })
    const outcomes: Normal[] = []
    for (const origin of [
      `http${isTls ? 's' : ''}://localhost`,
      `http${isTls ? 's' : ''}://b.test`,
    ]) {
      const { error, text } = await exchange(agent, { origin })
      outcomes.push(error?.code ?? text)
    }
    return { outcomes, hosts }
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

export const addressScenarios: readonly Scenario[] = [
  looking('all', lookup(null, [one])),
  looking('two, one of no kind', lookup(null, [{ address: 'x', family: 4 }, one])),
  looking('a family of no kind', lookup(null, [{ address: '127.0.0.1', family: 5 }])),
  looking('nonsense', lookup(null, [{ address: 'x', family: 4 }])),
  looking('one instead of all', lookup(null, '127.0.0.1', 4)),
  looking('one', lookup(null, '127.0.0.1', 4), { autoSelectFamily: false }),
  looking('one of no kind', lookup(null, 'x', 4), { autoSelectFamily: false }),
  looking('one with a family of no kind', lookup(null, '127.0.0.1', 7), {
    autoSelectFamily: false,
  }),
  looking('one that refuses', lookup(null, '127.0.0.9', 4), { autoSelectFamily: false }),
  looking('an error', lookup(new Error('not here'))),
  looking('a system error', lookup(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))),
  looking('family 4', lookup(null, '127.0.0.1', 4), { family: 4 }),
  looking('family 6', lookup(null, '::ffff:127.0.0.1', 6), { family: 6 }),
  {
    no: 93,
    name: 'lookup: its arguments',
    play: async (stage) => {
      const asked: Normal[] = []
      for (const connect of [{}, { family: 4 }, { hints: 0 }, { autoSelectFamily: false }]) {
        const agent = await stage.agent({
          connect: {
            ...connect,
            lookup: (host: string, { all, family, hints }: LookupOptions, callback: Callback) => {
              asked.push([host, all ?? false, Number(family ?? 0), hints ?? 0])
              setImmediate(callback, new Error('enough'))
            },
          } as Connect,
        })
        await exchange(agent, { origin: 'http://any.test' })
      }
      return asked
    },
  },
  reaching('localAddress', '127.0.0.1', () => ({ localAddress: '127.0.0.3' })),
  reaching('localAddress that is not here', '127.0.0.1', () => ({ localAddress: '192.0.2.1' })),
  {
    no: 93,
    name: 'localPort in use',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => void response.end('ok'))
      const connect = { localPort: server.port } as Connect
      const agent = await stage.agent({ connect, localAddress: '127.0.0.1' })
      return seen(await exchange(agent, { origin: server.origin }))
    },
  },
  reaching('family 4', 'localhost', () => ({ connect: { family: 4 } })),
  reaching('autoSelectFamily: true', 'localhost', () => ({ autoSelectFamily: true })),
  reaching('autoSelectFamily: false', 'localhost', () => ({
    autoSelectFamily: false,
    connect: { family: 4 },
  })),
  reaching('keepAlive: false', '127.0.0.1', () => ({ connect: { keepAlive: false } })),
  {
    no: 93,
    name: 'socketPath',
    play: (stage) => onUnixSocket(stage, false, {}),
  },
  {
    no: 93,
    name: 'socketPath over TLS',
    play: (stage) => onUnixSocket(stage, true, {}),
  },
  {
    no: 93,
    name: 'socketPath where nobody listens',
    play: async (stage) => {
      const agent = await stage.agent({ socketPath: '/nowhere/a socket' })
      const recorder = await exchange(agent, { origin: 'http://a.test' })
      return [seen(recorder), Object.keys(recorder.error ?? {}).toSorted()] as never
    },
  },
  {
    no: 93,
    name: 'connect.socketPath',
    play: (stage) => onUnixSocket(stage, false, { connect: {} }),
  },
]
