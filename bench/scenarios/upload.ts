/** POSTs whose body is echoed, 50 in flight. */
import { Readable } from 'node:stream'
import { echoing } from './scenario.ts'
import type { Target, TimedScenario } from './scenario.ts'
import { inFlight } from './slots.ts'

interface Settings {
  readonly name: string
  readonly title: string
  readonly body: () => Buffer | Readable
  readonly rate?: Target
}

const post = ({ name, title, body, rate }: Settings): TimedScenario => ({
  name,
  title,
  unit: 'request',
  targets: rate ? { rate } : {},
  agent: {},
  origin: echoing,
  needs: 'echo',
  drive: inFlight(50, (origin) => () => ({ origin, path: '/echo', method: 'POST', body: body() })),
})

const small = Buffer.alloc(1024, 'x')
const large = Buffer.alloc(65_536, 'x')

export const uploadScenarios: readonly TimedScenario[] = [
  post({
    name: 'post',
    title: 'POST of 1 KB, echoed, 50 in flight',
    body: () => small,
    rate: { atLeast: 1.2 },
  }),
  post({
    name: 'post-stream',
    title: 'POST of a 1 KB stream, echoed, 50 in flight',
    body: () => Readable.from([small], { objectMode: false }),
    rate: { atLeast: 1.1 },
  }),
  post({
    name: 'post-64k',
    title: 'POST of 64 KB, echoed, 50 in flight',
    body: () => large,
  }),
]
