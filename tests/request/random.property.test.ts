/** Whatever a dispatcher and the user of a body do, in any order, the same comes of it as with undici's request(). */
import { PassThrough } from 'node:stream'
import * as undici from 'undici'
import { expect, it } from 'vitest'
import { request } from '../../lib/api/request.ts'
import { random, seedOf, type Random } from '../support/random.ts'
import { Puppet, settled } from './puppet.ts'
import {
  described,
  look,
  outcome,
  plain,
  shapes,
  url,
  watch,
  type Body,
  type Request,
} from './row.ts'

const kRuns = 1500
const kMostGroups = 8

interface Run {
  readonly puppet: Puppet
  readonly body: Body
  readonly abort: AbortController | undefined
  readonly log: unknown[]
}

type Step = (run: Run) => unknown

/** What a step is called by when runs differ. */
type Named = readonly [name: string, step: Step]

/** Notes what comes of a promise, when it comes. */
function follow(log: unknown[], name: string, call: () => unknown): void {
  void outcome(call).then((result) => log.push([name, result]))
}

async function iterate({ body, log }: Run, most: number): Promise<void> {
  const chunks: unknown[] = []
  try {
    for await (const chunk of body) {
      chunks.push(plain(chunk))
      if (chunks.length >= most) break
    }
    log.push(['iterated', chunks])
  } catch (error) {
    log.push(['iterated', chunks, described(error)])
  }
}

function readAll({ body, log }: Run): void {
  for (let chunk; (chunk = body.read() as unknown) !== null;) log.push(['read', plain(chunk)])
}

function drawAnswer(draw: Random): Named {
  const text = 'abcdef'.slice(draw.below(6))
  return draw.pick<Named>([
    ['data', ({ puppet }) => puppet.data(text)],
    ['data twice', ({ puppet }) => puppet.data(text, '\u00e4')],
    ['data 1', ({ puppet }) => puppet.data('1')],
    ['end with a trailer', ({ puppet }) => puppet.end({ sum: '1' })],
    ['end', ({ puppet }) => puppet.end()],
    ['fail', ({ puppet }) => puppet.fail(new RangeError('lost'))],
  ])
}

function drawUse(draw: Random): Named {
  const shape = draw.pick(shapes)
  const bytes = draw.below(6)
  const encoding = draw.pick(['utf8', 'hex', 'latin1', 'none'] as BufferEncoding[])
  const steps: Named[] = [
    [shape, ({ body, log }) => follow(log, shape, async () => blobText(await body[shape]()))],
    ['text', ({ body, log }) => follow(log, 'text', () => body.text())],
    ['dump', ({ body, log }) => follow(log, 'dump', () => body.dump())],
    [`dump ${bytes}`, ({ body, log }) => follow(log, 'dump', () => body.dump({ limit: bytes }))],
    ['on data', ({ body, log }) => watch(body, ['data'], log)],
    ['on end', ({ body, log }) => watch(body, ['end', 'close'], log)],
    ['on readable', (run) => run.body.on('readable', () => readAll(run))],
    [
      'once data',
      ({ body, log }) => body.once('data', (chunk) => log.push(['once', plain(chunk)])),
    ],
    ['off data', ({ body }) => body.removeAllListeners('data')],
    ['read', ({ body, log }) => log.push(['read', plain(body.read())])],
    [`read ${bytes}`, ({ body, log }) => log.push(['read', plain(body.read(bytes))])],
    ['pause', ({ body }) => body.pause()],
    ['resume', ({ body }) => body.resume()],
    [`encoding ${encoding}`, ({ body }) => body.setEncoding(encoding)],
    ['destroy', ({ body }) => body.destroy()],
    ['destroy with an error', ({ body }) => body.destroy(new Error('mine'))],
    [`iterate ${bytes + 1}`, (run) => void iterate(run, bytes + 1)],
    ['iterate', (run) => void iterate(run, Infinity)],
    ['pipe', ({ body, log }) => watch(body.pipe(new PassThrough()) as never, ['data', 'end'], log)],
    ['unpipe', ({ body }) => body.unpipe()],
    ['web', ({ body, log }) => log.push(['web', (body.body as unknown as ReadableStream).locked])],
    ['used', ({ body, log }) => log.push(['used', body.bodyUsed])],
    ['look', ({ body, log }) => log.push(look(body))],
    ['abort', ({ abort }) => abort?.abort(new TypeError('why'))],
    ['wait', () => {}],
  ]
  return draw.pick(steps)
}

function blobText(value: unknown): unknown {
  return value instanceof Blob ? value.text() : plain(value)
}

interface Plan {
  readonly options: { highWaterMark?: number }
  readonly isAborted: boolean
  /** Those of a group are done in one tick: by the dispatcher, or by the user. */
  readonly groups: readonly (readonly Named[])[]
}

function drawPlan(draw: Random): Plan {
  const groups: Named[][] = []
  for (let i = draw.below(kMostGroups) + 1; i > 0; i -= 1) {
    const drawStep = draw.chance(0.4) ? drawAnswer : drawUse
    const group = Array.from({ length: draw.pick([1, 1, 2, 3]) }, () => drawStep(draw))
    // Where two ask for all of it in one tick, undici's first call never settles.
    const asks = group.filter(([name]) => (shapes as readonly string[]).includes(name))
    groups.push(group.filter((step) => !asks.includes(step) || step === asks[0]))
  }
  const options = draw.chance(0.3) ? { highWaterMark: draw.pick([0, 1, 4]) } : {}
  return { options, isAborted: draw.chance(0.3), groups }
}

async function run(plan: Plan, send: Request): Promise<unknown> {
  const puppet = new Puppet()
  const abort = plan.isAborted ? new AbortController() : undefined
  const log: unknown[] = []
  const pending = send(url, { ...plan.options, signal: abort?.signal, dispatcher: puppet })
  puppet.head(200, { 'content-type': 'text/x' })
  const { body, trailers } = await pending
  for (const group of plan.groups) {
    for (const [name, step] of group) {
      try {
        step({ puppet, body, abort, log })
      } catch (error) {
        log.push([name, described(error)])
      }
    }
    await settled()
    log.push(['paused', puppet.paused])
  }
  // Whatever waits comes to an end.
  body.on('error', (error) => log.push(['error', described(error)]))
  puppet.end()
  await settled()
  log.push(look(body))
  body.destroy()
  await settled()
  return JSON.parse(JSON.stringify({ log, trailers, aborted: puppet.aborted })) as unknown
}

it('any use of a body comes to the same as with undici', async () => {
  const seed = seedOf('request()')
  const uncaught: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => uncaught.push(described(error)))
  try {
    for (let i = 0; i < kRuns; i += 1) {
      const plan = drawPlan(random(seed, i))
      const theirs = await run(plan, undici.request as unknown as Request)
      const theirUncaught = uncaught.splice(0)
      const ours = await run(plan, request as unknown as Request)
      const names = plan.groups.map((group) => group.map(([name]) => name))
      // Of a long plan the difference alone would tell little.
      if (JSON.stringify([ours, uncaught]) !== JSON.stringify([theirs, theirUncaught])) {
        console.log(JSON.stringify({ run: i, ...plan, groups: names }))
      }
      expect({ ours, uncaught: uncaught.splice(0) }).toEqual({
        ours: theirs,
        uncaught: theirUncaught,
      })
    }
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
})
