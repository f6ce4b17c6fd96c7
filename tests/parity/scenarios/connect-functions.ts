/** How often a connect function is called, with which arguments, and the result. */
import { counting, connecting } from '../../support/connecting.ts'
import type { Connecting } from '../../support/connecting.ts'
import type { AgentOptions, TestAgent } from '../../support/agents.ts'
import { exchange } from '../../support/recorder.ts'
import { until } from '../../support/wait.ts'
import { normalValue } from '../normalize.ts'
import type { Normal } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

interface Row {
  readonly no: number
  readonly name: string
  readonly protocol: 'plain' | 'h1' | 'h2'
  readonly connecting?: () => Connecting
  readonly agent?: AgentOptions
  readonly play: (agent: TestAgent, origin: string) => Promise<Normal>
}

const protocols = ['plain', 'h1', 'h2'] as const

const refused = (): Connecting =>
  connecting((_to, back, index) => setImmediate(back, new Error(`no ${index}`), null))

const one = async (agent: TestAgent, origin: string): Promise<Normal> => {
  const { text, error } = await exchange(agent, { origin })
  return error === undefined ? text : String(error)
}

const sequence = async (agent: TestAgent, origin: string): Promise<Normal> => {
  const texts: Normal[] = []
  for (let i = 0; i < 4; i += 1) texts.push(await one(agent, origin))
  return texts
}

const together = async (agent: TestAgent, origin: string): Promise<Normal> => {
  const all = await Promise.all([1, 2, 3, 4, 5, 6].map(() => one(agent, origin)))
  return all.map(String).toSorted()
}

const ofAll = protocols.flatMap((protocol): Row[] => [
  {
    no: 14,
    name: 'one after another on one connection',
    protocol,
    agent: { connections: 1 },
    play: sequence,
  },
  {
    no: 17,
    name: 'two requests a connection',
    protocol,
    agent: { connections: 1, maxRequestsPerClient: 2 },
    play: sequence,
  },
  { no: 20, name: 'together on two', protocol, agent: { connections: 2 }, play: together },
  { no: 20, name: 'together on one', protocol, agent: { connections: 1 }, play: together },
  { no: 21, name: 'that fails', protocol, connecting: refused, play: one },
  { no: 21, name: 'that fails six times', protocol, connecting: refused, play: together },
  {
    no: 21,
    name: 'that fails for one connection',
    protocol,
    connecting: refused,
    agent: { connections: 1 },
    play: together,
  },
])

const rows: readonly Row[] = [
  ...ofAll,
  { no: 16, name: 'pipelining: 0', protocol: 'h1', agent: { pipelining: 0 }, play: sequence },
]

export const connectFunctionScenarios: readonly Scenario[] = rows.map((row) => ({
  no: row.no,
  name: `connect function, ${row.protocol}: ${row.name}`,
  play: async (stage) => {
    const answer = (_request: unknown, response: { end: (text: string) => void }): void =>
      response.end('ok')
    const server =
      row.protocol === 'plain'
        ? await stage.http1(answer)
        : await stage.tls({ protocols: row.protocol, onRequest: answer })
    const { connect, asked } = row.connecting?.() ?? counting()
    const agent = await stage.agent({ ...row.agent, connect })
    const events: string[] = []
    for (const event of ['connect', 'connectionError'] as const) {
      agent.on(event as 'connectionError', (_origin, _targets, error) => {
        events.push(`${event} ${(error as Error | undefined)?.message ?? ''}`)
      })
    }
    const result = await row.play(agent, server.origin)
    await until('an event for each call', () => events.length === asked.length)
    return {
      result,
      calls: asked.length,
      first: normalValue({ ...asked[0], host: '', port: '' }),
      events: events.toSorted(),
    }
  },
}))
