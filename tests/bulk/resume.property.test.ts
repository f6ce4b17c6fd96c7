// However often a download is killed or aborted, and whatever happens to the object meanwhile, in the end the file has the
// object's bytes.
import { readFileSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { download } from '../../lib/bulk.ts'
import type * as Bulk from '../../lib/bulk.ts'
import { startChild, type ChildBody } from '../support/child.ts'
import { random, seedOf, type Random } from '../support/random.ts'
import { until } from '../support/wait.ts'
import { newFolder } from './folder.ts'
import {
  sendObject,
  sendPart,
  serveObject,
  someBytes,
  storedObject,
  type ObjectServer,
  type ServedRequest,
  type StoredObject,
} from './object-server.ts'

const bulk = new URL('../../lib/bulk.ts', import.meta.url).href

/** A server whose object changes, and that is slow and wrong as it is told to be. */
interface Origin {
  object: StoredObject
  delayMs: number
  lies: number
}

function lie({ response, range }: ServedRequest, { data, etag }: StoredObject, draw: Random): void {
  const begin = range?.begin ?? 0
  const last = Math.min(range?.last ?? Infinity, data.length - 1)
  const bytes = data.subarray(begin, last + 1)
  const wrong: (() => void)[] = [
    () => response.socket?.resetAndDestroy(),
    () => response.writeHead(503, { 'retry-after': '0' }).end(),
    () => sendPart(response, 206, bytes, { 'content-range': `bytes ${begin}-${last}/*` }),
    () =>
      sendPart(response, 206, bytes.subarray(1), {
        etag,
        'content-range': `bytes ${begin}-${last}/${data.length}`,
      }),
    () => {
      // More than it says, without a length.
      response.writeHead(206, { etag, 'content-range': `bytes ${begin}-${last}/${data.length}` })
      response.end(Buffer.concat([Buffer.alloc(bytes.length), bytes]))
    },
  ]
  draw.pick(wrong)()
}

async function serve(origin: Origin, draw: Random): Promise<ObjectServer> {
  return serveObject(origin.object.data, (served) => {
    const { request, response, range } = served
    const { object } = origin
    setTimeout(
      () => {
        const ifRange = request.headers['if-range']
        if (draw.chance(origin.lies)) lie(served, object, draw)
        else
          sendObject(
            response,
            object,
            ifRange !== undefined && ifRange !== object.etag ? undefined : range,
          )
      },
      draw.below(origin.delayMs + 1),
    )
  })
}

const common = {
  rangeSize: 16_384,
  concurrency: 3,
  retryDelay: 0,
  maxRetryDelay: 1,
  resume: true,
} as const

/** Downloads without disturbance, and compares. Returns how many bytes were not loaded again. */
async function finish(server: ObjectServer, origin: Origin, path: string): Promise<number> {
  origin.lies = 0
  origin.delayMs = 0
  const { resumed } = await download(server.url, { ...common, to: path })
  expect(readFileSync(path).equals(origin.object.data)).toBe(true)
  return resumed
}

it('a download that is aborted again and again', async () => {
  const seed = seedOf('aborted downloads')
  let resumed = 0
  for (let round = 0; round < 12; round++) {
    const draw = random(seed, round)
    const origin = {
      object: storedObject(someBytes(300_000 + draw.below(9), round)),
      delayMs: 3,
      lies: 0.1,
    }
    await using server = await serve(origin, draw)
    using folder = newFolder()
    const path = folder.file('a')
    for (let turn = 0; turn < 6; turn++) {
      const controller = new AbortController()
      const running = download(server.url, { ...common, to: path, signal: controller.signal })
      const outcome = running.then(
        () => 'whole',
        () => 'ended',
      )
      // Some aborts come when something has been loaded, on however slow a machine.
      const asked = server.ranges.length + draw.below(10)
      if (draw.chance(0.5)) await delay(draw.below(15))
      else await Promise.race([outcome, until('it has asked', () => server.ranges.length > asked)])
      controller.abort()
      if ((await outcome) === 'whole') break
      if (draw.chance(0.2)) {
        origin.object = storedObject(someBytes(300_000 + draw.below(9), round + turn + 50))
      }
    }
    resumed += await finish(server, origin, path)
    expect(folder.names()).toEqual(['a'])
  }
  expect(resumed).toBeGreaterThan(0)
})

/** Says how a download has ended. */
const job: ChildBody<{ bulk: string; url: string; path: string; common: object }> = async (
  { load, say },
  { bulk, url, path, common },
) => {
  const { download } = (await load(bulk)) as unknown as typeof Bulk
  say(await download(url, { ...common, to: path }).then(() => 'whole', String))
}

function savedAt(path: string): number {
  return statSync(`${path}.download.json`, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

it('a download whose process is killed again and again', async () => {
  const seed = seedOf('killed downloads')
  let resumed = 0
  for (let round = 0; round < 3; round++) {
    const draw = random(seed, round)
    const origin = { object: storedObject(someBytes(1_000_000, round)), delayMs: 120, lies: 0.02 }
    await using server = await serve(origin, draw)
    using folder = newFolder()
    const path = folder.file('a')
    for (let turn = 0; turn < 3; turn++) {
      const requests = server.ranges.length
      const child = startChild(job, { bulk, url: server.url, path, common })
      await until('it has begun', () => server.ranges.length > requests)
      await delay(draw.below(1500))
      child.process.kill('SIGKILL')
      await child.exited
      if (draw.chance(0.2)) {
        origin.object = storedObject(someBytes(1_000_000 + draw.below(9), round + turn + 50))
      }
    }
    // The last one is killed when it has saved something, unless it is whole before.
    const saved = savedAt(path)
    const last = startChild(job, { bulk, url: server.url, path, common })
    await Promise.race([last.exited, until('it has saved something', () => savedAt(path) > saved)])
    last.process.kill('SIGKILL')
    await last.exited
    resumed += await finish(server, origin, path)
    expect(folder.names()).toEqual(['a'])
  }
  expect(resumed).toBeGreaterThan(0)
})
