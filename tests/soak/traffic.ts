/** The loop of one of the soak's workers: mostly short requests, sometimes one of each kind of trouble. */
import { once } from 'node:events'
import { request } from 'undici'
import type { Dispatcher } from 'undici'

export interface Target {
  readonly dispatcher: Dispatcher
  readonly origin: string
}

/** `expected`: these errors, and no others, are how it ends. */
interface Kind {
  readonly share: number
  readonly expected: readonly string[]
  readonly run: (target: Target) => Promise<void>
}

const payload = Buffer.alloc(20_000, 'z')

async function get(target: Target, path: string, length: number): Promise<void> {
  const { statusCode, body } = await request(target.origin + path, target)
  const { byteLength } = await body.arrayBuffer()
  if (statusCode !== 200 || byteLength !== length) {
    throw new Error(`${path}: ${statusCode}, ${byteLength} bytes`)
  }
}

const kinds: Readonly<Record<string, Kind>> = {
  short: { share: 80, expected: [], run: (target) => get(target, '/', 100) },
  echo: {
    share: 8,
    expected: [],
    run: async (target) => {
      const options = { ...target, method: 'POST', body: payload } as const
      const { body } = await request(`${target.origin}/echo`, options)
      if (!Buffer.from(await body.arrayBuffer()).equals(payload)) throw new Error('another echo')
    },
  },
  large: { share: 3, expected: [], run: (target) => get(target, '/large', 256 * 1024) },
  slow: {
    share: 2,
    expected: [],
    run: async (target) => {
      const { body } = await request(`${target.origin}/large`, target)
      await once(body, 'readable')
      await new Promise((resolve) => {
        setTimeout(resolve, 5)
      })
      await body.dump({ limit: 1024 * 1024 })
    },
  },
  abort: {
    share: 3,
    expected: ['AbortError'],
    run: async (target) => {
      const controller = new AbortController()
      const answer = request(`${target.origin}/stall`, { ...target, signal: controller.signal })
      setImmediate(() => controller.abort())
      const { body } = await answer
      await body.text()
    },
  },
  leave: {
    share: 2,
    expected: ['AbortError'],
    run: async (target) => {
      const { body } = await request(`${target.origin}/stall`, target)
      body.on('error', () => {})
      body.destroy()
    },
  },
  broken: {
    share: 1,
    expected: ['SocketError', 'Error'],
    run: async (target) => {
      const { body } = await request(`${target.origin}/break`, target)
      await body.text()
    },
  },
  refused: {
    share: 1,
    expected: ['Error'],
    run: ({ dispatcher }) => get({ dispatcher, origin: 'http://127.0.0.1:1' }, '/', 0),
  },
}

const wheel = Object.entries(kinds).flatMap(([name, kind]) => Array<string>(kind.share).fill(name))

export type Counts = Record<string, number>

/** Runs until `running()` returns false. Throws if a request fails with an unexpected error. */
export async function drive(target: Target, counts: Counts, running: () => boolean): Promise<void> {
  // Coprime to the wheel's length, so that workers that start together drift apart.
  for (let at = Math.floor(Math.random() * wheel.length); running(); at += 37) {
    const name = wheel[at % wheel.length] as string
    const { run, expected } = kinds[name] as Kind
    try {
      await run(target)
    } catch (error) {
      if (!expected.includes((error as Error).name)) {
        throw new Error(`${name} at ${target.origin} failed`, { cause: error })
      }
    }
    counts[name] = (counts[name] ?? 0) + 1
  }
}

/** One request on a connection of its own. */
export const connectOnce = (target: Target): Promise<void> => get(target, '/once', 100)
