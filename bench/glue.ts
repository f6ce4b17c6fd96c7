/**
 * The cost of a request in JavaScript, before and after native, without a network: `npm run bench -- glue`. It is the
 * CPU time of this thread, as the mean of the rounds, because its clock may only tick every few milliseconds.
 */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { loadBinding } from '../lib/native/load.ts'
import type { NativeClient, NativeClientOptions } from '../lib/native/contract.ts'
import { Agent } from '../lib/index.ts'
import { encodeResponses } from './support/glue-batch.ts'

const kWarmUps = 5
const kRounds = 21
const kRequests = 20_000
const kPerBatch = 50

/** A handler that does nothing. */
const handler = {
  onRequestStart() {},
  onResponseStart() {},
  onResponseData() {},
  onResponseEnd() {},
  onResponseError(_controller: unknown, error: Error) {
    // Waiting requests are destroyed with their Agent.
    if (error.name !== 'ClientDestroyedError') throw error
  },
}

const headers = {
  accept: 'application/json',
  'user-agent': 'a client',
  authorization: 'Bearer 8a5edab282632443219e051e4ade2d1d5bbc671c781051bf1437897cbdfea0f1',
}

// Accepts connections and never answers.
const server = createServer(() => {}).listen(0, '127.0.0.1')
await new Promise((resolve) => {
  server.once('listening', resolve)
})
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function dispatchMany(agent: Agent, count: number): void {
  const options = { origin, path: '/small', method: 'GET', headers } as const
  for (let i = 0; i < count; i += 1) agent.dispatch(options, handler)
}

/** The CPU time of this thread in nanoseconds for each of `count`. */
function cpuOfEach(count: number, work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const after = process.threadCpuUsage(before)
  return ((after.user + after.system) * 1000) / count
}

/** Makes an Agent, and the native client of its first request. */
function agentWithClient(isDeaf: boolean): { agent: Agent; client: NativeClient } {
  const binding = loadBinding()
  const { Client } = binding
  const made: NativeClient[] = []
  class Noted extends Client {
    constructor(options: NativeClientOptions) {
      super(options)
      made.push(this)
    }
  }
  class Deaf extends Noted {
    override submit(): void {}
  }
  binding.Client = isDeaf ? Deaf : Noted
  const agent = new Agent({ connections: 1 })
  dispatchMany(agent, 1)
  binding.Client = Client
  const [client] = made
  if (!client) throw new Error('the Agent has made no native client')
  return { agent, client }
}

/** Uses a new Agent each time, whose requests wait until it is destroyed. */
async function dispatching(isDeaf: boolean): Promise<number> {
  const { agent } = agentWithClient(isDeaf)
  const cost = cpuOfEach(kRequests, () => dispatchMany(agent, kRequests))
  await agent.destroy()
  return cost
}

async function reading(): Promise<number> {
  const { agent, client } = agentWithClient(true)
  dispatchMany(agent, kPerBatch - 1)
  const { words, text, slab } = encodeResponses(kPerBatch)
  let cost = 0
  for (let done = 0; done < kRequests; done += kPerBatch) {
    cost += cpuOfEach(kRequests, () => {
      client.onBatch(words, words.length, text, Buffer.from(slab), undefined)
    })
    // The requests take the ids that have just become free.
    dispatchMany(agent, kPerBatch)
  }
  await agent.destroy()
  return cost
}

const parts: readonly (readonly [string, () => Promise<number>])[] = [
  ['dispatch(), up to the border', () => dispatching(true)],
  ['dispatch(), across it', () => dispatching(false)],
  [`a response, in batches of ${kPerBatch}`, reading],
]
const sums = parts.map(() => 0)
for (let round = -kWarmUps; round < kRounds; round += 1) {
  for (const [part, [, measure]] of parts.entries()) {
    const cost = await measure()
    if (round >= 0) sums[part] = (sums[part] ?? 0) + cost
  }
}
for (const [part, [name]] of parts.entries()) {
  const mean = (sums[part] ?? 0) / kRounds
  console.log(`${name.padEnd(36)}${mean.toFixed(0).padStart(8)} ns`)
}
server.close()
