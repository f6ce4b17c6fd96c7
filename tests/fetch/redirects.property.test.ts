/**
 * For any chain of redirects the servers get the same requests, and the call has the same result, as with undici's
 * fetch.
 */
import { Request } from 'undici'
import { expect, it } from 'vitest'
import { random, seedOf, type Random } from '../support/random.ts'
import { shownError, useOrigins, type Which } from './property.ts'

const kCalls = 150

interface Hop {
  readonly status: number
  /** as it is sent; undefined if there is none */
  readonly location: string | undefined
  /** bytes of the redirect's own body */
  readonly bytes: number
}

interface Call {
  readonly hops: Hop[]
  readonly init: () => Record<string, unknown>
  readonly fragment: string
  readonly isRequest: boolean
}

/** The redirects of the current call, and the requests that the servers got. */
let hops: readonly Hop[] = []
let seen: unknown[] = []

const origins = useOrigins((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('error', () => {})
  request.on('end', () => {
    const { method, url = '', headers } = request
    const { connection: _, ...others } = headers
    const body = Buffer.concat(chunks).toString('latin1')
    seen.push([method, url, Object.entries(others).toSorted(([a], [b]) => (a < b ? -1 : 1)), body])
    const hop = hops[Number(/\d+/.exec(url)?.[0])]
    if (hop === undefined) {
      response.end('there')
      return
    }
    if (hop.location !== undefined) response.setHeader('location', hop.location)
    response.writeHead(hop.status).end('x'.repeat(hop.bytes))
  })
})

function drawLocation(draw: Random, next: number): string | undefined {
  const { base, other } = origins
  const location = draw.pick([
    `/${next}`,
    `/${next}`,
    `${next}`,
    `./${next}?a=b`,
    `../x/../${next}`,
    `?${next}`,
    `${base}/${next}`,
    `${other}/${next}`,
    `${other}/${next}`,
    `${other.replace('http:', '')}/${next}`,
    `${other.replace('http', 'HTTP')}/${next}`,
    `/${next}#new`,
    `${other}/${next}#`,
    `/${next}?\u00e4=%zz`,
    Buffer.from(`/${next}/\u20ac`).toString('latin1'),
    `\\\\${other.replace('http://', '')}\\${next}`,
    draw.chance(0.3) ? base.replace('://', '://user:pass@') + `/${next}` : `/${next}`,
    draw.chance(0.3) ? other.replace('://', '://user@') + `/${next}` : `/${next}`,
    draw.chance(0.3) ? 'data:,x' : `/${next}`,
    draw.chance(0.3) ? 'http://[' : `/${next}`,
    draw.chance(0.3) ? '' : `/${next}`,
    draw.chance(0.3) ? 'http://127.0.0.1:25/' : `/${next}`,
    draw.chance(0.3) ? 'none' : `/${next}`,
  ])
  return location === 'none' ? undefined : location
}

const headerPairs: readonly [string, string][] = [
  ['Authorization', 'Basic x'],
  ['Proxy-Authorization', 'Basic y'],
  ['Cookie', 'a=b'],
  ['Content-Type', 'a/b'],
  ['Content-Language', 'de'],
  ['X-Own', '1'],
  ['Host', 'else.test'],
  ['Range', 'bytes=0-'],
]

function drawCall(draw: Random): Call {
  const length = draw.chance(0.05) ? 19 + draw.below(3) : draw.below(5)
  const isLong = length > 4
  const chain = Array.from({ length }, (_none, i): Hop => ({
    status: draw.pick(isLong ? [302, 307] : [301, 302, 303, 307, 308, 300, 302, 304]),
    location: isLong ? `/${i + 1}` : drawLocation(draw, i + 1),
    bytes: draw.pick([0, 5, 1000, isLong ? 0 : 200_000]),
  }))
  const method = draw.pick(['GET', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE', 'PATCH', 'QUERY'])
  const headers = headerPairs.filter(() => draw.chance(0.3))
  const mayHaveBody = method !== 'GET' && method !== 'HEAD'
  const text = draw.pick(['', 'text', 'x'.repeat(70_000)])
  const kind = mayHaveBody ? draw.below(6) : 0
  const body = (): unknown =>
    [
      () => undefined,
      () => text,
      () => Buffer.from(text),
      () => new Blob([text], { type: 'c/d' }),
      () => new URLSearchParams({ text: text.slice(0, 9) }),
      () => ReadableStream.from([Buffer.from('a stream')]),
    ][kind]?.()
  const redirect = draw.pick(['follow', 'follow', 'follow', 'follow', 'manual', 'error'])
  return {
    hops: chain,
    init: () => ({ method, headers, redirect, body: body(), duplex: 'half' }),
    fragment: draw.pick(['', '#old', '#']),
    isRequest: draw.chance(0.3),
  }
}

async function run(which: Which, call: Call): Promise<unknown> {
  ;({ hops } = call)
  seen = []
  const url = `${origins.base}/0${call.fragment}`
  const request = call.isRequest ? new Request(url, call.init()) : undefined
  const asked =
    request === undefined ? origins.fetch(which, url, call.init()) : origins.fetch(which, request)
  const came = await asked.then(
    async (response) => ({
      status: response.status,
      url: response.url,
      redirected: response.redirected,
      type: response.type,
      headers: [...response.headers].filter(([name]) => name !== 'date'),
      // undici has closed the connection of a redirect that leads nowhere, so its body may break off.
      body: response.status < 400 && response.status >= 300 ? null : await response.text(),
    }),
    shownError,
  )
  return origins.normal([came, seen, request?.bodyUsed])
}

it('any chain of redirects comes to the same as with undici', async () => {
  const seed = seedOf('redirects of fetch()')
  for (let i = 0; i < kCalls; i++) {
    const call = drawCall(random(seed, i))
    const theirs = await run('undici', call)
    const ours = await run('ours', call)
    const { body: _, ...init } = call.init()
    expect({ i, ...call, init, came: ours }).toEqual({ i, ...call, init, came: theirs })
  }
})
