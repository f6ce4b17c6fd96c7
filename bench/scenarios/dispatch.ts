/** GETs of a small body by `dispatch()`. */
import { kSmall, plain, secure } from './scenario.ts'
import type { TimedScenario } from './scenario.ts'
import { inFlight } from './slots.ts'

const gets = (count: number): TimedScenario['drive'] =>
  inFlight(count, (origin) => {
    const options = { origin, path: kSmall, method: 'GET' } as const
    return () => options
  })

const h1 = { unit: 'request', agent: {}, origin: plain } as const
const https1 = { unit: 'request', agent: { allowH2: false }, origin: secure } as const
const h2 = { unit: 'request', agent: { allowH2: true }, origin: secure } as const

export const dispatchScenarios: readonly TimedScenario[] = [
  {
    ...h1,
    name: 'h1-1',
    title: 'HTTP/1.1 GET, 1 in flight',
    targets: {},
    drive: gets(1),
  },
  {
    ...h1,
    name: 'h1',
    title: 'HTTP/1.1 GET, 50 in flight',
    targets: { rate: { atLeast: 1.25 }, jsCpu: { atMost: 0.2 }, processCpu: { atMost: 1.1 } },
    drive: gets(50),
  },
  {
    ...h1,
    name: 'h1-1000',
    title: 'HTTP/1.1 GET, 1000 in flight',
    targets: { rate: { atLeast: 1.5 }, jsCpu: { atMost: 0.1 } },
    drive: gets(1000),
  },
  {
    ...https1,
    name: 'https1',
    title: 'HTTP/1.1 GET over TLS, 50 in flight',
    targets: { rate: { atLeast: 1.2 }, jsCpu: { atMost: 0.2 } },
    drive: gets(50),
  },
  {
    ...h2,
    name: 'h2-1',
    title: 'HTTP/2 GET over TLS, 1 in flight',
    targets: {},
    drive: gets(1),
  },
  {
    ...h2,
    name: 'h2',
    title: 'HTTP/2 GET over TLS, 100 in flight',
    targets: { rate: { atLeast: 2.2 }, jsCpu: { atMost: 0.06 }, processCpu: { atMost: 0.5 } },
    drive: gets(100),
  },
]
