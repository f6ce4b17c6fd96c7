/** A part of a response that a program keeps does not keep much else alive: no heads of others in the same batch. */
import { describe, expect, it } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { protocols, useProtocol, type Protocol } from '../support/protocols.ts'

interface Task {
  readonly origin: string
  readonly ca: string
  readonly path: string
}

const other = 'x'.repeat(40)

/** Heads of some 400 bytes; `/large` has 8 KB, and `/events` sends a head and then nothing for long. */
async function useHeads(protocol: Protocol, path: string): Promise<Task> {
  let count = 0
  const server = await useProtocol(protocol, (request, response) => {
    count += 1
    const headers: Record<string, string> = { etag: `"${other}-${count}"` }
    for (let i = 0; i < 6; i += 1) headers[`x-other-${i}`] = `${other}${count}`
    if (request.url === '/large') headers['x-large'] = `${count} ${other.repeat(200)}`
    response.writeHead(200, headers)
    if (request.url === '/events') response.write('data: 1\n\n')
    else response.end('ok')
  })
  return { origin: server.origin, ca: certificates().ca, path }
}

/** Bytes of the heap for each of 80 ETags, of 80 bursts of 50 requests. */
async function keepTags(kit: ChildKit, { origin, ca, path }: Task): Promise<void> {
  const agent = await kit.createAgent({ connect: { ca }, connections: 50 })
  const kept: unknown[] = []
  const burst = async (): Promise<unknown> => {
    const all = Array.from({ length: 50 }, () => kit.exchange(agent, { origin, path }))
    const [first] = await Promise.all(all)
    return first?.headers?.['etag']
  }
  for (let i = 0; i < 80; i += 1) kept.push(await burst())
  const all = await kit.heapUsed()
  kept.length = 0
  kit.say({ each: (all - (await kit.heapUsed())) / 80 })
  await agent.destroy()
}

/** Bytes of the heap for each of 20 event streams, each begun in a burst of 50 requests. */
async function openStreams(kit: ChildKit, { origin, ca, path }: Task): Promise<void> {
  const agent = await kit.createAgent({ connect: { ca } })
  const burst = async (count: number): Promise<void> => {
    const streams = Array.from({ length: count }, () => {
      return kit.dispatch(agent, { origin, path: '/events' })
    })
    const all = Array.from({ length: 50 }, () => kit.exchange(agent, { origin, path }))
    await Promise.all([...all, ...streams.map((stream) => stream.seen('onResponseData'))])
    // What the recorder keeps is not ours.
    for (const { calls, chunks } of streams) calls.length = chunks.length = 0
  }
  for (let i = 0; i < 20; i += 1) await burst(0)
  const start = await kit.heapUsed()
  for (let i = 0; i < 20; i += 1) await burst(1)
  kit.say({ each: ((await kit.heapUsed()) - start) / 20 })
  await agent.destroy()
}

/** Bytes outside of the heap for each of 20 bodies of 1 MB whose controllers are kept. */
async function keepControllers(kit: ChildKit, { origin, ca, path }: Task): Promise<void> {
  const agent = await kit.createAgent({ connect: { ca } })
  const kept: unknown[] = []
  const post = async (): Promise<void> => {
    const body = Buffer.alloc(1024 * 1024, 'x')
    const recorder = kit.dispatch(agent, { origin, path, method: 'POST', body })
    await recorder.done
    // What the recorder keeps is not ours.
    recorder.calls.length = 0
    kept.push(recorder.controller)
  }
  const outside = async (): Promise<number> => {
    await kit.heapUsed()
    return process.memoryUsage().arrayBuffers
  }
  const start = await outside()
  for (let i = 0; i < 20; i += 1) await post()
  kit.say({ each: ((await outside()) - start) / 20 })
  await agent.destroy()
}

async function each(
  body: (kit: ChildKit, task: Task) => Promise<void>,
  task: Task,
): Promise<number> {
  const { code, said, stderr } = await runChild(body, task, { nodeArgs: ['--expose-gc'] })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return (said[0] as { each: number }).each
}

// Kept memory shows in each try; memory that V8 or Node sometimes keep does not.
describe.each(protocols)('over %s', { retry: 2 }, (protocol) => {
  it('a header’s value keeps no more than 512 bytes of its batch', async () => {
    expect(await each(keepTags, await useHeads(protocol, '/'))).toBeLessThan(3000)
  })

  it('a value of a large head keeps nothing else of the head', async () => {
    expect(await each(keepTags, await useHeads(protocol, '/large'))).toBeLessThan(3000)
  })

  it('an unfinished response keeps nothing of others', async () => {
    expect(await each(openStreams, await useHeads(protocol, '/large'))).toBeLessThan(20_000)
  })

  it('a controller does not keep the body that was sent', async () => {
    expect(await each(keepControllers, await useHeads(protocol, '/'))).toBeLessThan(10_000)
  })
})
