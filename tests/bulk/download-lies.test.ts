// Servers that break, or lie about ranges.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { download, type DownloadOptions } from '../../lib/bulk.ts'
import { newFolder } from './folder.ts'
import {
  sendObject,
  sendPart,
  serveObject,
  someBytes,
  storedObject,
  type ServedRequest,
} from './object-server.ts'

const data = someBytes(40_000)
const other = storedObject(someBytes(40_000, 99))
const quick = { to: 'buffer', rangeSize: 4096, retryDelay: 1, maxRetryDelay: 20 } as const

/** Downloads from a server that does `wrong` for the second range, as often as `times` says. */
async function fromLiar(
  wrong: (served: ServedRequest & { begin: number; last: number }) => void,
  times = 1,
  options: Partial<DownloadOptions> = {},
): Promise<{ bytes: Buffer; retries: number; ranges: (string | undefined)[] }> {
  let left = times
  await using server = await serveObject(data, (served) => {
    if (served.range?.begin === 4096 && left-- > 0) wrong({ ...served, ...served.range })
    else served.answer()
  })
  const { bytes, retries } = await download(server.url, { ...quick, ...options, to: 'buffer' })
  return { bytes, retries, ranges: server.ranges }
}

describe('a server that is wrong once', () => {
  it.each<[string, (served: ServedRequest & { begin: number; last: number }) => void]>([
    [
      'sends the whole object',
      ({ response }) => sendObject(response, storedObject(data), undefined),
    ],
    [
      'sends another range',
      ({ response }) => sendObject(response, storedObject(data), { begin: 0, last: 4095 }),
    ],
    [
      'names no range',
      ({ response, begin, last }) =>
        sendPart(response, 206, data.subarray(begin, last + 1), { etag: storedObject(data).etag }),
    ],
    [
      'names no ETag',
      ({ response, begin, last }) =>
        sendPart(response, 206, data.subarray(begin, last + 1), {
          'content-range': `bytes ${begin}-${last}/${data.length}`,
        }),
    ],
    [
      'says 416',
      ({ response }) =>
        response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end(),
    ],
    ['says 500', ({ response }) => response.writeHead(500).end('no')],
    ['says 429', ({ response }) => response.writeHead(429, { 'retry-after': '0' }).end()],
    ['breaks before the head', ({ response }) => response.socket?.resetAndDestroy()],
  ])('%s', async (_name, wrong) => {
    const { bytes, retries } = await fromLiar(wrong)
    expect(bytes.equals(data)).toBe(true)
    // A request on a kept connection that breaks is repeated by the client.
    expect(retries).toBeLessThanOrEqual(1)
  })

  it('breaks within a range: only the missing part is asked for again', async () => {
    const { bytes, ranges } = await fromLiar(({ response, begin, last }) => {
      response.writeHead(206, {
        etag: storedObject(data).etag,
        'content-range': `bytes ${begin}-${last}/${data.length}`,
        'content-length': last - begin + 1,
      })
      response.write(data.subarray(begin, begin + 1000), () => response.socket?.end())
    })
    expect(bytes.equals(data)).toBe(true)
    expect(ranges).toContain('bytes=5096-8191')
  })

  it('sends less than it says, or more', async () => {
    for (const extra of [-100, 100]) {
      const { bytes } = await fromLiar(({ response, begin, last }) => {
        // Chunked, so that HTTP itself does not tell.
        response.writeHead(206, {
          etag: storedObject(data).etag,
          'content-range': `bytes ${begin}-${last}/${data.length}`,
        })
        response.end(data.subarray(begin, last + 1 + extra))
      })
      expect(bytes.equals(data)).toBe(true)
    }
  })

  it('sends a shorter or a longer range than was asked for', async () => {
    for (const extra of [-3000, 3000]) {
      const { bytes, retries } = await fromLiar(({ response, begin, last }) =>
        sendObject(response, storedObject(data), { begin, last: last + extra }),
      )
      expect(bytes.equals(data)).toBe(true)
      expect(retries).toBe(0)
    }
  })
})

describe('a server that is always wrong', () => {
  it('about ranges is asked for the whole object', async () => {
    const { bytes, ranges } = await fromLiar(
      ({ response }) => sendObject(response, storedObject(data), { begin: 0, last: 9 }),
      Infinity,
      { retries: 1 },
    )
    expect(bytes.equals(data)).toBe(true)
    expect(ranges).toContain(undefined)
  })

  it('and says so fails the download after the retries', async () => {
    let requests = 0
    await using server = await serveObject(data, ({ response }) => {
      requests++
      response.writeHead(503, { 'retry-after': '0' }).end('SlowDown')
    })
    const failing = download(server.url, { ...quick, retries: 2 })
    await expect(failing).rejects.toMatchObject({ name: 'ResponseError', statusCode: 503 })
    expect(requests).toBe(3)
  })

  it.each([404, 403, 204])('with status %i is not asked again', async (status) => {
    await using server = await serveObject(data, ({ response }) => {
      response.writeHead(status).end()
    })
    await expect(download(server.url, quick)).rejects.toMatchObject({ statusCode: status })
    expect(server.requests).toHaveLength(1)
  })

  it('about the content coding is refused', async () => {
    await using server = await serveObject(data, ({ response }) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('')
    })
    await expect(download(server.url, quick)).rejects.toMatchObject({
      code: 'ERR_CONTENT_ENCODING',
    })
  })

  it('by breaking each connection fails with the network’s error', async () => {
    await using server = await serveObject(data, ({ response }) => {
      response.socket?.destroy()
    })
    const failing = download(server.url, { ...quick, retries: 1 })
    await expect(failing).rejects.toMatchObject({ name: 'SocketError', code: 'UND_ERR_SOCKET' })
  })
})

describe('an object that changes', () => {
  async function changing(ifChanged: 'fail' | 'restart'): Promise<Buffer> {
    let changed = false
    await using server = await serveObject(data, ({ response, range }) => {
      changed ||= range?.begin === 8192
      // As the object is another one, the whole of it comes.
      const isMixed = changed && range?.begin !== 0
      const object = changed ? other : storedObject(data)
      sendObject(response, object, isMixed && restarts < 1 ? undefined : range)
      restarts += changed && range?.begin === 0 ? 1 : 0
    })
    let restarts = 0
    return (await download(server.url, { ...quick, ifChanged, concurrency: 1 })).bytes
  }

  it('fails the download', async () => {
    await expect(changing('fail')).rejects.toMatchObject({ code: 'ERR_OBJECT_CHANGED' })
  })

  it('is read again from its start if the option says so', async () => {
    expect((await changing('restart')).equals(other.data)).toBe(true)
  })
})

describe('a server that is busy', () => {
  it('is left alone as long as it says', async () => {
    let refusedAt = 0
    let nextAt = 0
    await using server = await serveObject(data, ({ response, index, answer }) => {
      if (index === 1) {
        refusedAt = performance.now()
        response.writeHead(503, { 'retry-after': '1' }).end('SlowDown')
      } else {
        if (index > 1 && nextAt === 0) nextAt = performance.now()
        answer()
      }
    })
    const result = await download(server.url, { ...quick, concurrency: 1, maxRetryDelay: 5000 })
    expect(result.bytes.equals(data)).toBe(true)
    // The timers of two clocks differ by some milliseconds.
    expect(nextAt - refusedAt).toBeGreaterThan(950)
  })
})

describe('an object without a validator', () => {
  it('is not put together from ranges', async () => {
    await using server = await serveObject(data, ({ response, range }) => {
      if (range === undefined) {
        response.writeHead(200).end(data)
      } else {
        sendPart(response, 206, data.subarray(range.begin, range.last + 1), {
          'content-range': `bytes ${range.begin}-${range.last}/${data.length}`,
        })
      }
    })
    using folder = newFolder()
    await download(server.url, { ...quick, to: folder.file('a') })
    expect(readFileSync(folder.file('a')).equals(data)).toBe(true)
    expect(server.ranges).toEqual(['bytes=0-4095', undefined])
  })
})
