/** dodici/bulk with a server that has the habits of S3, and its troubles. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataLoader, download, load } from '../../lib/bulk.ts'
import { newFolder } from '../bulk/folder.ts'
import { someBytes } from '../bulk/object-server.ts'
import { random, seedOf, type Random } from '../support/random.ts'
import { startS3, type Trouble } from '../support/servers/s3.ts'
import { timeFactor } from '../support/time-factor.ts'
import { until } from '../support/wait.ts'

const isFull = process.env['DODICI_TEST_FULL'] === '1'
const kRounds = isFull ? 200 : 12
const kItems = isFull ? 2000 : 150

const kTroubles: readonly Trouble[] = [
  'slow down',
  'internal error',
  'closed before',
  'closed within',
]
const troubleIn = (draws: Random, share: number) => (): Trouble | undefined =>
  draws.chance(share) ? draws.pick(kTroubles) : undefined

describe('download() from S3', { timeout: 120_000 * timeFactor }, () => {
  it.each([
    [0, undefined],
    [1, undefined],
    [65_536, undefined],
    [65_537, undefined],
    [300_000, 2],
  ])('gives %d bytes, uploaded in parts: %s', async (size, parts) => {
    await using s3 = await startS3()
    const data = someBytes(size)
    s3.put('/bucket/key', data, parts)
    const options = { to: 'buffer', rangeSize: 65_536, checksum: { algorithm: 'md5' } } as const
    const { bytes, etag, checksum } = await download(`${s3.origin}/bucket/key`, options)
    expect(bytes.equals(data)).toBe(true)
    // There is no head of an empty object: S3 answers its first range with 416.
    if (size > 0 && parts === undefined) expect(etag).toBe(`"${checksum}"`)
    if (parts !== undefined) expect(etag).toMatch(/^"[\da-f]{32}-2"$/)
    expect(s3.seen.map(({ range }) => range)).toContain('bytes=0-65535')
    const ranges = Math.max(1, Math.ceil(size / 65_536))
    expect(s3.seen.length).toBeLessThanOrEqual(size === 0 ? 2 : ranges)
  })

  it('overcomes all its troubles', async () => {
    const draws = random(seedOf('S3, downloads'), 1)
    let troubles = 0
    for (let round = 0; round < kRounds; round += 1) {
      await using s3 = await startS3({ trouble: troubleIn(draws, 0.3) })
      const data = someBytes(draws.below(400_000), round)
      s3.put('/key', data, draws.chance(0.5) ? 3 : undefined)
      using folder = newFolder()
      const { size } = await download(`${s3.origin}/key`, {
        to: folder.file('a'),
        rangeSize: 1 + draws.below(60_000) + 5000,
        concurrency: 1 + draws.below(8),
        retries: 100,
        retryDelay: 1,
        maxRetryDelay: 5,
      })
      expect(size).toBe(data.length)
      expect(readFileSync(folder.file('a')).equals(data)).toBe(true)
      expect(folder.names()).toEqual(['a'])
      await until('its connections are closed', () => s3.connections() === 0)
      troubles += s3.troubles()
    }
    expect(troubles).toBeGreaterThan(kRounds / 2)
  })

  it('waits as long as SlowDown says', async () => {
    const isSlow = (index: number): Trouble | undefined => (index === 0 ? 'slow down' : undefined)
    await using s3 = await startS3({ trouble: isSlow, retryAfter: 1 })
    s3.put('/key', someBytes(1000))
    const { retries } = await download(`${s3.origin}/key`, { to: 'buffer', retryDelay: 1 })
    expect(retries).toBe(1)
    const [first, second] = s3.seen
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990)
  })

  it('gives up on SlowDown after the retries, and at once on a key that is not there', async () => {
    await using s3 = await startS3({ trouble: () => 'slow down' })
    s3.put('/key', someBytes(1000))
    const options = { to: 'buffer', retries: 2, retryDelay: 1 } as const
    const error = await download(`${s3.origin}/key`, options).catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'UND_ERR_RESPONSE', statusCode: 503 })
    expect(s3.seen).toHaveLength(3)
    await using empty = await startS3()
    await expect(download(`${empty.origin}/key`, options)).rejects.toMatchObject({
      statusCode: 404,
    })
    expect(empty.seen).toHaveLength(1)
  })

  it('follows its redirect to another endpoint, without the credentials', async () => {
    await using other = await startS3()
    await using s3 = await startS3({ redirectTo: other.origin })
    const data = someBytes(200_000)
    other.put('/key?X-Amz-Expires=60', data)
    const { bytes } = await download(`${s3.origin}/key?X-Amz-Expires=60`, {
      to: 'buffer',
      rangeSize: 50_000,
      headers: { authorization: 'AWS4-HMAC-SHA256 secret' },
    })
    expect(bytes.equals(data)).toBe(true)
    expect(s3.seen.map(({ authorization }) => authorization)).toEqual(['AWS4-HMAC-SHA256 secret'])
    expect(other.seen.map(({ authorization }) => authorization)).toEqual(
      Array.from({ length: 4 }, () => undefined),
    )
  })

  it('does not mix an object with the one that replaces it', async () => {
    const [one, two] = [someBytes(200_000), someBytes(200_000, 1)]
    await using s3 = await startS3({
      trouble: (index) => {
        if (index === 2) s3.put('/key', two)
        return undefined
      },
    })
    s3.put('/key', one)
    const options = { to: 'buffer', rangeSize: 20_000, concurrency: 1 } as const
    await expect(download(`${s3.origin}/key`, options)).rejects.toMatchObject({
      code: 'ERR_OBJECT_CHANGED',
    })
    s3.put('/key', one)
    expect((await download(`${s3.origin}/key`, options)).bytes.equals(one)).toBe(true)
  })
})

describe('DataLoader from S3', { timeout: 120_000 * timeFactor }, () => {
  it('overcomes all its troubles, and gives the objects in order', async () => {
    const draws = random(seedOf('S3, a loader'), 2)
    await using s3 = await startS3({ trouble: troubleIn(draws, 0.2) })
    const bodies = Array.from({ length: kItems }, (_, n) => someBytes(1 + draws.below(20_000), n))
    for (const [n, body] of bodies.entries()) s3.put(`/items/${n}`, body)
    const urls = bodies.map((_, n) => `${s3.origin}/items/${n}`)
    const options = { batchSize: 8, concurrency: 16, retries: 100, retryDelay: 1 }
    let n = 0
    for await (const batch of new DataLoader(urls, options)) {
      for (const { index, status, headers, body } of batch) {
        expect(index).toBe(n)
        expect(status).toBe(200)
        expect(headers['x-amz-request-id']).toMatch(/^REQUEST\d+$/)
        expect(body.equals(bodies[n] as Buffer)).toBe(true)
        n += 1
      }
    }
    expect(n).toBe(kItems)
    expect(s3.seen).toHaveLength(kItems + s3.troubles())
  })

  it('waits as long as SlowDown says', async () => {
    const isSlow = (index: number): Trouble | undefined => (index === 0 ? 'slow down' : undefined)
    await using s3 = await startS3({ trouble: isSlow, retryAfter: 1 })
    s3.put('/key', someBytes(1000))
    for await (const { status } of load([`${s3.origin}/key`], { retryDelay: 1 })) {
      expect(status).toBe(200)
    }
    const [first, second] = s3.seen
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990)
  })

  it('leaves out what is not there, and what is somewhere else', async () => {
    await using other = await startS3()
    await using moved = await startS3({ redirectTo: other.origin })
    await using s3 = await startS3()
    s3.put('/a', someBytes(10))
    const urls = [`${s3.origin}/missing`, `${moved.origin}/b`, `${s3.origin}/a`]
    const failed: unknown[] = []
    const onError = (error: unknown, { index }: { index: number }): void => {
      failed.push([index, (error as { statusCode?: unknown }).statusCode])
    }
    const given: number[] = []
    for await (const { index } of load(urls, { onError, retryDelay: 1 })) given.push(index)
    expect(given).toEqual([2])
    expect(failed).toEqual([
      [0, 404],
      [1, 307],
    ])
    expect(other.seen).toEqual([])
  })
})
