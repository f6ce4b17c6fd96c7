/**
 * An HTTP/2 server that misbehaves at random: each request ends once, no POST is processed twice, the server's
 * responses arrive, and nothing is left behind. `DODICI_TEST_FULL=1` sends 100,000 requests in each case;
 * `DODICI_TEST_AGENT=undici` shows how undici fares.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import type { AgentOptions } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { Ledger } from '../support/chaos-ledger.ts'
import { useH2Frames } from '../support/fixtures.ts'
import { seedOf } from '../support/random.ts'
import { ChaosConnection } from '../support/servers/h2-chaos.ts'
import type { Ways } from '../support/servers/h2-chaos.ts'
import { timeFactor } from '../support/time-factor.ts'
import type { Message, Task } from './client.ts'

const isFull = process.env['DODICI_TEST_FULL'] === '1'
/** A smaller number for CI, and half of that under a sanitizer. */
const kSmallShare = timeFactor > 1 ? 0.03 : 0.06
const kShare = isFull ? 1 : kSmallShare
const kDeadlineMs = isFull ? 900_000 : 60_000
const kRequestDeadlineMs = 10_000
const kMostGrowth = 48e6

const everything: Ways = { streams: true, limits: true, goodbyes: true }
const cases: [string, Ways, number, AgentOptions][] = [
  ['behaves', {}, 20_000, {}],
  ['resets streams and answers early', { streams: true }, 30_000, {}],
  ['changes its limits', { limits: true }, 30_000, {}],
  ['says goodbye', { goodbyes: true }, 30_000, {}],
  ['does everything', everything, 100_000, {}],
  ['does everything, on one connection', everything, 50_000, { connections: 1 }],
]

it.each(cases)(
  'each request to a server that %s ends exactly once',
  async (_name, ways, most, options) => {
    const count = Math.ceil(most * kShare)
    const seed = seedOf('HTTP/2 chaos')
    const ledger = new Ledger()
    const connections: ChaosConnection[] = []
    const server = await useH2Frames((peer, index) => {
      connections.push(new ChaosConnection(peer, index, ledger, seed, ways))
      return Promise.resolve()
    })
    const file = fileURLToPath(new URL('client.ts', import.meta.url))
    const child = fork(file, { execArgv: ['--no-warnings', '--expose-gc'] })
    let vitals: Extract<Message, { before: unknown }> | undefined
    child.on('message', (message: Message) => {
      if ('outcomes' in message) {
        for (const outcome of message.outcomes) ledger.settle(outcome)
      } else if ('late' in message) {
        for (const id of message.late) {
          ledger.violate(`request ${id} did not end. ${ledger.diagnosis(id)}`)
        }
        child.kill('SIGKILL')
      } else {
        vitals = message
      }
    })
    const task: Task = {
      kind: agentKind,
      options,
      origin: server.origin,
      ca: certificates().ca,
      seed,
      count,
      inFlight: 60,
      deadlineMs: kRequestDeadlineMs,
    }
    const start = performance.now()
    child.send(task)
    const timer = setTimeout(() => {
      ledger.violate('the client did not come to its end')
      child.kill('SIGKILL')
    }, kDeadlineMs)
    const [code] = (await once(child, 'exit')) as [number | null]
    clearTimeout(timer)
    console.log(Math.round(performance.now() - start), 'ms', ledger.done, ledger.outcomes, vitals)
    console.log(`${ledger.violations.length} violations`)
    // The first ones suffice; there may be thousands. A report of CI shows the message alone.
    const first = ledger.violations.slice(0, 30)
    expect(first, `violated: ${first.slice(0, 3).join('\n')}`).toEqual([])
    expect(code).toBe(0)
    if (!vitals) throw new Error('the client told nothing of itself')
    expect(vitals.after.descriptors).toBeLessThanOrEqual(vitals.before.descriptors + 2)
    // AddressSanitizer keeps what was freed.
    if (process.env['ASAN_OPTIONS'] === undefined) {
      expect(vitals.after.rss - vitals.warm.rss).toBeLessThan(kMostGrowth)
    }
  },
  kDeadlineMs + 10_000,
)
