/** Thousands of hosts, 127.x.y.z on one port: each keeps its own connection, and only gets its own requests. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { useAgent, useHttp1 } from '../support/fixtures.ts'
import { random, seedOf } from '../support/random.ts'
import { exchange } from '../support/recorder.ts'
import { turns, until } from '../support/wait.ts'

const kHosts = 5000
const kInFlight = 100

/** As many as this process may have connections to itself at a time: two descriptors each. */
function mostAtATime(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  const soft = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 1024)
  return Math.min(kHosts, Math.floor((soft - 400) / 2))
}

const hostOf = (index: number): string =>
  `127.${1 + (index % 7)}.${index >> 8}.${1 + ((index & 0xff) % 254)}`

it(`${kHosts} hosts each have their own connections, which are kept, and the end of each is reported`, async () => {
  const seed = seedOf('hosts')
  const asked = new Map<string, string>()
  const ports = new Map<number, number>()
  const server = await useHttp1(
    (request, response) => {
      const { localAddress = '', remotePort = 0 } = request.socket
      ports.set(remotePort, (ports.get(remotePort) ?? 0) + 1)
      asked.set(`${localAddress}${request.url ?? ''}`, request.headers.host ?? '')
      request.resume().on('end', () => response.end(`${localAddress}${request.url ?? ''}`))
    },
    { host: '0.0.0.0' },
  )
  const step = mostAtATime()
  for (let from = 0; from < kHosts; from += step) {
    const hosts = [...new Set(range(from, Math.min(from + step, kHosts)).map(hostOf))]
    // One loop: a second one helps the first when that is busy, on connections of its own.
    const times = { keepAliveTimeout: 600_000, keepAliveMaxTimeout: 600_000 }
    const agent = await useAgent({ ...times, loopThreads: 1 })
    const events = { connect: 0, disconnect: 0, connectionError: 0 }
    agent.on('connect', () => (events.connect += 1))
    agent.on('disconnect', () => (events.disconnect += 1))
    agent.on('connectionError', () => (events.connectionError += 1))
    const before = server.accepted
    const draws = random(seed, 5, from)
    for (const round of [0, 1, 2]) {
      const wrong = await askAll(shuffled(hosts, draws.below), async (host) => {
        const path = `/${round}/${draws.below(1000)}`
        const origin = `http://${host}:${server.port}`
        const body = draws.chance(0.5) ? { method: 'POST', body: 'x'.repeat(100) } : {}
        const { text, error } = await exchange(agent, { origin, path, ...body })
        const isRight = text === host + path && asked.get(host + path) === `${host}:${server.port}`
        return isRight ? undefined : `${host} ${path} was answered '${text}', ${String(error)}`
      })
      expect(wrong).toEqual([])
      expect(server.accepted - before).toBe(hosts.length)
      // A host that is asked again at once may have to wait for its last request.
      await turns(20)
    }
    expect(events).toEqual({ connect: hosts.length, disconnect: 0, connectionError: 0 })
    await agent.close()
    await until('the server sees no connection', () => server.sockets.size === 0)
    expect(events).toEqual({ connect: hosts.length, disconnect: hosts.length, connectionError: 0 })
  }
  console.log(`${step} at a time; ${ports.size} local ports for ${server.accepted} connections`)
}, 120_000)

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_value, n) => from + n)

function shuffled<T>(items: readonly T[], below: (limit: number) => number): T[] {
  const keyed = items.map((item) => [below(2 ** 30), item] as const)
  return keyed.sort(([a], [b]) => a - b).map(([, item]) => item)
}

/** So many at a time; what `ask` says of those that are wrong, twenty at most. */
async function askAll(
  hosts: readonly string[],
  ask: (host: string) => Promise<string | undefined>,
): Promise<string[]> {
  const wrong: string[] = []
  const left = hosts.values()
  const worker = async (): Promise<void> => {
    for (const host of left) {
      const complaint = await ask(host)
      if (complaint !== undefined && wrong.length < 20) wrong.push(complaint)
    }
  }
  await Promise.all(Array.from({ length: kInFlight }, worker))
  return wrong
}
