/** Item 3: neither a slow reader nor a blocked JavaScript thread makes memory grow. */
import { describe, expect, it } from 'vitest'
import { bigBody, kGigabyte, kMegabyte } from '../support/big-body.ts'
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

interface Outcome {
  received: number
  grownBy: number
}

const over: readonly Protocol[] = ['HTTP/1.1', 'HTTP/2']

// An unbounded queue fails every time; late garbage collection on a machine under load does not.
describe.each(over)('a body of 1 GB over %s', { retry: 2 }, (protocol) => {
  it('read slowly grows resident memory by less than 16 MB', async () => {
    const body = bigBody()
    const { origin } = await useProtocol(protocol, body.handler)
    const task = { origin, ca: certificates().ca, bytes: kGigabyte }
    const { code, said, stderr } = await runChild(readSlowly, task)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [slow, all] = said as Outcome[]
    expect(slow?.grownBy).toBeLessThan(16 * kMegabyte)
    expect(all?.received).toBe(kGigabyte)
    // The rest is read at full speed: what V8 has not collected yet counts here too.
    expect(all?.grownBy).toBeLessThan(64 * kMegabyte)
  })

  it('is not read from the server while the JavaScript thread is blocked, and memory does not grow', async () => {
    const body = bigBody()
    const { origin } = await useProtocol(protocol, body.handler)
    const task = { origin, ca: certificates().ca, bytes: kGigabyte }
    const child = startChild(blockInTheMiddle, task)
    await child.next()
    const before = body.sent
    const { grownBy } = (await child.next()) as Outcome
    const during = body.sent - before
    const { code, stderr } = await child.exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(grownBy).toBeLessThan(16 * kMegabyte)
    // The window, the kernel's buffers on both sides, and bytes that were on the way when it blocked.
    expect(during).toBeLessThan(32 * kMegabyte)
  })
})

async function readSlowly(kit: ChildKit, { origin, ca, bytes }: Task): Promise<void> {
  const agent = await kit.createAgent({ connect: { ca } })
  const read = async (length: number, pause: (received: number) => boolean): Promise<Outcome> => {
    let received = 0
    let peak = 0
    const rss = kit.rss()
    const { body } = await agent.request({ origin, path: `/${length}`, method: 'GET' })
    for await (const chunk of body) {
      received += (chunk as Buffer).length
      peak = Math.max(peak, kit.rss())
      if (pause(received)) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return { received, grownBy: peak - rss }
  }
  await read(bytes / 4, () => false)
  const rss = kit.rss()
  let slow = true
  const end = performance.now() + 1500
  const all = await read(bytes, () => {
    if (slow && performance.now() > end) {
      slow = false
      kit.say({ received: 0, grownBy: kit.rss() - rss })
    }
    return slow
  })
  kit.say(all)
  await agent.destroy()
}

async function blockInTheMiddle(kit: ChildKit, { origin, ca, bytes }: Task): Promise<void> {
  const agent = await kit.createAgent({ connect: { ca } })
  let received = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const recorder = kit.dispatch(
    agent,
    { origin, path: `/${bytes}` },
    {
      onResponseData: (self, _controller, chunk) => {
        self.chunks.length = 0
        self.calls.length = 0
        received += chunk.length
        if (received > 256 * 1024 * 1024) resolve()
      },
    },
  )
  recorder.done.catch(() => {})
  await promise
  const rss = kit.rss()
  kit.say('blocking')
  kit.blockThread(1000)
  kit.say({ received, grownBy: kit.rss() - rss })
  recorder.controller?.abort(new Error('done'))
  await agent.destroy()
}
