/**
 * `npm run soak [-- --seconds 60]`: mixed traffic over HTTP/1.1 and HTTP/2 with aborts, errors and pauses, and
 * connections that are used once, for ten minutes; then everything must be as after two fifths of the time.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Agent } from '../../lib/index.ts'
import type { Listening } from './server.ts'
import { connectOnce, drive } from './traffic.ts'
import type { Counts, Target } from './traffic.ts'
import { growth, readVitals } from './vitals.ts'
import type { Vitals } from './vitals.ts'

const kWorkersPerTarget = 24
const kPhases = 5

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } })
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new Error('--seconds wants a number above 0')

const child = fork(fileURLToPath(new URL('./server.ts', import.meta.url)), {
  execArgv: ['--no-warnings'],
})
const [{ http, https, ca }] = (await once(child, 'message')) as [Listening]

/** One Agent is made, used and closed. The next reading shows what it has left behind. */
async function phase(length: number, counts: Counts): Promise<void> {
  const dispatcher = new Agent({ connect: { ca } })
  const targets: Target[] = [
    { dispatcher, origin: `http://127.0.0.1:${http}` },
    { dispatcher, origin: `https://localhost:${https}` },
  ]
  const end = performance.now() + length * 1000
  const running = (): boolean => performance.now() < end
  const workers = targets.flatMap((target) =>
    Array.from({ length: kWorkersPerTarget }, () => drive(target, counts, running)),
  )
  const churn = async (): Promise<void> => {
    while (running()) {
      await connectOnce(targets[0] as Target)
      counts['connections'] = (counts['connections'] ?? 0) + 1
    }
  }
  await Promise.all([...workers, churn(), churn()])
  await dispatcher.close()
}

const counts: Counts = {}
const readings: Vitals[] = []
for (let n = 0; n < kPhases; n += 1) {
  await phase(seconds / kPhases, counts)
  const vitals = await readVitals()
  readings.push(vitals)
  const requests = Object.values(counts).reduce((sum, count) => sum + count, 0)
  console.log(
    `${String(requests).padStart(9)} requests  rss ${(vitals.rss / 1e6).toFixed(0)} MB  heap ${(vitals.heap / 1e6).toFixed(1)} MB  ` +
      `${vitals.descriptors} descriptors  ${vitals.threads} threads`,
  )
}
child.disconnect()

console.log(counts)
// Resident memory rises and falls with the allocator's pools, so only its lowest values count.
const last = readings.at(-1) as Vitals
const rss = Math.min(last.rss, (readings.at(-2) as Vitals).rss)
const found = growth(readings[1] as Vitals, { ...last, rss })
console.log(
  found.length === 0
    ? '1 passed, 0 failed, 0 skipped'
    : `grown: ${found.join('; ')}\n0 passed, 1 failed, 0 skipped`,
)
process.exitCode = found.length === 0 ? 0 : 1
