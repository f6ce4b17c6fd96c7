/** Item 4: ten thousand short requests with random aborts and pauses: exactly one terminal call each. */
import { describe, expect, it } from 'vitest'
import { useAgent } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol } from '../support/protocols.ts'
import { dispatch } from '../support/recorder.ts'
import type { Controller, Hooks, Recorder } from '../support/recorder.ts'
import { timeFactor } from '../support/time-factor.ts'
import { quiet } from '../support/wait.ts'

const patience = { timeout: 60_000 * timeFactor }

const shares: Record<Protocol, number> = {
  'HTTP/1.1': 6000,
  HTTPS: 1500,
  'HTTP/2': 2500,
  'HTTP/3': 1000,
}

/** The same sequence in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Moment = 'onRequestStart' | 'onResponseStart' | 'onResponseData'
const moments: readonly Moment[] = ['onRequestStart', 'onResponseStart', 'onResponseData']

/** One in four is aborted somewhere, one in four paused somewhere, by the request's own number. */
function mischief(random: (below: number) => number): Hooks {
  const moment = moments[random(moments.length)] as Moment
  const later = random(3)
  switch (random(8)) {
    case 0:
      return {
        [moment]: (_self: Recorder, controller: Controller) => controller.abort(new Error()),
      }
    case 1:
      return {
        onRequestStart: (_self, controller) => {
          setTimeout(() => controller.abort(new Error()), later)
        },
      }
    case 2:
    case 3:
      return {
        [moment]: (_self: Recorder, controller: Controller) => {
          controller.pause()
          setTimeout(() => controller.resume(), later)
        },
      }
    default:
      return {}
  }
}

describe('ten thousand short requests', () => {
  it.each(protocols)('over %s end exactly once each', patience, async (protocol) => {
    const { origin } = await useProtocol(protocol, (request, response) => {
      const size = Number(request.url?.slice(1))
      response.end(Buffer.alloc(size, 'x'))
    })
    const agent = await useAgent({ connections: 20 })
    const random = randomFrom(4711)
    const total = shares[protocol]
    const outcomes = { ended: 0, aborted: 0, wrong: [] as string[] }
    const finished: Recorder[] = []
    let started = 0
    const one = async (): Promise<void> => {
      while (started < total) {
        started += 1
        const size = random(4) === 0 ? random(50_000) : random(200)
        const recorder = dispatch(agent, { origin, path: `/${size}` }, mischief(random))
        await recorder.done
        finished.push(recorder)
        const { controller } = recorder
        if (recorder.names.at(-1) === 'onResponseEnd') {
          outcomes.ended += 1
          if (recorder.body.length !== size) outcomes.wrong.push(`${recorder.body.length}/${size}`)
        } else if (controller?.aborted) {
          outcomes.aborted += 1
        } else {
          outcomes.wrong.push(String(recorder.error))
        }
        recorder.chunks.length = 0
      }
    }
    await Promise.all(Array.from({ length: 50 }, one))
    await quiet()
    expect(outcomes.wrong).toEqual([])
    expect(outcomes.ended + outcomes.aborted).toBe(total)
    expect(outcomes.aborted).toBeGreaterThan(total / 20)
    expect(finished.filter((recorder) => recorder.terminalCalls !== 1)).toEqual([])
    await agent.close()
  })
})
