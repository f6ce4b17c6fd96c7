/** Caddy (Go's server): responses before it has read the body, and connections that it closes when it is reloaded. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCaddy } from '../support/servers/caddy.ts'
import type { Caddy, CaddySite } from '../support/servers/caddy.ts'
import { compareLoads, expectNoneLost, startBackend } from '../support/servers/compare-loads.ts'
import type { Backend } from '../support/servers/compare-loads.ts'

const isFull = process.env['DODICI_TEST_FULL'] === '1'
const kRequests = isFull ? 20_000 : 400
const kDeadlineMs = isFull ? 300_000 : 12_000
const kReloaded = 1500

const sites: readonly CaddySite[] = [
  { protocol: 'h2' },
  { protocol: 'h1' },
  { protocol: 'h1 over TLS' },
]

let backend: Backend
let caddy: Caddy
beforeAll(async () => {
  backend = await startBackend()
  caddy = await startCaddy(sites, backend.port)
})
afterAll(async () => {
  await caddy.stop()
  await backend.close()
})

describe.each(sites.map(({ protocol }, site) => ({ protocol, site })))(
  'Caddy, $protocol',
  ({ protocol, site }) => {
    it.each([1, 50, 500])(
      'answers each request once, %i in flight',
      async (inFlight) => {
        const origin = caddy.origins[site] as string
        const load = { origin, count: kRequests, inFlight, deadlineMs: kDeadlineMs }
        const { undici, ours } = await compareLoads({ ...load, server: caddy, backend })
        expect(ours.wrong).toEqual([])
        expect(ours.twice).toEqual([])
        expectNoneLost(ours)
        expect(ours.processed).toBe(kRequests)
        // undici and we open at most 100 streams on a connection; a client that connects fast has all of them before
        // the first response.
        const most =
          protocol === 'h2'
            ? Math.max(undici.connections + 1, Math.ceil(Math.min(inFlight, kRequests) / 100))
            : Math.min(inFlight, kRequests) + 1
        expect(ours.connections).toBeLessThanOrEqual(most)
      },
      kDeadlineMs * 3,
    )
  },
)

describe('a reload of Caddy', () => {
  /** The same reload for each of both. */
  const loadWithReload = async (site: number, inFlight: number) => {
    let reload = Promise.resolve()
    const onEnd = (ended: number): void => {
      if (ended === 200) reload = reload.then(() => caddy.reload())
    }
    const load = { origin: caddy.origins[site] as string, count: kReloaded, inFlight, onEnd }
    const both = await compareLoads({ ...load, server: caddy, backend })
    await reload
    expect(both.ours.wrong).toEqual([])
    return both
  }

  it.each([1, 50])('loses no request of HTTP/2, %i in flight', async (inFlight) => {
    const { ours } = await loadWithReload(0, inFlight)
    expect(ours.twice).toEqual([])
    expectNoneLost(ours)
    expect(ours.processed).toBe(kReloaded)
  })

  // Go silently closes idle and new connections: a request that is sent at that moment is lost, unless the connection
  // was used before and the request may be repeated.
  it.each(['h1', 'h1 over TLS'])(
    'loses few requests of %s, and repeats no POST',
    async (protocol) => {
      const inFlight = 50
      const site = sites.findIndex((each) => each.protocol === protocol)
      const { ours, undici } = await loadWithReload(site, inFlight)
      expect(ours.twice.filter((request) => request.startsWith('POST'))).toEqual([])
      expect(ours.answered).toBeGreaterThanOrEqual(undici.answered - inFlight)
    },
  )
})
