/** `dodici get` that is stopped at any moment. `DODICI_TEST_FULL=1` stops it 100 times. */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../bulk/folder.ts'
import { serveObject, someBytes } from '../bulk/object-server.ts'
import { expectSoon } from '../bulk/soon.ts'
import { random, seedOf } from '../support/random.ts'
import { timeFactor } from '../support/time-factor.ts'
import { until } from '../support/wait.ts'
import { linesOf, start } from './command.ts'

const kRounds = process.env['DODICI_TEST_FULL'] === '1' ? 100 : 8
const kRanges = 8
const data = someBytes(kRanges * 100_000)

describe('dodici get that is stopped', { timeout: kRounds * 10_000 * timeFactor }, () => {
  it('leaves no half-written file, and says by which signal it ended', async () => {
    const draws = random(seedOf('signals, the command'), 3)
    const delays: number[] = []
    for (let round = 0; round < kRounds; round += 1) {
      const after = draws.below(kRanges + 1)
      const signal = draws.pick(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      await using server = await serveObject(data, ({ index, answer }) => {
        if (index < after) answer()
      })
      using folder = newFolder()
      const args = ['get', server.url, `${server.url}2`, '-o', folder.path, '--quiet']
      const child = start([...args, '--range-size', '100000', '-j', '2'])
      const isTime = (): boolean => server.ranges.length >= Math.min(after + 1, kRanges)
      await until('the moment for the signal', isTime)
      await new Promise((resolve) => setTimeout(resolve, draws.below(20)))
      const signalledAt = performance.now()
      child.process.kill(signal)
      await until('its connections are closed', () => server.connections() === 0)
      if (after < kRanges) delays.push(performance.now() - signalledAt)
      const { code, stdout, stderr } = await child.end()
      expect({ code, stdout }).toEqual({ code: 128 + constants.signals[signal], stdout: '' })
      if (after < kRanges) {
        expect(stderr).toBe(`dodici: ${server.url}: the process got ${signal}\n`)
        expect(folder.names()).toEqual([])
      } else if (folder.names().length > 0) {
        // The first was whole before the signal.
        expect(folder.names()).toEqual(['object'])
        expect(readFileSync(folder.file('object')).equals(data)).toBe(true)
      }
    }
    expectSoon(delays)
  })

  it('keeps what it has with --resume, and goes on with it', async () => {
    const draws = random(seedOf('signals, the command with --resume'), 4)
    for (let round = 0; round < kRounds / 2; round += 1) {
      let after = 1 + draws.below(kRanges - 1)
      await using server = await serveObject(data, ({ index, answer }) => {
        if (index < after) answer()
      })
      using folder = newFolder()
      const args = ['get', server.url, '-o', folder.path, '--resume', '--range-size', '100000']
      const child = start([...args, '-j', '1', '--quiet'])
      await until('the moment for the signal', () => server.ranges.length === after + 1)
      child.process.kill('SIGINT')
      expect(await child.end()).toMatchObject({ code: 130 })
      expect(folder.names().sort()).toEqual(['object.download', 'object.download.json'])
      const had = 100_000 * after
      after = Infinity
      const { code, stdout } = await start([...args, '--json']).end()
      expect(code).toBe(0)
      expect(linesOf(stdout).at(-1)).toMatchObject({ type: 'done', resumed: had })
      expect(folder.names()).toEqual(['object'])
      expect(readFileSync(folder.file('object')).equals(data)).toBe(true)
    }
  })
})
