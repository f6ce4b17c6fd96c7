/** Hosts are looked up as by `net.connect()`: with the current `dns.lookup()`, in Node's order. */
import dns from 'node:dns'
import type { LookupOptions } from 'node:dns'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Dispatcher } from 'undici'
import type { AgentOptions } from '../../support/agents.ts'
import { exchange } from '../../support/recorder.ts'
import { maskPorts, normalValue, seen } from '../normalize.ts'
import type { Normal } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'
import { until } from '../../support/wait.ts'

type Connect = Extract<AgentOptions['connect'], object>
type Callback = (error: unknown, found?: unknown, family?: unknown) => void

const familyOf = (address: string): number => (address.includes(':') ? 6 : 4)

function lookupOf(...addresses: string[]): (host: string, o: LookupOptions, c: Callback) => void {
  return (_host, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: familyOf(address) }))
    setImmediate(() => {
      if (all) callback(null, found)
      else callback(null, found[0]?.address, found[0]?.family)
    })
  }
}

// undici's type of an Agent's options leaves the origin out.
function upgradeOf(agent: Dispatcher, options: object): Promise<Dispatcher.UpgradeData> {
  return agent.upgrade(options as Dispatcher.UpgradeOptions)
}

/** Replaces `dns.lookup` while `play` runs, as packages that cache look-ups do. */
async function withLookup<T>(
  lookup: (host: string, options: LookupOptions, callback: Callback) => void,
  play: () => Promise<T>,
): Promise<T> {
  const before = dns.lookup
  dns.lookup = lookup as typeof dns.lookup
  try {
    return await play()
  } finally {
    dns.lookup = before
  }
}

async function listenAt(address: string, port: number): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { connection: 'close' }).end(address)
  })
  server.listen(port, address)
  await once(server, 'listening')
  return server
}

const portOf = (server: Server | undefined): number =>
  (server?.address() as AddressInfo | undefined)?.port ?? 0

/** Plays with servers on one port at each of these addresses, which answer with the address. */
async function servingAt<T>(
  addresses: readonly string[],
  play: (port: number) => Promise<T>,
): Promise<T> {
  for (;;) {
    const servers: Server[] = []
    try {
      for (const address of addresses) servers.push(await listenAt(address, portOf(servers[0])))
      return await play(portOf(servers[0]))
    } catch (error) {
      // Another process may use that port at one of the other addresses.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    } finally {
      for (const server of servers) server.close().closeAllConnections()
    }
  }
}

/** With the errors that an AggregateError is made of. */
function wholeError(error: unknown): Normal {
  const { errors, cause } = (error ?? {}) as { errors?: unknown[]; cause?: unknown }
  return {
    error: normalValue(error),
    own: error instanceof Error ? Object.keys(error).toSorted() : [],
    errors: errors?.map((one) => normalValue(one)) ?? null,
    cause: cause === undefined ? null : wholeError(cause),
  }
}

function refusing(name: string, addresses: string[], connect: object = {}): Scenario {
  return {
    no: 93,
    name: `lookup: all refuse: ${name}`,
    play: async (stage) => {
      const server = await stage.http1(() => {})
      await server.close()
      const agent = await stage.agent({
        connect: { lookup: lookupOf(...addresses), ...connect } as Connect,
      })
      const failures: unknown[] = []
      agent.on('connectionError', (_origin, _targets, error) => failures.push(error))
      const origin = `http://any.test:${server.port}`
      const { error } = await exchange(agent, { origin })
      return [wholeError(error), failures.length, failures[0] === error]
    },
  }
}

function ordered(addresses: string[], connect: object = {}): Scenario {
  return {
    no: 93,
    name: `lookup: the first of ${addresses.join(', ')} is tried first`,
    play: (stage) =>
      servingAt(addresses, async (port) => {
        const agent = await stage.agent({
          connect: { lookup: lookupOf(...addresses), ...connect } as Connect,
        })
        return (await exchange(agent, { origin: `http://any.test:${port}` })).text
      }),
  }
}

export const lookupScenarios: readonly Scenario[] = [
  refusing('two of IPv4', ['127.0.0.2', '127.0.0.3']),
  refusing('IPv4 first', ['127.0.0.2', '::1']),
  refusing('IPv6 first', ['::1', '127.0.0.2', '127.0.0.3', '127.0.0.2']),
  refusing('one', ['127.0.0.2']),
  refusing('one twice', ['127.0.0.2', '127.0.0.2']),
  refusing('autoSelectFamily: false', ['127.0.0.2', '127.0.0.3'], { autoSelectFamily: false }),
  ordered(['127.0.0.1', '::1']),
  ordered(['::1', '127.0.0.1']),
  ordered(['127.0.0.2', '127.0.0.1', '::1']),
  {
    no: 93,
    name: 'dns.lookup that was replaced is asked for each new connection',
    play: (stage) =>
      servingAt(['127.0.0.1', '127.0.0.2'], async (port) => {
        const agent = await stage.agent({})
        const asked: Normal[] = []
        const texts: string[] = []
        for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.1']) {
          const gone = new Promise((resolve) => {
            agent.once('disconnect', resolve)
          })
          const lookup = lookupOf(address)
          await withLookup(
            (host, options, callback) => {
              const { all = false, family = 0, hints = 0 } = options
              asked.push([host, all, Number(family), hints])
              lookup(host, options, callback)
            },
            async () => {
              texts.push((await exchange(agent, { origin: `http://any.test:${port}` })).text)
              await gone
            },
          )
        }
        return { asked, texts }
      }),
  },
  {
    no: 93,
    name: 'a kept connection needs no look-up',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => void response.end('ok'))
      let asked = 0
      const lookup = lookupOf('127.0.0.1')
      const agent = await stage.agent({
        connections: 1,
        connect: {
          lookup: (host: string, options: LookupOptions, callback: Callback) => {
            asked++
            lookup(host, options, callback)
          },
        } as Connect,
      })
      const origin = `http://any.test:${server.port}`
      for (let i = 0; i < 3; i++) await exchange(agent, { origin })
      return asked
    },
  },
  {
    no: 93,
    name: 'each of several connections is looked up',
    play: async (stage) => {
      const waiting: (() => void)[] = []
      const server = await stage.http1((_request, response) => {
        waiting.push(() => response.end('ok'))
      })
      let asked = 0
      const lookup = lookupOf('127.0.0.1')
      const agent = await stage.agent({
        connect: {
          lookup: (host: string, options: LookupOptions, callback: Callback) => {
            asked++
            lookup(host, options, callback)
          },
        } as Connect,
      })
      const origin = `http://any.test:${server.port}`
      const all = [1, 2, 3].map(() => exchange(agent, { origin }))
      await until('all requests to be there', () => waiting.length === 3)
      for (const answer of waiting) answer()
      await Promise.all(all)
      return asked
    },
  },
  {
    no: 93,
    name: 'a further connection is looked up',
    play: async (stage) => {
      const waiting: (() => void)[] = []
      const server = await stage.http1((request, response) => {
        if (request.url === '/wait') waiting.push(() => response.end('waited'))
        else response.end('ok')
      })
      let asked = 0
      const lookup = lookupOf('127.0.0.1')
      const agent = await stage.agent({
        connect: {
          lookup: (host: string, options: LookupOptions, callback: Callback) => {
            asked++
            lookup(host, options, callback)
          },
        } as Connect,
      })
      const origin = `http://any.test:${server.port}`
      const held = exchange(agent, { origin, path: '/wait' })
      await until('the request to be there', () => waiting.length === 1)
      await exchange(agent, { origin })
      waiting[0]?.()
      await held
      return asked
    },
  },
  {
    no: 93,
    name: 'an upgrade is looked up, and reports a failure',
    play: async (stage) => {
      const server = await stage.raw(async (peer) => {
        await peer.head()
        peer.socket.end(
          'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: a\r\n\r\n',
        )
      })
      const asked: string[] = []
      const found = lookupOf('127.0.0.1')
      const agent = await stage.agent({
        connect: {
          lookup: (host: string, options: LookupOptions, callback: Callback) => {
            asked.push(host)
            if (host === 'none.test') setImmediate(callback, new Error('not here'))
            else found(host, options, callback)
          },
        } as Connect,
      })
      const upgrade = async (host: string): Promise<Normal> => {
        const origin = `http://${host}:${server.port}`
        try {
          const { headers, socket } = await upgradeOf(agent, { origin, path: '/', protocol: 'a' })
          socket.on('error', () => {}).destroy()
          return String(headers['upgrade'])
        } catch (error) {
          return normalValue(error)
        }
      }
      return [await upgrade('any.test'), await upgrade('none.test'), asked]
    },
  },
  {
    no: 93,
    name: 'net.setDefaultAutoSelectFamily(false) counts for later connections',
    play: async (stage) => {
      const asked: Normal[] = []
      const agent = await stage.agent({})
      await withLookup(
        (host, { all }, callback) => {
          asked.push([host, all ?? false])
          setImmediate(() => callback(new Error('enough')))
        },
        async () => {
          await exchange(agent, { origin: 'http://any.test' })
          net.setDefaultAutoSelectFamily(false)
          try {
            await exchange(agent, { origin: 'http://any.test' })
          } finally {
            net.setDefaultAutoSelectFamily(true)
          }
          await exchange(agent, { origin: 'http://any.test' })
        },
      )
      return asked
    },
  },
  {
    no: 93,
    name: 'localhost is looked up by dns.lookup',
    play: async (stage) => {
      const server = await stage.http1((_request, response) => void response.end('ok'))
      const agent = await stage.agent({})
      const outcome = await withLookup(lookupOf('127.0.0.7'), async () =>
        seen(await exchange(agent, { origin: `http://localhost:${server.port}` })),
      )
      return JSON.parse(maskPorts(JSON.stringify(outcome))) as Normal
    },
  },
  {
    no: 93,
    name: 'an unknown host',
    play: async (stage) => {
      const agent = await stage.agent({})
      return wholeError((await exchange(agent, { origin: 'http://nowhere.invalid' })).error)
    },
  },
]
