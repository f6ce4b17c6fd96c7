/** Each row is tried with undici's request() and with ours, and must have the same result. */
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { request as asMethod } from '../../lib/answer/request.ts'
import { request } from '../../lib/api/request.ts'
import { Agent } from '../../lib/index.ts'
import { certificates } from '../support/certificates.ts'
import { startProtocol, type Protocol } from '../support/protocols.ts'
import { Puppet, settled } from './puppet.ts'
import { described, type Method, type PlayedRow, type Request, type SentRow } from './row.ts'
import { afterRows } from './rows/afterwards.ts'
import { argumentRows } from './rows/arguments.ts'
import { abortRows } from './rows/aborts.ts'
import { bodyRows } from './rows/bodies.ts'
import { dumpRows } from './rows/dumps.ts'
import { responseRows } from './rows/responses.ts'
import { sentRows as plainRows } from './rows/sent.ts'
import { streamRows } from './rows/streams.ts'
import { wrappedRows } from './rows/wrapped.ts'

const playedRows: readonly PlayedRow[] = [
  ...argumentRows,
  ...responseRows,
  ...bodyRows,
  ...afterRows,
  ...dumpRows,
  ...streamRows,
  ...abortRows,
]
const sentRows: readonly SentRow[] = [...plainRows, ...wrappedRows]

interface Functions {
  readonly request: Request
  readonly method: Method
}

const theirs: Functions = {
  request: undici.request as unknown as Request,
  method: undici.Dispatcher.prototype.request as unknown as Method,
}
const ours: Functions = {
  request: request as unknown as Request,
  method: asMethod as unknown as Method,
}

type Any = (...args: unknown[]) => never

/** `dispatcher` in the place of the default one. */
function by(dispatcher: undici.Dispatcher, functions: Functions): Functions {
  const call: Any = (url, options, ...rest) => {
    const isPlain = (typeof options === 'object' && options !== null) || options === undefined
    return (functions.request as Any)(url, isPlain ? { dispatcher, ...options } : options, ...rest)
  }
  return {
    request: call,
    method: (...args: unknown[]) => (functions.method as Any).apply(dispatcher, args),
  }
}

function asData(shown: unknown): unknown {
  return JSON.parse(JSON.stringify(shown ?? null)) as unknown
}

async function play({ play: show }: PlayedRow, functions: Functions): Promise<unknown> {
  const puppet = new Puppet()
  const { result: shown, uncaught } = await withUncaught(async () => {
    const result = await show({ ...by(puppet, functions), puppet })
    await settled()
    return result
  })
  return asData(uncaught.length === 0 ? shown : { shown, uncaught })
}

/** The result of `run`, and exceptions that nobody has caught meanwhile. */
async function withUncaught<T>(run: () => Promise<T>): Promise<{ result: T; uncaught: unknown[] }> {
  const uncaught: unknown[] = []
  const note = (error: unknown): unknown => uncaught.push(described(error))
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', note)
  try {
    return { result: await run(), uncaught }
  } finally {
    process.off('uncaughtException', note)
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
}

async function send(
  row: SentRow,
  protocol: Protocol,
  functions: Functions,
  agent: undici.Dispatcher,
) {
  const { promise: wait, resolve: go } = Promise.withResolvers<void>()
  const server = await startProtocol(protocol, async (asked, response) => {
    if (row.answer === undefined) response.end('hello')
    else await row.answer(asked, response, wait)
  })
  const { origin } = server
  try {
    return asData(await row.send({ ...by(agent, functions), dispatcher: agent, origin, go }))
  } finally {
    go()
    await agent.destroy()
    await server.close()
  }
}

function compare(row: PlayedRow | SentRow, shown: { theirs: unknown; ours: unknown }): void {
  if (row.ours === undefined) {
    expect(shown.ours).toEqual(shown.theirs)
  } else {
    expect(shown.ours).toEqual(row.ours)
    expect(shown.theirs).not.toEqual(row.ours)
  }
}

describe('request()', () => {
  it.each(playedRows.map((row) => [`${row.group}: ${row.name}`, row] as const))(
    '%s',
    async (_name, row) => {
      compare(row, { theirs: await play(row, theirs), ours: await play(row, ours) })
    },
  )

  describe.each(['HTTP/1.1', 'HTTP/2'] as const)('over %s', (protocol) => {
    const connect = { ca: certificates().ca }
    const agents = {
      undici: () => new undici.Agent({ connect }),
      dodici: () => new Agent({ connect }),
    }

    it.each(sentRows.map((row) => [`${row.group}: ${row.name}`, row] as const))(
      '%s',
      async (_name, row) => {
        const expected = await send(row, protocol, theirs, agents.undici())
        compare(row, { theirs: expected, ours: await send(row, protocol, ours, agents.dodici()) })
        // It is a handler, so that any dispatcher takes it.
        compare(row, { theirs: expected, ours: await send(row, protocol, ours, agents.undici()) })
      },
    )
  })

  it('has enough rows, each with a name of its own', () => {
    const names = [...playedRows, ...sentRows].map(({ group, name }) => `${group}: ${name}`)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(120)
  })
})
