/** cancelOnSignals(), and the examples that stop with it. `DODICI_TEST_FULL=1` stops each of them 100 times. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type * as Bulk from '../../lib/bulk.ts'
import { cancelOnSignals, SignalError } from '../../lib/bulk.ts'
import { startChild, type ChildBody } from '../support/child.ts'
import { random, seedOf, type Random } from '../support/random.ts'
import { timeFactor } from '../support/time-factor.ts'
import { until, within } from '../support/wait.ts'
import { newFolder } from './folder.ts'
import { serveObject, someBytes, type ObjectServer } from './object-server.ts'
import { expectSoon } from './soon.ts'

const kFewRounds = timeFactor > 1 ? 4 : 8
const kRounds = process.env['DODICI_TEST_FULL'] === '1' ? 100 : kFewRounds
const bulk = new URL('../../lib/bulk.ts', import.meta.url).href
const exampleOf = (name: string): string =>
  fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url))

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

interface Stop {
  readonly args: readonly string[]
  readonly signal: NodeJS.Signals
  readonly server: ObjectServer
  /** the moment: after so many requests, and milliseconds more */
  readonly requests: number
  readonly later: number
  /** whether what it has left behind is gone */
  readonly isGone: () => boolean
}

/** Runs an example, and sends it a signal. `delay` is how long its connections and files lasted from then on. */
async function stop({ args, signal, server, requests, later, isGone }: Stop): Promise<{
  ended: Ended
  delay: number
}> {
  const child = spawn(process.execPath, ['--no-warnings', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  child.stderr.on('data', (text) => (output += String(text)))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, killedBy) => resolve({ code, signal: killedBy, output }))
  })
  await until('the moment for the signal', () => server.ranges.length >= requests)
  await new Promise((resolve) => setTimeout(resolve, later))
  const start = performance.now()
  child.kill(signal)
  await until('nothing is left', () => server.connections() === 0 && isGone())
  const delay = performance.now() - start
  return { ended: await within('the process ends', ended), delay }
}

const signalOf = (draws: Random): NodeJS.Signals => draws.pick(['SIGINT', 'SIGTERM'])
const stopped = (signal: NodeJS.Signals): Ended => ({
  code: 130,
  signal: null,
  output: `stopped: the process got ${signal}\n`,
})

describe(
  'an example that is stopped at any moment',
  { timeout: kRounds * 10_000 * timeFactor },
  () => {
    it('leaves no file, if it downloads', async () => {
      const data = someBytes(8 * 1024 * 1024)
      const draws = random(seedOf('signals, download'), 1)
      const delays: number[] = []
      for (let round = 0; round < kRounds; round += 1) {
        const after = draws.below(9)
        const signal = signalOf(draws)
        // Of what comes after that many requests, only the beginning is sent.
        await using server = await serveObject(data, ({ index, range, response, answer }) => {
          if (index < after || range === undefined) {
            answer()
          } else {
            const { begin, last } = range
            response.writeHead(206, {
              'content-range': `bytes ${begin}-${last}/${data.length}`,
              'content-length': last - begin + 1,
              etag: server.object.etag,
            })
            response.write(data.subarray(begin, begin + 1000))
          }
        })
        using folder = newFolder()
        const { ended, delay } = await stop({
          args: [exampleOf('download'), server.url, folder.file('a')],
          signal,
          server,
          requests: Math.min(after + 1, 8),
          later: draws.below(20),
          isGone: () => !folder.names().some((name) => name !== 'a'),
        })
        if (after < 8) {
          delays.push(delay)
          expect(ended).toEqual(stopped(signal))
          expect(folder.names()).toEqual([])
        } else {
          // All was answered: the signal came before the end or behind it.
          expect([0, 130, null]).toContain(ended.code)
          expect(folder.names().filter((name) => name !== 'a')).toEqual([])
        }
      }
      expectSoon(delays)
    })

    it('leaves no connection, if it loads', async () => {
      const draws = random(seedOf('signals, load'), 2)
      const delays: number[] = []
      for (let round = 0; round < kRounds; round += 1) {
        const after = draws.below(200)
        const signal = signalOf(draws)
        await using server = await serveObject(someBytes(2000), ({ index, answer }) => {
          if (index < after) answer()
        })
        const { ended, delay } = await stop({
          args: [exampleOf('load'), `${server.url}/`],
          signal,
          server,
          requests: after + 1,
          later: draws.below(20),
          isGone: () => true,
        })
        delays.push(delay)
        expect(ended).toEqual(stopped(signal))
      }
      expectSoon(delays)
    })
  },
)

describe('cancelOnSignals()', () => {
  /** Does not stop when it should. */
  const stubborn: ChildBody<string> = async ({ load, say }, bulk) => {
    const { cancelOnSignals } = (await load(bulk)) as unknown as typeof Bulk
    const controller = new AbortController()
    controller.signal.addEventListener('abort', () => say('aborted'))
    cancelOnSignals(controller)
    setInterval(() => {}, 60_000)
    say('ready')
  }

  it('leaves a second signal to the system, which ends the process', async () => {
    const child = startChild(stubborn, bulk)
    expect(await child.next()).toBe('ready')
    child.process.kill('SIGTERM')
    expect(await child.next()).toBe('aborted')
    child.process.kill('SIGTERM')
    expect(await child.exited).toMatchObject({ code: null, signal: 'SIGTERM' })
  })

  it('listens to nothing but the given signals, and not behind its disposal', () => {
    const controller = new AbortController()
    const before = process.listenerCount('SIGUSR2')
    const listening = cancelOnSignals(controller, ['SIGUSR2'])
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1)
    process.emit('SIGUSR2', 'SIGUSR2')
    expect(controller.signal.reason).toBeInstanceOf(SignalError)
    expect(controller.signal.reason).toMatchObject({ code: 'ERR_SIGNAL', signal: 'SIGUSR2' })
    expect(process.listenerCount('SIGUSR2')).toBe(before)
    listening[Symbol.dispose]()
    const other = cancelOnSignals(new AbortController(), ['SIGUSR2'])
    other[Symbol.dispose]()
    expect(process.listenerCount('SIGUSR2')).toBe(before)
  })

  it.each([
    [undefined, ['SIGINT'], 'controller must be an AbortController'],
    [{}, ['SIGINT'], 'controller must be an AbortController'],
    [new AbortController(), 'SIGINT', 'signals must be an array of names of signals'],
    [new AbortController(), [2], 'signals must be an array of names of signals'],
  ])('refuses %s, %s', (controller, signals, message) => {
    const call = (): unknown => cancelOnSignals(controller as never, signals as never)
    expect(call).toThrow(expect.objectContaining({ code: 'UND_ERR_INVALID_ARG', message }))
  })
})
