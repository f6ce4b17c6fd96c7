/** dodici/bulk with nginx and Caddy as servers of files: ranges, ETags and limits, over HTTP/1.1, TLS and HTTP/2. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { download, load } from '../../lib/bulk.ts'
import { Agent } from '../../lib/index.ts'
import { someBytes } from '../bulk/object-server.ts'
import { certificates } from '../support/certificates.ts'
import { startCaddy } from '../support/servers/caddy.ts'
import type { Caddy, CaddySite } from '../support/servers/caddy.ts'
import { startNginx } from '../support/servers/nginx.ts'
import type { Nginx, NginxSite } from '../support/servers/nginx.ts'

const kSize = 5_000_000
const kFiles = 200
const data = someBytes(kSize)
const folder = mkdtempSync(join(tmpdir(), 'dodici-files-'))
const root = `root ${folder}`

const sites: readonly NginxSite[] = [
  { protocol: 'h1', directives: [root] },
  { protocol: 'h1 over TLS', directives: [root] },
  { protocol: 'h2', directives: [root] },
  { protocol: 'h1', directives: [root, 'keepalive_requests 2'] },
  { protocol: 'h2', directives: [root, 'keepalive_requests 2'] },
  { protocol: 'h2', directives: [root, 'http2_max_concurrent_streams 2'] },
  { protocol: 'h1', directives: [root, 'max_ranges 0'] },
  { protocol: 'h1', directives: [root, 'etag off'] },
]

const caddySites: readonly CaddySite[] = [
  { protocol: 'h1', root: folder },
  { protocol: 'h1 over TLS', root: folder },
  { protocol: 'h2', root: folder },
]

let nginx: Nginx
let caddy: Caddy
beforeAll(async () => {
  chmodSync(folder, 0o755) // nginx reads it as another user
  writeFileSync(join(folder, 'large'), data)
  for (let n = 0; n < kFiles; n += 1) {
    writeFileSync(join(folder, `small-${n}`), someBytes(1000 + n, n))
  }
  nginx = await startNginx(sites, 1)
  caddy = await startCaddy(caddySites, 1)
})
afterAll(async () => {
  await nginx.stop()
  await caddy.stop()
  rmSync(folder, { recursive: true })
})

const named = [
  ...sites.map(({ protocol, directives = [] }, site) => ({
    name: ['nginx', protocol, ...directives.slice(1)].join(', '),
    origin: () => nginx.origins[site] as string,
    ranges: directives.includes('max_ranges 0') ? 1 : 17,
  })),
  ...caddySites.map(({ protocol }, site) => ({
    name: `Caddy, ${protocol}`,
    origin: () => caddy.origins[site] as string,
    ranges: 17,
  })),
]

describe.each(named)('$name', ({ name, origin, ranges }) => {
  it('gives the object, byte for byte', async () => {
    await using dispatcher = new Agent({ connect: { ca: certificates().ca } })
    const url = `${origin()}/large`
    const options = { dispatcher, rangeSize: 300_000, concurrency: 6 }
    const { bytes, size } = await download(url, { ...options, to: 'buffer' })
    expect(size).toBe(kSize)
    expect(bytes.equals(data)).toBe(true)
    const path = join(folder, `copy of ${name.replaceAll(' ', '-')}`)
    const result = await download(url, { ...options, to: path })
    expect(readFileSync(path).equals(data)).toBe(true)
    expect(result.ranges).toBe(ranges)
  })

  it('gives many files', async () => {
    await using dispatcher = new Agent({ connect: { ca: certificates().ca } })
    const urls = Array.from({ length: kFiles }, (_, n) => `${origin()}/small-${n}`)
    let n = 0
    for await (const { body, index } of load(urls, { dispatcher, concurrency: 16 })) {
      expect(index).toBe(n)
      expect(body.equals(someBytes(1000 + n, n))).toBe(true)
      n += 1
    }
    expect(n).toBe(kFiles)
  })
})
