// Whatever a server does, a download that ends well has the object's bytes.
import { expect, it } from 'vitest'
import { download } from '../../lib/bulk.ts'
import { random, seedOf, type Random } from '../support/random.ts'
import {
  sendObject,
  sendPart,
  serveObject,
  someBytes,
  storedObject,
  type ServedRequest,
  type StoredObject,
} from './object-server.ts'

interface Chance {
  readonly draw: Random
  readonly object: StoredObject
  readonly other: StoredObject
}

type Lie = (served: ServedRequest, chance: Chance) => void

/** A 206 of `begin` to `last`, whose body may not be what its head says. */
function sendChunked(
  { response }: ServedRequest,
  { data, etag }: StoredObject,
  begin: number,
  last: number,
  length: number,
): void {
  response.writeHead(206, { etag, 'content-range': `bytes ${begin}-${last}/${data.length}` })
  response.end(data.subarray(begin, begin + length))
}

const lies: Lie[] = [
  ({ response }, { object }) => sendObject(response, object, undefined),
  ({ response }, { other }) => sendObject(response, other, undefined),
  ({ response, range }, { other }) => sendObject(response, other, range),
  ({ response }) => response.writeHead(416).end(),
  ({ response }, { object }) =>
    response.writeHead(416, { 'content-range': `bytes */${object.data.length}` }).end(),
  ({ response }, { draw }) =>
    response.writeHead(draw.pick([500, 502, 503, 429]), { 'retry-after': '0' }).end('SlowDown'),
  ({ response }) => response.socket?.resetAndDestroy(),
  ({ response }) => response.socket?.end(),
  ({ response, range }, { object, draw }) => {
    const begin = draw.below(object.data.length)
    sendObject(response, object, { begin, last: range?.last ?? begin })
  },
  ({ response, range }, { object, draw }) => {
    const text = draw.pick([
      '',
      'bytes',
      'bytes 5-4/9',
      'bytes 0-1/*',
      'lines 0-1/9',
      `bytes 0-9/${2 ** 40}`,
    ])
    const bytes = object.data.subarray(range?.begin ?? 0, (range?.last ?? 0) + 1)
    sendPart(response, 206, bytes, { etag: object.etag, 'content-range': text })
  },
  (served, { object, draw }) => {
    const begin = served.range?.begin ?? 0
    const last = Math.min(served.range?.last ?? Infinity, object.data.length - 1)
    sendChunked(served, object, begin, last, draw.below(2 * (last - begin + 2)))
  },
  ({ response, range }, { object, draw }) => {
    const begin = range?.begin ?? 0
    const last = Math.max(begin, (range?.last ?? 0) + draw.below(4000) - 2000)
    sendObject(response, object, { begin, last })
  },
  ({ response, range }, { object, draw }) => {
    const begin = range?.begin ?? 0
    const last = Math.min(range?.last ?? Infinity, object.data.length - 1)
    response.writeHead(range === undefined ? 200 : 206, {
      etag: object.etag,
      'content-length': last - begin + 1,
      ...(range !== undefined && {
        'content-range': `bytes ${begin}-${last}/${object.data.length}`,
      }),
    })
    response.write(object.data.subarray(begin, begin + draw.below(last - begin + 1)), () =>
      draw.chance(0.5) ? response.socket?.end() : response.socket?.resetAndDestroy(),
    )
  },
  ({ response, range }, { object }) =>
    sendPart(response, 206, object.data.subarray(range?.begin, (range?.last ?? 0) + 1), {
      'content-range': `bytes ${range?.begin ?? 0}-${range?.last ?? 0}/${object.data.length}`,
    }),
  ({ response }) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
  ({ response }) => response.writeHead(302, { location: '/elsewhere' }).end(),
]

it('a lying server never gets a wrong byte into a result', async () => {
  const seed = seedOf('downloads from lying servers')
  let whole = 0
  for (let round = 0; round < 60; round++) {
    const draw = random(seed, round)
    const size = draw.below(20_000)
    const object = storedObject(someBytes(size, round))
    const other = storedObject(someBytes(draw.chance(0.5) ? size : draw.below(20_000), round + 128))
    const share = draw.pick([0.05, 0.2, 0.5])
    await using server = await serveObject(object.data, (served) => {
      if (draw.chance(share)) draw.pick(lies)(served, { draw, object, other })
      else served.answer()
    })
    const result = await download(server.url, {
      to: 'buffer',
      rangeSize: 500 + draw.below(4000),
      concurrency: 1 + draw.below(6),
      retries: draw.below(6),
      retryDelay: 0,
      maxRetryDelay: 1,
      ifChanged: draw.pick(['fail', 'restart']),
    }).catch((error: unknown) => error as Error)
    if (result instanceof Error) {
      continue
    }
    whole++
    const served = result.bytes.equals(object.data) || result.bytes.equals(other.data)
    expect(served, `round ${round}`).toBe(true)
    expect(result.size).toBe(result.bytes.length)
  }
  expect(whole).toBeGreaterThan(5)
})
