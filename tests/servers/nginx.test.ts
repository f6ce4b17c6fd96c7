/**
 * nginx limits the requests of a connection and the streams: no request is lost, none is processed twice, and about as
 * many connections are opened as by undici. `DODICI_TEST_FULL=1` sends 20,000 in each case.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { compareLoads, expectNoneLost, startBackend } from '../support/servers/compare-loads.ts'
import type { Backend, Counted } from '../support/servers/compare-loads.ts'
import { startNginx } from '../support/servers/nginx.ts'
import type { Nginx, NginxSite } from '../support/servers/nginx.ts'

const isFull = process.env['DODICI_TEST_FULL'] === '1'
/** A connection for each request takes its time. */
const requestsOf = ({ requests }: Case): number => {
  if (isFull) return 20_000
  return requests === 1 ? 150 : 400
}
const kDeadlineMs = isFull ? 300_000 : 12_000

interface Case {
  readonly name: string
  readonly site: NginxSite
  readonly requests: number
  readonly streams: number
}

const cases: Case[] = [
  ...[1, 10, 100].flatMap((requests) =>
    [1, 10, 128].map((streams) => ({
      name: `HTTP/2, ${requests} requests a connection, ${streams} at a time`,
      site: {
        protocol: 'h2' as const,
        directives: [`keepalive_requests ${requests}`, `http2_max_concurrent_streams ${streams}`],
      },
      requests,
      streams,
    })),
  ),
  ...[1, 10, 100].map((requests) => ({
    name: `HTTP/1.1, ${requests} requests a connection`,
    site: { protocol: 'h1' as const, directives: [`keepalive_requests ${requests}`] },
    requests,
    streams: 1,
  })),
  {
    name: 'HTTPS, 10 requests a connection',
    site: { protocol: 'h1 over TLS', directives: ['keepalive_requests 10'] },
    requests: 10,
    streams: 1,
  },
]

let backend: Backend
let nginx: Nginx
beforeAll(async () => {
  backend = await startBackend()
  nginx = await startNginx(
    cases.map(({ site }) => site),
    backend.port,
  )
})
afterAll(async () => {
  await nginx.stop()
  await backend.close()
})

/** How many connections ours may have opened. */
function mostConnections(
  { site, requests, streams }: Case,
  count: number,
  inFlight: number,
  undici: Counted,
): number {
  const least = Math.ceil(count / requests)
  // Which of many idle connections is used again is each client's own choice; a connection that wears out is replaced.
  // The requests in flight fill this many at a time; a client that connects faster than undici has all of them before
  // the first responses.
  const atOnce = Math.ceil((1.2 * inFlight) / streams)
  if (site.protocol !== 'h2') return Math.max(undici.connections + 1, 2 * least + atOnce)
  if (undici.answered === count) return Math.max(undici.connections + 1, least + atOnce)
  // A client that loses requests needs fewer connections.
  return Math.max(undici.connections + 1, Math.ceil(least * 1.5) + 10, least + atOnce)
}

describe.each(cases.map((each, index) => ({ ...each, index })))('nginx, $name', (each) => {
  it.each([1, 50, 500])(
    'answers each request once, %i in flight',
    async (inFlight) => {
      const count = requestsOf(each)
      const origin = nginx.origins[each.index] as string
      const load = { origin, count, inFlight, deadlineMs: kDeadlineMs }
      const { undici, ours } = await compareLoads({ ...load, server: nginx, backend })
      expect(ours.wrong).toEqual([])
      expect(ours.twice).toEqual([])
      expectNoneLost(ours)
      expect(ours.processed).toBe(count)
      const most = mostConnections(each, count, inFlight, undici)
      expect(ours.connections).toBeLessThanOrEqual(most)
    },
    kDeadlineMs * 3,
  )
})
