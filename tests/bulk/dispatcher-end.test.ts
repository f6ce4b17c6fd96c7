// A dispatcher's close() and destroy(), and its `signal`, with downloads and loaders that use it.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, Writable } from 'node:stream'
import { errors } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DataLoader, download } from '../../lib/bulk.ts'
import { Agent } from '../../lib/index.ts'
import { until } from '../support/wait.ts'
import { newFolder } from './folder.ts'

interface Slow {
  readonly url: string
  /** responses that have begun and not ended */
  readonly open: Set<ServerResponse>
  /** Ends all of them, and the later ones at once. */
  finish(): void
}

/** A server of objects of two bytes, which sends the second one when it is told to. */
async function useSlow(): Promise<Slow> {
  const open = new Set<ServerResponse>()
  let isOver = false
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': '2' })
    response.write('a')
    open.add(response)
    response.on('close', () => open.delete(response))
    if (isOver) response.end('b')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    open,
    finish() {
      isOver = true
      for (const response of open) response.end('b')
    },
  }
}

/** Whether a promise settles, without waiting for it. */
function watch(promise: Promise<unknown>): { settled: boolean } {
  const state = { settled: false }
  const settle = (): void => {
    state.settled = true
  }
  promise.then(settle, settle)
  return state
}

type Use = (url: string, dispatcher: Agent) => Promise<string>

const uses: Record<string, Use> = {
  async 'a download into memory'(url, dispatcher) {
    return (await download(url, { to: 'buffer', dispatcher })).bytes.toString()
  },
  async 'a download into a stream'(url, dispatcher) {
    const chunks: Buffer[] = []
    const to = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk)
        done()
      },
    })
    await download(url, { to, dispatcher })
    return Buffer.concat(chunks).toString()
  },
  async 'a loop of a loader'(url, dispatcher) {
    let text = ''
    for await (const batch of new DataLoader([url, url], { dispatcher, batchSize: 2 }))
      text += batch.map(({ body }) => body.toString()).join()
    return text.slice(0, 2)
  },
}

describe.each(Object.entries(uses))('%s', (_name, use) => {
  it('is waited for by close()', async () => {
    const server = await useSlow()
    const agent = new Agent()
    const running = use(server.url, agent)
    await until('it has begun', () => server.open.size > 0)
    const closing = agent.close()
    const { settled } = watch(closing)
    await new Promise(setImmediate)
    expect(settled).toBe(false)
    server.finish()
    expect(await running).toBe('ab')
    await closing
    expect(agent.destroyed).toBe(true)
  })

  it('is ended by destroy(), which waits for its sockets', async () => {
    const server = await useSlow()
    const agent = new Agent()
    const running = use(server.url, agent)
    await until('it has begun', () => server.open.size > 0)
    await agent.destroy()
    // That nobody has looked at it until now is no unhandled rejection.
    await expect(running).rejects.toBeInstanceOf(errors.ClientDestroyedError)
    await until('the server sees it', () => server.open.size === 0)
  })

  it('gets the error that destroy() is given, and the reason of the Agent’s signal', async () => {
    const server = await useSlow()
    const error = new Error('enough')
    const agent = new Agent()
    const running = use(server.url, agent)
    await until('it has begun', () => server.open.size > 0)
    await agent.destroy(error)
    await expect(running).rejects.toBe(error)

    const controller = new AbortController()
    const other = use(server.url, new Agent({ signal: controller.signal }))
    await until('it has begun', () => server.open.size > 0)
    controller.abort(error)
    await expect(other).rejects.toBe(error)
  })

  it('does not begin with a dispatcher that is closed', async () => {
    const agent = new Agent()
    await agent.close()
    await expect(use('http://127.0.0.1:9/', agent)).rejects.toBeInstanceOf(
      errors.ClientDestroyedError,
    )
  })
})

it('close() in the body of a loop does not wait for the loop', async () => {
  const server = await useSlow()
  server.finish()
  const agent = new Agent()
  const urls = Readable.from(Array.from({ length: 50 }, () => server.url))
  const reading = (async () => {
    for await (const _batch of new DataLoader(urls, { dispatcher: agent })) await agent.close()
  })()
  await expect(reading).rejects.toThrow(/closed|destroyed/)
  expect(agent.destroyed).toBe(true)
})

it('a download of which destroy() comes too late is whole, and leaves its file', async () => {
  const server = await useSlow()
  server.finish()
  using folder = newFolder()
  const agent = new Agent()
  const result = await download(server.url, { to: folder.file('a'), dispatcher: agent })
  await agent.destroy()
  expect(result.size).toBe(2)
  expect(folder.names()).toEqual(['a'])
})
