/** nginx closes connections by itself: when it is reloaded during traffic, and when they are idle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareLoads, expectNoneLost, startBackend } from '../support/servers/compare-loads.ts'
import type { Backend } from '../support/servers/compare-loads.ts'
import { startNginx } from '../support/servers/nginx.ts'
import type { Nginx, NginxSite } from '../support/servers/nginx.ts'

const kRequests = 1500

const sites: readonly NginxSite[] = [
  { protocol: 'h2', directives: ['http2_max_concurrent_streams 10'] },
  { protocol: 'h2', directives: ['http2_max_concurrent_streams 128'] },
  { protocol: 'h1' },
  { protocol: 'h2', directives: ['keepalive_timeout 20ms'] },
  { protocol: 'h1', directives: ['keepalive_timeout 20ms'] },
]

let backend: Backend
let nginx: Nginx
beforeAll(async () => {
  backend = await startBackend()
  nginx = await startNginx(sites, backend.port)
})
afterAll(async () => {
  await nginx.stop()
  await backend.close()
})

/** The same reloads for each of both. */
async function loadWithReloads(site: number, inFlight: number, options = {}) {
  const onEnd = (ended: number): void => {
    if (ended === 200 || ended === 600 || ended === 1000) nginx.reload()
  }
  const origin = nginx.origins[site] as string
  const load = { origin, count: kRequests, inFlight, onEnd, options }
  const both = await compareLoads({ ...load, server: nginx, backend })
  expect(both.ours.wrong).toEqual([])
  expect(both.ours.twice.filter((request) => request.startsWith('POST'))).toEqual([])
  return both
}

describe('a reload of nginx', () => {
  it.each([
    ['10 streams, 5', 0, 5],
    ['10 streams, 50', 0, 50],
    ['128 streams, 50', 1, 50],
  ])('loses no request of HTTP/2: %s in flight', async (_name, site, inFlight) => {
    const { ours } = await loadWithReloads(site, inFlight)
    expectNoneLost(ours)
    expect(ours.processed).toBe(kRequests)
  })

  it('loses no request of HTTP/2 on one connection', async () => {
    const { ours } = await loadWithReloads(1, 50, { connections: 1 })
    expectNoneLost(ours)
    // One for each set of workers, and no connection that is given up is used on.
    expect(ours.connections).toBeGreaterThanOrEqual(2)
    expect(ours.connections).toBeLessThanOrEqual(5)
  })

  // Over HTTP/1.1 an idle connection is closed silently: a request that is sent at that moment is lost unless it may be
  // repeated.
  it.each([1, 50])('loses no GET of HTTP/1.1, %i in flight', async (inFlight) => {
    const { ours, undici } = await loadWithReloads(2, inFlight)
    const lostGets = Object.keys(ours.lost).filter((why) => why.startsWith('GET'))
    expect(lostGets).toEqual([])
    expect(ours.answered).toBeGreaterThanOrEqual(undici.answered - inFlight)
  })
})

describe('a keepalive_timeout of 20 ms', () => {
  const kPaced = 600

  /** Now and then just as long as connections are kept. */
  async function pacedLoad(site: number, inFlight: number) {
    const origin = nginx.origins[site] as string
    const pauseBefore = (id: number): number => (id % 5 === 0 ? 17 + (id % 6) : 0)
    const load = { origin, count: kPaced, inFlight, pauseBefore }
    const both = await compareLoads({ ...load, server: nginx, backend })
    expect(both.ours.wrong).toEqual([])
    expect(both.ours.twice.filter((request) => request.startsWith('POST'))).toEqual([])
    return both
  }

  it.each([1, 4])('loses no request of HTTP/2, %i in flight', async (inFlight) => {
    const { ours } = await pacedLoad(3, inFlight)
    expectNoneLost(ours)
    expect(ours.processed).toBe(kPaced)
  })

  it.each([1, 4])('loses no GET of HTTP/1.1, %i in flight', async (inFlight) => {
    const { ours, undici } = await pacedLoad(4, inFlight)
    expect(Object.keys(ours.lost).filter((why) => why.startsWith('GET'))).toEqual([])
    // A POST is sent on a connection that is just closing as often as with undici.
    expect(ours.answered).toBeGreaterThanOrEqual(undici.answered - kPaced / 10)
  })
})
