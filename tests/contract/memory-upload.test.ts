/** Item 2: a streamed upload of 1 GB goes through bounded memory, at the pace of the server. */
import { describe, expect, it } from 'vitest'
import { kGigabyte, kMegabyte } from '../support/big-body.ts'
import { certificates } from '../support/certificates.ts'
import { runChild, startChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useProtocol } from '../support/protocols.ts'
import type { Protocol } from '../support/protocols.ts'

interface Task {
  origin: string
  ca: string
  bytes: number
}

const over: readonly Protocol[] = ['HTTP/1.1', 'HTTP/2']

// As in memory-download.test.ts: late garbage collection does not fail three times.
describe.each(over)('an upload of 1 GB from a generator over %s', { retry: 2 }, (protocol) => {
  it('grows resident memory by less than 32 MB', async () => {
    const { origin } = await useProtocol(protocol, (request, response) => {
      let received = 0
      request.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      request.on('end', () => response.end(String(received)))
    })
    const task = { origin, ca: certificates().ca, bytes: kGigabyte }
    const { code, said, stderr } = await runChild(upload, task)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { answer, grownBy } = said[0] as { answer: string; grownBy: number }
    expect(Number(answer)).toBe(kGigabyte)
    expect(grownBy).toBeLessThan(32 * kMegabyte)
  })

  it('stops pulling from the generator while the server does not read', async () => {
    let go: (() => void) | undefined
    const { origin } = await useProtocol(protocol, (request, response) => {
      go = () => {
        request.resume()
        request.on('end', () => response.end('done'))
      }
    })
    const task = { origin, ca: certificates().ca, bytes: 64 * kMegabyte }
    const child = startChild(uploadToNobody, task)
    await child.next()
    const stuck = (await child.next()) as { produced: number }
    // A window, and the kernel's buffers on both sides.
    expect(stuck.produced).toBeLessThan(16 * kMegabyte)
    go?.()
    const { code, said, stderr } = await child.exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(said.at(-1)).toEqual({ produced: 64 * kMegabyte, text: 'done' })
  })
})

async function upload(kit: ChildKit, { origin, ca, bytes }: Task): Promise<void> {
  const agent = await kit.createAgent({ connect: { ca } })
  const piece = Buffer.alloc(64 * 1024, 7)
  let peak = 0
  async function* source(length: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < length; at += piece.length) {
      if (at % (4 * 1024 * 1024) === 0) peak = Math.max(peak, kit.rss())
      yield piece
    }
  }
  const send = async (length: number): Promise<string> => {
    const body = source(length) as never
    const response = await agent.request({ origin, path: '/', method: 'POST', body })
    return response.body.text()
  }
  await send(bytes / 16)
  const rss = kit.rss()
  peak = 0
  const answer = await send(bytes)
  kit.say({ answer, grownBy: peak - rss })
  await agent.destroy()
}

async function uploadToNobody(kit: ChildKit, { origin, ca, bytes }: Task): Promise<void> {
  const agent = await kit.createAgent({ connect: { ca } })
  const piece = Buffer.alloc(64 * 1024, 7)
  let produced = 0
  async function* source(): AsyncGenerator<Buffer> {
    while (produced < bytes) {
      produced += piece.length
      yield piece
    }
  }
  const body = source() as never
  const answer = agent.request({ origin, path: '/', method: 'POST', body })
  await kit.until('the generator was asked', () => produced > 0)
  kit.say('started')
  // Unchanged for 200 ms: the source has to wait.
  let last = -1
  while (last !== produced) {
    last = produced
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  kit.say({ produced })
  const text = await (await answer).body.text()
  kit.say({ produced, text })
  await agent.destroy()
}
