// download() with `resume`: what a failed, aborted or killed download leaves, and how another one goes on with it.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { download, type DownloadProgress } from '../../lib/bulk.ts'
import { until } from '../support/wait.ts'
import { newFolder, type Folder } from './folder.ts'
import { sendObject, serveObject, someBytes, storedObject } from './object-server.ts'

const data = someBytes(40_000)
const other = storedObject(someBytes(40_000, 99))
const kept = ['a.download', 'a.download.json']
const options = { rangeSize: 4096, resume: true, retries: 0 }

/** Downloads until four ranges are there, and aborts. */
async function aborted(folder: Folder, url = '/object'): Promise<void> {
  await using server = await serveObject(data, ({ index, answer }) => {
    if (index < 4) answer()
  })
  const controller = new AbortController()
  const { signal } = controller
  const running = download(new URL(url, server.url), {
    ...options,
    to: folder.file('a'),
    concurrency: 1,
    signal,
  })
  await until('four ranges are there', () => server.ranges.length === 5)
  controller.abort()
  await expect(running).rejects.toBe(signal.reason)
  expect(folder.names().toSorted()).toEqual(kept)
}

/** The side file names what was asked for, not the server's port, which differs in each of our servers. */
function sideOf(folder: Folder, url: string): void {
  const path = folder.file('a.download.json')
  const key = createHash('sha256').update(url).digest('hex')
  const text = readFileSync(path, 'latin1').replace(/"source":"\w*"/, `"source":"${key}"`)
  writeFileSync(path, withChecksum(text))
}

function withChecksum(text: string): string {
  const end = text.indexOf(',"crc32c":')
  let crc = ~0
  for (const byte of Buffer.from(text.slice(0, end), 'latin1')) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return `${text.slice(0, end)},"crc32c":${~crc >>> 0}}\n`
}

describe('resume', () => {
  it('goes on with what an aborted download has left', async () => {
    using folder = newFolder()
    await aborted(folder)
    await using server = await serveObject(data)
    sideOf(folder, server.url)
    const seen: DownloadProgress[] = []
    const checksum = { algorithm: 'md5', value: createHash('md5').update(data).digest('hex') }
    const result = await download(server.url, {
      ...options,
      to: folder.file('a'),
      checksum: checksum as { algorithm: 'md5'; value: string },
      onProgress: (progress) => seen.push(progress),
    })
    expect(readFileSync(folder.file('a')).equals(data)).toBe(true)
    expect(result).toMatchObject({ resumed: 4 * 4096, size: data.length, ranges: 6 })
    expect(folder.names()).toEqual(['a'])
    expect(server.ranges).not.toContain('bytes=0-4095')
    expect(server.requests[0]?.headers['if-range']).toBe(server.object.etag)
    expect(seen.at(-1)?.received).toBe(data.length)
  })

  it('keeps nothing that names the URL, which may have secrets', async () => {
    using folder = newFolder()
    await aborted(folder, '/object?signature=geheim')
    expect(readFileSync(folder.file('a.download.json'), 'latin1')).not.toContain('geheim')
  })

  it('follows redirects to other places of the same object', async () => {
    using folder = newFolder()
    await aborted(folder)
    await using server = await serveObject(data, ({ request, response, answer }) => {
      if (request.url === '/object') response.writeHead(302, { location: '/signed?b' }).end()
      else answer()
    })
    sideOf(folder, server.url)
    const result = await download(server.url, { ...options, to: folder.file('a') })
    expect(readFileSync(folder.file('a')).equals(data)).toBe(true)
    expect(result.resumed).toBe(4 * 4096)
  })

  it('begins anew if the object has changed, whatever the server makes of If-Range', async () => {
    for (const knowsIfRange of [true, false]) {
      using folder = newFolder()
      await aborted(folder)
      await using server = await serveObject(other.data, ({ request, response, range, answer }) => {
        const isOld = request.headers['if-range'] !== undefined
        if (knowsIfRange && isOld && range?.begin === 4 * 4096) {
          sendObject(response, other, undefined)
        } else answer()
      })
      sideOf(folder, server.url)
      const result = await download(server.url, { ...options, to: folder.file('a') })
      expect(readFileSync(folder.file('a')).equals(other.data)).toBe(true)
      expect(result.resumed).toBe(0)
      expect(folder.names()).toEqual(['a'])
    }
  })

  it.each<[string, (folder: Folder) => void]>([
    ['without a side file', (folder) => rmSync(folder.file('a.download.json'))],
    ['with an empty side file', (folder) => writeFileSync(folder.file('a.download.json'), '')],
    ['with garbage', (folder) => writeFileSync(folder.file('a.download.json'), '{"dodici":1}')],
    [
      'with a side file that is cut off',
      (folder) => {
        const path = folder.file('a.download.json')
        writeFileSync(path, readFileSync(path).subarray(0, -2))
      },
    ],
    ['with the side file of another URL', (folder) => sideOf(folder, 'http://other/')],
    [
      'with another version of the side file',
      (folder) => {
        const path = folder.file('a.download.json')
        const text = readFileSync(path, 'latin1').replace('"dodici":1', '"dodici":2')
        writeFileSync(path, withChecksum(text))
      },
    ],
    [
      'with bytes beyond the size',
      (folder) => {
        const path = folder.file('a.download.json')
        const text = readFileSync(path, 'latin1').replace('16384]]', '50000]]')
        writeFileSync(path, withChecksum(text))
      },
    ],
    [
      'with a side file of another start of the machine, whose bytes may be lost',
      (folder) => {
        const path = folder.file('a.download.json')
        const text = readFileSync(path, 'latin1').replace('"boot":""', '"boot":"other"')
        writeFileSync(path, withChecksum(text))
      },
    ],
    ['with a shorter file', (folder) => writeFileSync(folder.file('a.download'), 'short')],
    ['without the file', (folder) => rmSync(folder.file('a.download'))],
    [
      'with a folder in the place of the side file',
      (folder) => {
        rmSync(folder.file('a.download.json'))
        mkdirSync(folder.file('a.download.json'))
      },
    ],
  ])('begins anew %s', async (_name, spoil) => {
    using folder = newFolder()
    await aborted(folder)
    await using server = await serveObject(data)
    sideOf(folder, server.url)
    spoil(folder)
    const result = await download(server.url, { ...options, to: folder.file('a') })
    expect(readFileSync(folder.file('a')).equals(data)).toBe(true)
    expect(result.resumed).toBe(0)
    expect(statSync(folder.file('a')).size).toBe(data.length)
  })

  it('does not write into a file that another download writes', async () => {
    await using server = await serveObject(data, ({ index, answer }) => {
      if (index === 0) answer()
    })
    using folder = newFolder()
    const controller = new AbortController()
    const path = folder.file('a')
    const running = download(server.url, { ...options, to: path, signal: controller.signal })
    await until('the ranges are asked for', () => server.ranges.length === 9)
    await expect(download(server.url, { ...options, to: path })).rejects.toMatchObject({
      code: 'EBUSY',
      path,
    })
    expect(server.ranges).toHaveLength(9)
    controller.abort()
    await expect(running).rejects.toBe(controller.signal.reason)
    expect(folder.names().toSorted()).toEqual(kept)
  })

  it('does not write through a link', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    writeFileSync(folder.file('victim'), 'victim')
    symlinkSync(folder.file('victim'), folder.file('a.download'))
    await expect(download(server.url, { ...options, to: folder.file('a') })).rejects.toMatchObject({
      code: 'ELOOP',
    })
    expect(readFileSync(folder.file('victim'), 'latin1')).toBe('victim')
  })

  it('keeps nothing of an object without a validator, or with a wrong checksum', async () => {
    await using server = await serveObject(data, ({ response }) => {
      response.writeHead(200, { 'content-length': data.length })
      response.write(data.subarray(0, 100), () => response.socket?.end())
    })
    using folder = newFolder()
    const to = folder.file('a')
    await expect(download(server.url, { ...options, to })).rejects.toMatchObject({
      code: 'UND_ERR_SOCKET',
    })
    expect(folder.names()).toEqual([])
    await using right = await serveObject(data)
    const checksum = { algorithm: 'crc32c', value: '00000000' } as const
    await expect(download(right.url, { ...options, to, checksum })).rejects.toMatchObject({
      code: 'ERR_WRONG_CHECKSUM',
    })
    expect(folder.names()).toEqual([])
  })
})
