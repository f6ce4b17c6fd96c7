/** Sends the same load over undici's Agent and over ours to a server in its own process, which counts the requests. */
import { expect, onTestFailed } from 'vitest'
import { createAgent } from '../agents.ts'
import type { AgentKind, AgentOptions } from '../agents.ts'
import { certificates } from '../certificates.ts'
import { bodyKinds, runLoad } from '../load.ts'
import type { Load, LoadResult } from '../load.ts'
import { bodyOf } from '../protocols.ts'
import { startHttp1 } from './http1.ts'
import type { Http1Server } from './http1.ts'
import type { RealServer } from './processed.ts'

export interface Backend extends Http1Server {
  /** How often each path was processed; path → times. */
  readonly processed: ReadonlyMap<string, number>
}

/** Answers with the path, and counts a request once it has read it completely. */
export async function startBackend(): Promise<Backend> {
  const processed = new Map<string, number>()
  const server = await startHttp1(async (request, response) => {
    const { url = '' } = request
    const { length } = await bodyOf(request)
    processed.set(url, (processed.get(url) ?? 0) + 1)
    response.end(`${url} ${length}`)
  })
  return Object.assign(server, { processed })
}

export interface Counted extends LoadResult {
  /** Connections that the server accepted. */
  readonly connections: number
  /** Requests that the server processed more than once: `POST /path: 2`. */
  readonly twice: readonly string[]
  /** Requests that it processed. */
  readonly processed: number
}

export type LoadPlan = Omit<Load, 'path' | 'kind'> & {
  readonly server: RealServer
  readonly backend: Backend
  readonly options?: AgentOptions
}

const methodOf = (id: number): string =>
  bodyKinds[id % bodyKinds.length] === 'none' ? 'GET' : 'POST'

let runs = 0

export async function countedLoad(kind: AgentKind, plan: LoadPlan): Promise<Counted> {
  const { server, backend } = plan
  const run = `${kind}-${(runs += 1)}`
  const before = await server.accepted()
  const connect = { ca: certificates().ca }
  const agent = await createAgent({ allowH2: true, connect, ...plan.options }, kind)
  const result = await runLoad(agent, {
    ...plan,
    path: (id) => `/${id % 3 === 0 ? 'proxied' : 'direct'}/${run}/${id}`,
  })
  await (result.answered === plan.count ? agent.close() : agent.destroy())
  const times = new Map<string, number>()
  for (const { path, status } of await server.newLines()) {
    // The others were refused, or their connection ended before the response.
    if (status === 200) times.set(path, (times.get(path) ?? 0) + 1)
  }
  for (const [path, count] of backend.processed) {
    if (path.includes(run)) times.set(path, Math.max(count, times.get(path) ?? 0))
  }
  return {
    ...result,
    connections: (await server.accepted()) - before,
    processed: times.size,
    twice: [...times]
      .filter(([, count]) => count > 1)
      .map(([path, count]) => `${methodOf(Number(path.split('/').at(-1)))} ${path}: ${count}`),
  }
}

/**
 * undici comes first, on the same server. Prints both results if the test fails, or always with
 * `DODICI_TEST_VERBOSE=1`.
 */
export async function compareLoads(plan: LoadPlan): Promise<{ undici: Counted; ours: Counted }> {
  const undici = await countedLoad('undici', plan)
  const ours = await countedLoad('dodici', plan)
  const words = `undici: ${sentence(undici)}\nours: ${sentence(ours)}\n`
  if (process.env['DODICI_TEST_VERBOSE'] === '1') console.log(words)
  else onTestFailed(() => console.log(words))
  return { undici, ours }
}

/**
 * Expects that no request was lost, except stream bodies, which cannot be sent again after a server has refused them.
 * The others are checked first, so that a failure shows which kind it was.
 */
export function expectNoneLost({ lost }: Counted): void {
  const others = Object.entries(lost).filter(([why]) => !why.startsWith('POST stream'))
  expect(Object.fromEntries(others)).toEqual({})
  expect(lost).toEqual({})
}

const sentence = ({ answered, lost, twice, connections, ms }: Counted): string =>
  [
    `${answered} answered on ${connections} connections in ${ms} ms`,
    ...(twice.length > 0 ? [`${twice.length} processed twice`] : []),
    ...Object.entries(lost).map(([why, count]) => `lost ${count}: ${why}`),
  ].join('\n  ')
