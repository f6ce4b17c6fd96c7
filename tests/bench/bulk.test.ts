/** The parts of `npm run bench -- bulk` that could make its figures wrong. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { cases } from '../../bench/bulk/cases.ts'
import { limiter } from '../../bench/bulk/limiter.ts'
import { startRelay } from '../../bench/bulk/relay-process.ts'
import { judge, judgementTable, resultTable, type Round } from '../../bench/bulk/report.ts'
import { serveObject, someBytes } from '../bulk/object-server.ts'

const file = cases.find(({ name }) => name === 'file') ?? cases[0]
if (file === undefined) throw new Error('there are no cases')

const round = (
  contender: Round['contender'],
  seconds: number,
  more: Partial<Round> = {},
): Round => ({
  case: 'file',
  contender,
  round: 1,
  seconds,
  bytes: 1e9,
  jsCpuMicros: 1000,
  memoryBytes: 5e6,
  ...more,
})

describe('the tables', () => {
  const rounds = [
    round('undici', 2, { jsCpuMicros: 128_000 }),
    round('aria2c', 1),
    round('dodici', 0.8),
    round('undici', 2, { jsCpuMicros: 128_000 }),
    round('aria2c', 1),
    round('dodici', 2),
    round('undici', 2, { jsCpuMicros: 8000 }),
    round('aria2c', 2),
    round('dodici', 1),
  ]

  it('compare the rounds one by one, and say what is reached', () => {
    const [rate, jsCpu, memory] = judge(file, rounds)
    expect(rate).toMatchObject({ value: 1.25, lowest: 0.5, highest: 2, isReached: true })
    expect(jsCpu).toMatchObject({ value: 1 / 128, highest: 1 / 8, isReached: true })
    expect(memory).toMatchObject({ value: 5e6, isReached: true })
    const slow = rounds.map((each) =>
      each.contender === 'dodici' ? { ...each, seconds: 9 } : each,
    )
    expect(judge(file, slow)[0]).toMatchObject({ isReached: false })
  })

  it('say what was not measured, because a program is not there', () => {
    const judged = judge(
      file,
      rounds.filter(({ contender }) => contender !== 'aria2c'),
    )
    expect(judged[0]).toMatchObject({ isReached: undefined })
    expect(judgementTable(judged)).toContain(
      '| rate, to aria2c | **–** | – | >= 0.95x | not measured |',
    )
    expect(resultTable([file], rounds)).toContain('|  | dodici | 1 000 | 1 | 5 |')
  })
})

describe('limiter()', () => {
  it('runs as many as it may, in order', async () => {
    const limit = limiter(3)
    const begun: number[] = []
    const gates = Array.from({ length: 6 }, () => Promise.withResolvers<number>())
    const all = gates.map(({ promise }, index) =>
      limit(() => {
        begun.push(index)
        return promise
      }),
    )
    expect(begun).toEqual([0, 1, 2])
    gates[1]?.resolve(1)
    await all[1]
    expect(begun).toEqual([0, 1, 2, 3])
    gates[0]?.reject(new Error('failed'))
    await expect(all[0]).rejects.toThrow('failed')
    for (const gate of gates) gate.resolve(7)
    await Promise.all(all.slice(1))
    expect(begun).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('the relay', () => {
  it('hands all on, late and slowly', async () => {
    const data = someBytes(5_000_000)
    await using server = await serveObject(data)
    const relay = await startRelay(Number(new URL(server.url).port))
    try {
      const socket = connect(relay.port, '127.0.0.1')
      await once(socket, 'connect')
      const startedAt = performance.now()
      socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
      const answer = await buffer(socket)
      const elapsed = performance.now() - startedAt
      expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(data)).toBe(true)
      // 20 ms, and 5 MB at 50 MB/s.
      expect(elapsed).toBeGreaterThan(115)
    } finally {
      await relay.stop()
    }
  })
})
