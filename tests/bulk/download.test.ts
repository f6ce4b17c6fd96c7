import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Agent } from '../../lib/index.ts'
import { download, type DownloadProgress } from '../../lib/bulk.ts'
import { until } from '../support/wait.ts'
import { newFolder } from './folder.ts'
import { sendPart, serveObject, someBytes } from './object-server.ts'

const data = someBytes(100_000)

describe('download() to memory', () => {
  it('reads the object in ranges and says what it did', async () => {
    await using server = await serveObject(data)
    const result = await download(server.url, { to: 'buffer', rangeSize: 16_384 })
    expect(result.bytes.equals(data)).toBe(true)
    expect(result).toMatchObject({
      size: data.length,
      etag: server.object.etag,
      ranges: 7,
      retries: 0,
      checksum: undefined,
    })
    expect(result.seconds).toBeGreaterThan(0)
    const starts = [0, 1, 2, 3, 4, 5, 6].map((n) => n * 16_384)
    const wanted = starts.map((at) => `bytes=${at}-${Math.min(at + 16_384, data.length) - 1}`)
    expect(new Set(server.ranges)).toEqual(new Set(wanted))
    expect(server.ranges).toHaveLength(7)
    expect(
      server.requests.slice(1).every(({ headers }) => headers['if-range'] === server.object.etag),
    ).toBe(true)
    expect(server.requests.every(({ headers }) => headers['accept-encoding'] === 'identity')).toBe(
      true,
    )
  })

  it('asks for no more ranges at a time than it may', async () => {
    let running = 0
    let most = 0
    await using server = await serveObject(data, ({ response, answer }) => {
      most = Math.max(most, ++running)
      setImmediate(() => {
        running--
        answer()
      })
      response.on('error', () => {})
    })
    await download(server.url, { to: 'buffer', rangeSize: 5000, concurrency: 3 })
    expect(most).toBeLessThanOrEqual(3)
  })

  it.each([0, 1, 4095, 4096, 4097])('takes an object of %i bytes', async (size) => {
    const bytes = data.subarray(0, size)
    await using server = await serveObject(bytes)
    const result = await download(server.url, { to: 'buffer', rangeSize: 4096 })
    expect(result.bytes.equals(bytes)).toBe(true)
    expect(result.size).toBe(size)
  })

  it.each([true, false])('takes a 200 whose length is known: %s', async (isKnown) => {
    await using server = await serveObject(data, ({ response }) => {
      response.writeHead(200, isKnown ? { 'content-length': data.length } : {})
      response.write(data.subarray(0, 10))
      response.end(data.subarray(10))
    })
    const result = await download(server.url, { to: 'buffer', rangeSize: 4096 })
    expect(result.bytes.equals(data)).toBe(true)
    expect(result).toMatchObject({ ranges: 1, etag: undefined })
    expect(server.ranges).toHaveLength(1)
  })

  it('sends the headers and follows redirects, without credentials to another origin', async () => {
    await using other = await serveObject(data)
    await using server = await serveObject(data, ({ request, response, answer }) => {
      const to =
        request.url === '/object' ? '/moved' : request.url === '/moved' ? other.url : undefined
      if (to === undefined) answer()
      else response.writeHead(302, { location: to }).end()
    })
    const headers = { authorization: 'secret', cookie: 'a=b', 'x-own': ['1', '2'] }
    const result = await download(server.url, { to: 'buffer', headers })
    expect(result.bytes.equals(data)).toBe(true)
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'secret',
      'secret',
    ])
    expect(other.requests[0]?.headers).toMatchObject({ 'x-own': '1, 2' })
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(other.requests[0]?.headers).not.toHaveProperty('cookie')
  })

  it('follows no more redirects than it may', async () => {
    await using server = await serveObject(data, ({ response }) => {
      response.writeHead(302, { location: '/again' }).end()
    })
    await expect(download(server.url, { to: 'buffer', maxRedirects: 2 })).rejects.toMatchObject({
      name: 'ResponseError',
      statusCode: 302,
    })
    expect(server.requests).toHaveLength(3)
  })

  it('uses the options of the dispatcher', async () => {
    await using server = await serveObject(data)
    await using agent = new Agent({
      connect: {
        lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
      },
    })
    const url = server.url.replace('127.0.0.1', 'nowhere.invalid')
    const result = await download(url, { to: 'buffer', dispatcher: agent })
    expect(result.bytes.equals(data)).toBe(true)
  })
})

describe('download() to a file', () => {
  it('writes the object and leaves no other file', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const path = folder.file('object')
    writeFileSync(path, 'what was there before')
    const result = await download(server.url, { to: path, rangeSize: 10_000, sync: true })
    expect(readFileSync(path).equals(data)).toBe(true)
    expect(result).toMatchObject({ path, size: data.length, ranges: 10 })
    expect(result).not.toHaveProperty('bytes')
    expect(folder.names()).toEqual(['object'])
  })

  it('takes a file: URL', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const to = pathToFileURL(folder.file('an object'))
    expect(await download(server.url, { to })).toMatchObject({ path: folder.file('an object') })
    expect(readFileSync(folder.file('an object')).equals(data)).toBe(true)
  })

  it.each([
    { name: 'none/object', code: 'ENOENT', syscall: 'open' },
    { name: '.', code: 'EISDIR', syscall: 'open' },
  ])('fails with the system’s error for $name', async ({ name, code, syscall }) => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const path = `${folder.path}/${name}`
    const error = await download(server.url, { to: path }).catch((error: unknown) => error)
    expect(error).toMatchObject({ code, syscall, path })
    expect((error as Error).message).toContain(`${syscall} '${path}'`)
    expect(server.requests).toHaveLength(0)
    expect(folder.names()).toEqual([])
  })

  it.each([false, true])('fails if the folder vanishes, with resume: %s', async (resume) => {
    const vanish = Promise.withResolvers<void>()
    await using server = await serveObject(data, ({ index, answer }) => {
      if (index === 0) answer()
      else void vanish.promise.then(answer)
    })
    using folder = newFolder()
    const path = folder.file('object')
    const running = download(server.url, { to: path, rangeSize: 50_000, resume })
    await until('the second range is asked for', () => server.ranges.length === 2)
    rmSync(folder.path, { recursive: true })
    vanish.resolve()
    await expect(running).rejects.toMatchObject({ code: 'ENOENT', syscall: 'rename', path })
  })

  it('fails with the system’s error in a folder where nobody can write', async () => {
    await using server = await serveObject(data)
    for (const resume of [false, true]) {
      const path = '/proc/self/object'
      await expect(download(server.url, { to: path, resume })).rejects.toMatchObject({
        code: expect.stringMatching(/^(ENOENT|EACCES|EPERM)$/),
        syscall: 'open',
        path,
      })
    }
    expect(server.requests).toHaveLength(0)
  })

  it('fails with the system’s error if the disk is too small', async () => {
    const tooLarge = 2 ** 60
    await using server = await serveObject(data, ({ response }) => {
      sendPart(response, 206, data.subarray(0, 4096), {
        etag: '"a"',
        'content-range': `bytes 0-4095/${tooLarge}`,
      })
    })
    using folder = newFolder()
    const toFile = download(server.url, { to: folder.file('a'), rangeSize: 4096 })
    await expect(toFile).rejects.toMatchObject({
      code: expect.stringMatching(/^(ENOSPC|EFBIG)$/),
      syscall: 'fallocate',
    })
    expect(folder.names()).toEqual([])
    const toMemory = download(server.url, { to: 'buffer', rangeSize: 4096 })
    await expect(toMemory).rejects.toMatchObject({ code: 'ENOMEM' })
  })
})

describe('checksum', () => {
  const sha256 = createHash('sha256').update(data).digest('hex')

  it.each([
    ['sha256', sha256],
    ['md5', createHash('md5').update(data).digest('hex')],
  ] as const)('%s is computed and compared', async (algorithm, value) => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const checksum = { algorithm, value: value.toUpperCase() }
    const toFile = await download(server.url, { to: folder.file('a'), checksum, rangeSize: 9999 })
    expect(toFile.checksum).toBe(value)
    const toMemory = await download(server.url, { to: 'buffer', checksum: { algorithm } })
    expect(toMemory.checksum).toBe(value)
  })

  it('that is wrong leaves no file', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const checksum = { algorithm: 'crc32c', value: '00000000' } as const
    await expect(download(server.url, { to: folder.file('a'), checksum })).rejects.toMatchObject({
      name: 'DownloadError',
      code: 'ERR_WRONG_CHECKSUM',
    })
    expect(folder.names()).toEqual([])
  })
})

describe('onProgress', () => {
  it('tells how far it is, and never after the end', async () => {
    await using server = await serveObject(data)
    const seen: DownloadProgress[] = []
    let isOver = false
    let late = 0
    await download(server.url, {
      to: 'buffer',
      rangeSize: 4096,
      onProgress: (progress) => {
        seen.push(progress)
        late += isOver ? 1 : 0
      },
    })
    isOver = true
    await new Promise((resolve) => setImmediate(resolve))
    expect(late).toBe(0)
    expect(seen.at(-1)).toMatchObject({ received: data.length, total: data.length })
    expect(seen.at(-1)?.rate).toBeGreaterThan(0)
  })

  it('that throws ends the download', async () => {
    await using server = await serveObject(data)
    const error = new Error('mine')
    const onProgress = (): void => {
      throw error
    }
    await expect(download(server.url, { to: 'buffer', onProgress })).rejects.toBe(error)
  })
})
