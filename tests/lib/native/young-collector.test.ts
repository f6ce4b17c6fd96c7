import { Buffer } from 'node:buffer'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Recorder } from '../support/recorder.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const megabyte = Buffer.alloc(1024 * 1024)
const get = { origin: 'http://a.test', path: '/', method: 'GET' } as const

// The collector looks for V8's function once per process, so each case loads it again.
beforeEach(() => vi.resetModules())
afterEach(() => vi.unstubAllGlobals())

describe('the young collector', () => {
  it('asks for a young collection after 8 MB of large chunks, when the handler has had them', async () => {
    const gc = vi.fn<(options: object) => void>()
    vi.stubGlobal('gc', gc)
    const { Agent } = await import('../../../lib/api/agent.ts')
    const fake = await import('../support/fake-native.ts')
    const seen: number[] = []
    const handler = new Recorder({ onResponseData: () => seen.push(gc.mock.calls.length) })
    new Agent().dispatch(get, handler)
    const native = fake.client()
    native.batch((b) => b.head(1))
    for (let i = 0; i < 7; i++) {
      native.batch((b) => b.block(1, megabyte))
    }
    expect(gc).not.toHaveBeenCalled()
    native.batch((b) => b.block(1, megabyte))
    expect(gc.mock.calls).toEqual([[{ type: 'minor' }]])
    expect(seen).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('asks less often when a collection is slow', async () => {
    const gc = vi.fn<() => void>()
    vi.stubGlobal('gc', gc)
    const { YoungCollector } = await import('../../../lib/native/young-collector.ts')
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 2))
    const collector = new YoungCollector()
    collector.add(8 * megabyte.length)
    collector.add(8 * megabyte.length)
    expect(gc).toHaveBeenCalledTimes(1)
    collector.add(24 * megabyte.length)
    expect(gc).toHaveBeenCalledTimes(2)
    clock.mockRestore()
  })

  it('finds V8\u2019s function by itself, and leaves no trace', async () => {
    vi.stubGlobal('gc', undefined)
    const { YoungCollector } = await import('../../../lib/native/young-collector.ts')
    const { runInNewContext } = await import('node:vm')
    const collector = new YoungCollector()
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 8; i++) {
      Buffer.alloc(megabyte.length)
    }
    // Far too little for V8 to collect by itself.
    expect(process.memoryUsage().arrayBuffers).toBeGreaterThan(before + 6 * megabyte.length)
    collector.add(8 * megabyte.length)
    // V8 frees them on a thread of its own.
    await vi.waitFor(
      () => expect(process.memoryUsage().arrayBuffers).toBeLessThan(before + megabyte.length),
      { timeout: 10_000 },
    )
    expect(globalThis.gc).toBeUndefined()
    expect(runInNewContext('typeof gc')).toBe('undefined')
  })
})
