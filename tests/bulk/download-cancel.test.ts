import { describe, expect, it } from 'vitest'
import { download } from '../../lib/bulk.ts'
import { ownThreads } from '../support/own-threads.ts'
import { until } from '../support/wait.ts'
import { newFolder } from './folder.ts'
import { serveObject, someBytes, type ObjectServer } from './object-server.ts'

const data = someBytes(40_000)

/** Answers the first range, and leaves the others without an answer. */
function stalling(): Promise<ObjectServer> {
  return serveObject(data, ({ index, answer }) => {
    if (index === 0) answer()
  })
}

describe('signal', () => {
  it('ends the download: connections, file and threads are gone, and it rejects with the reason', async () => {
    await using server = await stalling()
    using folder = newFolder()
    const before = ownThreads()
    const controller = new AbortController()
    const { signal } = controller
    const running = download(server.url, { to: folder.file('a'), rangeSize: 4096, signal })
    await until('the ranges are asked for', () => server.ranges.length === 9)
    expect(folder.names()).toEqual([expect.stringMatching(/^a\.[\da-f]{12}\.download$/)])
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    await until('the server sees it', () => server.connections() === 0)
    expect(folder.names()).toEqual([])
    await until('its threads have ended', () => ownThreads() <= before)
    expect(server.ranges).toHaveLength(9)
  })

  it('is seen by the server within 100 ms', async () => {
    await using server = await serveObject(data, () => {})
    const delays: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const controller = new AbortController()
      const running = download(server.url, { to: 'buffer', signal: controller.signal })
      await until('it is asked for', () => server.ranges.length === round + 1)
      const start = performance.now()
      controller.abort()
      await expect(running).rejects.toBe(controller.signal.reason)
      await until('the server sees it', () => server.connections() === 0)
      delays.push(performance.now() - start)
    }
    // A machine under load may sometimes be late, but not always.
    delays.sort((a, b) => a - b)
    expect(delays[1]).toBeLessThan(100)
  })

  it('that is aborted before the start leaves nothing to do', async () => {
    await using server = await stalling()
    const signal = AbortSignal.abort()
    await expect(download(server.url, { to: 'buffer', signal })).rejects.toBe(signal.reason)
    expect(server.connections()).toBe(0)
  })

  it('ends a download that waits for its back-off', async () => {
    await using server = await serveObject(data, ({ response }) => {
      response.writeHead(503, { 'retry-after': '1000' }).end()
    })
    const controller = new AbortController()
    const running = download(server.url, {
      to: 'buffer',
      signal: controller.signal,
      maxRetryDelay: 1_000_000,
    })
    await until('it was refused', () => server.ranges.length === 1)
    controller.abort()
    await expect(running).rejects.toBe(controller.signal.reason)
  })

  it('at any moment leaves the whole object or nothing', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    for (let turn = 0; turn < 30; turn++) {
      const controller = new AbortController()
      const { signal } = controller
      const path = folder.file(`${turn}`)
      const running = download(server.url, { to: path, rangeSize: 1000, signal })
      setTimeout(() => controller.abort(), turn / 3)
      const outcome = await running.catch((error: unknown) => error)
      const isWhole = outcome !== signal.reason
      expect(folder.names()).toEqual(isWhole ? [`${turn}`] : [])
      if (isWhole) (await import('node:fs')).rmSync(path)
    }
  })
})
