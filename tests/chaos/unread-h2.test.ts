/**
 * Many unread responses on one HTTP/2 connection, from a server that sends as much as it may: they take little memory,
 * delay nothing else, and are complete when they are read. `DODICI_TEST_AGENT=undici` shows how undici fares.
 */
import type * as crypto from 'node:crypto'
import { createHash } from 'node:crypto'
import type * as http from 'node:http'
import { describe, expect, it } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { startChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useHttp1, useTls } from '../support/fixtures.ts'
import { untilAsync } from '../support/wait.ts'

const kStreams = 90
const kBytes = 3 * 1024 * 1024
const kPiece = 64 * 1024
const kMostGrowth = 32e6

/** Each answer has bytes of its own. */
const pieceOf = (id: number, n: number): Buffer => Buffer.alloc(kPiece, (id * 7 + n) % 251)

/** `/body/<id>` is large, all else is small. */
function startSending(): {
  handler: (q: http.IncomingMessage, s: http.ServerResponse) => void
  sent: () => number
} {
  let sent = 0
  return {
    sent: () => sent,
    handler: (request, response) => {
      const id = Number(/^\/body\/(\d+)$/.exec(request.url ?? '')?.[1] ?? Number.NaN)
      if (Number.isNaN(id)) {
        response.end('small')
        return
      }
      let n = 0
      const more = (): void => {
        while (n < kBytes / kPiece) {
          sent += kPiece
          n += 1
          if (!response.write(pieceOf(id, n - 1))) return
        }
        response.end()
      }
      response.on('drain', more)
      more()
    },
  }
}

const hashOf = (id: number): string => {
  const hash = createHash('sha256')
  for (let n = 0; n < kBytes / kPiece; n += 1) hash.update(pieceOf(id, n))
  return hash.digest('hex')
}

interface Task {
  readonly way: (typeof ways)[number][1]
  readonly origin: string
  readonly settled: string
  readonly ca: string
  readonly streams: number
  /** the least growth that is of interest */
  readonly enough: number
}

interface Unread {
  readonly grownBy: number
  readonly smallMs: number
  readonly small: string
}

const ways = [
  ['that pause in onResponseStart', 'handlers'],
  ['of request() whose bodies lie there', 'request'],
] as const

// Unbounded memory fails every time; late garbage collection on a machine under load does not.
describe(`${kStreams} requests`, { retry: 1 }, () => {
  it.each(ways)('%s take little memory, hold nothing up, and are complete', async (_words, way) => {
    const sending = startSending()
    const { origin, sessions, handshakes } = await useTls({
      protocols: 'h2',
      onRequest: sending.handler,
      server: { settings: { maxConcurrentStreams: 200 } },
    })
    // Answers when the windows are full: nothing more is sent.
    const control = await useHttp1(async (_request, response) => {
      let before = -1
      let since = performance.now()
      await untilAsync('the server has sent all that it may', () => {
        if (sending.sent() !== before) since = performance.now()
        before = sending.sent()
        return performance.now() - since > 400
      })
      response.end(String(before))
    })
    const task: Task = {
      way,
      origin,
      settled: control.origin,
      ca: certificates().ca,
      streams: kStreams,
      enough: kMostGrowth * 0.9,
    }
    const child = startChild(leaveUnread, task, { nodeArgs: ['--expose-gc'] })
    const unread = (await child.next()) as Unread
    console.log(unread, `${Math.round(sending.sent() / 1e6)} MB sent`)
    expect(unread.small).toBe('small')
    expect(unread.smallMs).toBeLessThan(1000)
    expect(unread.grownBy).toBeLessThan(kMostGrowth)
    const hashes = (await child.next()) as string[]
    expect(hashes).toEqual(Array.from({ length: kStreams }, (_value, id) => hashOf(id)))
    expect(handshakes).toHaveLength(1)
    expect(sessions.size).toBe(1)
    const { code, stderr } = await child.exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

async function leaveUnread(kit: ChildKit, task: Task): Promise<void> {
  const { createHash } = (await kit.load('node:crypto')) as unknown as typeof crypto
  const { get } = (await kit.load('node:http')) as unknown as typeof http
  const agent = await kit.createAgent({ connect: { ca: task.ca }, allowH2: true, bodyTimeout: 0 })
  const { origin } = task
  const ids = Array.from({ length: task.streams }, (_value, id) => id)
  const small = async (): Promise<string> => {
    const { body } = await agent.request({ origin, path: '/small', method: 'GET' })
    return body.text()
  }
  const settle = (): Promise<void> =>
    new Promise((resolve) => {
      get(task.settled, (response) => response.resume().on('end', () => resolve()))
    })

  /** Returns a function that reads one of them to its end. */
  const viaHandlers = async (): Promise<(() => Promise<string>)[]> => {
    const hashes = ids.map(() => createHash('sha256'))
    const recorders = hashes.map((hash, id) =>
      kit.dispatch(
        agent,
        { origin, path: `/body/${id}` },
        {
          onResponseStart: (_self, controller) => controller.pause(),
          onResponseData: (self, _controller, chunk) => {
            hash.update(chunk)
            self.chunks.length = 0
            self.calls.length = 1
          },
        },
      ),
    )
    await Promise.all(recorders.map((recorder) => recorder.seen('onResponseStart')))
    return recorders.map((recorder, id) => async () => {
      recorder.controller?.resume()
      await recorder.done
      return hashes[id]?.digest('hex') ?? ''
    })
  }
  const viaRequest = async (): Promise<(() => Promise<string>)[]> => {
    const ask = (id: number) => agent.request({ origin, path: `/body/${id}`, method: 'GET' })
    const answers = await Promise.all(ids.map(ask))
    return answers.map(({ body }) => async () => {
      const hash = createHash('sha256')
      for await (const chunk of body) hash.update(chunk as Buffer)
      return hash.digest('hex')
    })
  }

  for (let n = 0; n < 20; n += 1) await small()
  await settle()
  const gc = (globalThis as unknown as { gc: () => void }).gc
  gc()
  const before = kit.rss()
  const readers = await (task.way === 'handlers' ? viaHandlers() : viaRequest())
  await settle()
  gc()
  let grownBy = kit.rss() - before
  // Freed memory goes back to the system late if the machine is busy; what is held stays.
  for (let n = 0; n < 20 && grownBy > task.enough; n += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
    gc()
    grownBy = Math.min(grownBy, kit.rss() - before)
  }
  const start = performance.now()
  const text = await kit.within('the small answer', small(), 5000).catch(String)
  kit.say({ grownBy, small: text, smallMs: performance.now() - start })
  kit.say(await Promise.all(readers.map((read) => read())))
  await agent.close()
}
