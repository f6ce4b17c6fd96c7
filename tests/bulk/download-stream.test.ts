// download() into a stream, and downloadChunks(): in order, bounded, as fast as the reader.
import { createHash } from 'node:crypto'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { download, downloadChunks } from '../../lib/bulk.ts'
import { Agent } from '../../lib/index.ts'
import { ownThreads } from '../support/own-threads.ts'
import { quiet, until } from '../support/wait.ts'
import { sendObject, sendPart, serveObject, someBytes, storedObject } from './object-server.ts'

const data = someBytes(300_000)
const other = storedObject(someBytes(300_000, 99))
const quick = { rangeSize: 10_000, retryDelay: 1, maxRetryDelay: 20 }

/** Takes chunks only when it is told to. */
class Sink extends Writable {
  readonly chunks: Buffer[] = []
  #go: (() => void) | undefined
  isOpen: boolean

  constructor(isOpen = true) {
    super({ highWaterMark: 1 })
    this.isOpen = isOpen
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk)
    if (this.isOpen) done()
    else this.#go = done
  }

  open(): void {
    this.isOpen = true
    this.#go?.()
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }
}

describe('download() into a stream', () => {
  it('writes the bytes in order, and ends it', async () => {
    await using server = await serveObject(data)
    const sink = new Sink()
    const checksum = { algorithm: 'sha256' } as const
    const result = await download(server.url, { ...quick, to: sink, checksum })
    expect(sink.bytes().equals(data)).toBe(true)
    expect(sink.writableFinished).toBe(true)
    expect(result).toMatchObject({ size: data.length, etag: server.object.etag, ranges: 30 })
    expect(result.checksum).toBe(createHash('sha256').update(data).digest('hex'))
    expect(result).not.toHaveProperty('path')
  })

  it('writes into a stream of the web', async () => {
    await using server = await serveObject(data)
    const chunks: Uint8Array[] = []
    let isClosed = false
    const to = new WritableStream<Uint8Array>({
      write: (chunk) => void chunks.push(chunk),
      close: () => void (isClosed = true),
    })
    await download(server.url, { ...quick, to })
    expect(Buffer.concat(chunks).equals(data)).toBe(true)
    expect(isClosed).toBe(true)
  })

  it.each([0, 1])('ends it for an object of %i bytes', async (size) => {
    await using server = await serveObject(data.subarray(0, size))
    const sink = new Sink()
    await download(server.url, { ...quick, to: sink })
    expect(sink.bytes().equals(data.subarray(0, size))).toBe(true)
  })

  it('asks for no more than the window while the stream takes nothing', async () => {
    const large = someBytes(8 * 1024 * 1024)
    await using server = await serveObject(large)
    const sink = new Sink(false)
    const rangeSize = 256 * 1024
    const running = download(server.url, { to: sink, rangeSize, concurrency: 4 })
    await until('it has bytes', () => sink.chunks.length === 1)
    await quiet(300)
    // The window is 1 MiB, and two chunks of 256 KiB are on the way.
    expect(server.ranges.length).toBeLessThanOrEqual(7)
    sink.open()
    await running
    expect(sink.bytes().equals(large)).toBe(true)
  })

  it('holds up a response without ranges', async () => {
    const large = someBytes(64 * 1024 * 1024)
    let sent = 0
    await using server = await serveObject(large, ({ response }) => {
      response.writeHead(200, { 'content-length': large.length })
      const more = (): void => {
        while (sent < large.length) {
          const piece = large.subarray(sent, sent + 65_536)
          sent += piece.length
          if (!response.write(piece)) return
        }
        response.end()
      }
      response.on('drain', more)
      more()
    })
    const sink = new Sink(false)
    await using dispatcher = new Agent({ bodyTimeout: 200 })
    const running = download(server.url, { to: sink, rangeSize: 1, dispatcher })
    await until('it has bytes', () => sink.chunks.length === 1)
    await quiet(500)
    // The window, batches, and the buffers of two sockets.
    expect(sent).toBeLessThan(40 * 1024 * 1024)
    sink.open()
    await running
    expect(sink.bytes().equals(large)).toBe(true)
  })

  it('rejects with the error of the stream, and cancels', async () => {
    await using server = await serveObject(data)
    const before = ownThreads()
    const error = new Error('no more')
    const sink = new Writable({ write: (_chunk, _encoding, done) => done(error) })
    await expect(download(server.url, { ...quick, to: sink })).rejects.toBe(error)
    await until('the server sees it', () => server.connections() === 0)
    await until('its threads have ended', () => ownThreads() <= before)
  })

  it('destroys the stream with the reason of the signal', async () => {
    await using server = await serveObject(data, ({ index, answer }) => {
      if (index === 0) answer()
    })
    const controller = new AbortController()
    const sink = new PassThrough()
    const running = download(server.url, { ...quick, to: sink, signal: controller.signal })
    await until('it is asked for', () => server.ranges.length === 9)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    expect(sink.errored).toBe(reason)
    await until('the server sees it', () => server.connections() === 0)
  })

  it('tries ranges again', async () => {
    let broken = 0
    await using server = await serveObject(data, ({ response, range, answer }) => {
      if (range !== undefined && range.begin > 0 && range.begin % 50_000 === 0 && broken++ < 4) {
        response.socket?.resetAndDestroy()
      } else answer()
    })
    const sink = new Sink()
    await download(server.url, { ...quick, to: sink })
    expect(sink.bytes().equals(data)).toBe(true)
  })

  it('fails if the object changes after the first bytes, also with ifChanged', async () => {
    await using server = await serveObject(data, ({ response, range, answer }) => {
      if ((range?.begin ?? 0) >= 100_000) sendObject(response, other, undefined)
      else answer()
    })
    const sink = new Sink()
    const running = download(server.url, {
      ...quick,
      to: sink,
      concurrency: 1,
      ifChanged: 'restart',
    })
    await expect(running).rejects.toMatchObject({ code: 'ERR_OBJECT_CHANGED' })
    expect(data.subarray(0, sink.bytes().length).equals(sink.bytes())).toBe(true)
    expect(sink.destroyed).toBe(true)
  })

  it('gives no byte of a response that turns out longer than it said', async () => {
    let lies = 1
    await using server = await serveObject(data, ({ response, range, answer }) => {
      if (range?.begin !== 20_000 || lies-- <= 0) {
        answer()
        return
      }
      const { etag } = storedObject(data)
      response.writeHead(206, { etag, 'content-range': `bytes 20000-29999/${data.length}` })
      response.end(Buffer.alloc(10_001))
    })
    const sink = new Sink()
    await download(server.url, { ...quick, to: sink })
    expect(sink.bytes().equals(data)).toBe(true)
  })

  it('does not end a stream whose object has the wrong checksum', async () => {
    await using server = await serveObject(data)
    const sink = new Sink()
    const checksum = { algorithm: 'md5', value: '0'.repeat(32) } as const
    const running = download(server.url, { ...quick, to: sink, checksum })
    await expect(running).rejects.toMatchObject({ code: 'ERR_WRONG_CHECKSUM' })
    expect(sink.writableFinished).toBe(false)
  })
})

describe('downloadChunks()', () => {
  it('gives the bytes in order, and then the result', async () => {
    await using server = await serveObject(data)
    const chunks: Buffer[] = []
    const all = downloadChunks(server.url, quick)
    let next = await all.next()
    for (; next.done !== true; next = await all.next()) chunks.push(next.value)
    expect(Buffer.concat(chunks).equals(data)).toBe(true)
    expect(next.value).toMatchObject({ size: data.length, ranges: 30 })
  })

  it('is cancelled when its loop is left', async () => {
    await using server = await serveObject(data, ({ index, answer }) => {
      if (index < 2) answer()
    })
    for await (const chunk of downloadChunks(server.url, quick)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await until('the server sees it', () => server.connections() === 0)
  })

  it('throws what download() rejects with', async () => {
    await using server = await serveObject(data, ({ response }) =>
      sendPart(response, 404, data, {}),
    )
    const all = downloadChunks(server.url, quick)
    await expect(all.next()).rejects.toMatchObject({ statusCode: 404 })
  })
})
