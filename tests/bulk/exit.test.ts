// The end of a process or of a worker while a download or a loader runs.
import { describe, expect, it } from 'vitest'
import type * as Bulk from '../../lib/bulk.ts'
import { runChild, startWorker, type ChildBody } from '../support/child.ts'
import { until } from '../support/wait.ts'
import { newFolder } from './folder.ts'
import { serveObject, someBytes, type ObjectServer } from './object-server.ts'

const data = someBytes(40_000)
const bulk = new URL('../../lib/bulk.ts', import.meta.url).href

interface Job {
  readonly bulk: string
  readonly url: string
  readonly path: string
}

/** Downloads, and says how that ended. */
const job: ChildBody<Job> = async ({ load, say }, { bulk, url, path }) => {
  const { download } = (await load(bulk)) as unknown as typeof Bulk
  const { size } = await download(url, { to: path, rangeSize: 4096 })
  say(size)
}

/** The same, and exits when the first bytes have come. */
const hasty: ChildBody<Job> = async ({ load }, { bulk, url, path }) => {
  const { download } = (await load(bulk)) as unknown as typeof Bulk
  const onProgress = (): never => process.exit(3)
  await download(url, { to: path, rangeSize: 4096, onProgress })
}

function stalling(): Promise<ObjectServer> {
  return serveObject(data, ({ index, answer }) => {
    if (index === 0) answer()
  })
}

describe('a download', () => {
  it('keeps its process alive until it is whole, and not longer', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const result = await runChild(job, { bulk, url: server.url, path: folder.file('a') })
    expect(result).toMatchObject({ code: 0, said: [data.length], stderr: '' })
    expect(folder.names()).toEqual(['a'])
  })

  it('does not disturb process.exit()', async () => {
    await using server = await stalling()
    using folder = newFolder()
    const result = await runChild(hasty, { bulk, url: server.url, path: folder.file('a') })
    expect(result).toMatchObject({ code: 3, signal: null, stderr: '' })
  })

  it('ends with its worker and leaves no file', async () => {
    await using server = await stalling()
    using folder = newFolder()
    const { worker, said, exited } = startWorker(job, {
      bulk,
      url: server.url,
      path: folder.file('a'),
    })
    await until('the ranges are asked for', () => server.ranges.length === 9)
    await worker.terminate()
    await exited
    expect(said).toEqual([])
    expect(folder.names()).toEqual([])
    await until('its connections are closed', () => server.connections() === 0)
  })
})

/** Loads a few objects of many, and never asks for more. */
const forgetful: ChildBody<Job> = async ({ load, say }, { bulk, url }) => {
  const loaders = (await load(bulk)) as unknown as typeof Bulk
  const loop = loaders.load(Array(100).fill(url) as string[])
  const { value } = await loop.next()
  say((value as { body: Buffer }).body.length)
}

/** Loads until it is ended. */
const busy: ChildBody<Job> = async ({ load, say }, { bulk, url }) => {
  const loaders = (await load(bulk)) as unknown as typeof Bulk
  for await (const { index } of loaders.load(Array(100_000).fill(url) as string[])) {
    if (index === 50) say(index)
  }
}

describe('a loader', () => {
  it('keeps its process alive only while requests run', async () => {
    await using server = await serveObject(data)
    const result = await runChild(forgetful, { bulk, url: server.url, path: '' })
    expect(result).toMatchObject({ code: 0, said: [data.length], stderr: '' })
  })

  it('keeps its process alive until the last item has come', async () => {
    await using server = await serveObject(data, ({ answer }) => setTimeout(answer, 50))
    const result = await runChild(forgetful, { bulk, url: server.url, path: '' })
    expect(result).toMatchObject({ code: 0, said: [data.length], stderr: '' })
  })

  it('ends with its worker', async () => {
    await using server = await serveObject(data)
    const { worker, said, exited } = startWorker(busy, { bulk, url: server.url, path: '' })
    await until('it loads', () => server.requests.length > 50)
    await worker.terminate()
    await exited
    expect([[], [50]]).toContainEqual(said)
    await until('its connections are closed', () => server.connections() === 0)
  })
})
