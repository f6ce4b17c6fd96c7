/**
 * HTTP/2: a server whose SETTINGS allow no stream, for now or for ever: requests wait, and fail after the Agent's headersTimeout; on
 * undici's Agent and ours.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import type { AgentOptions, TestAgent } from '../support/agents.ts'
import { hasBundledCurl } from '../support/curl.ts'
import { dispatch, exchange } from '../support/recorder.ts'
import type { Recorder, RequestOptions } from '../support/recorder.ts'
import { turns, until, waitFor, within } from '../support/wait.ts'
import { both } from './both.ts'
import { normalValue, seen } from './normalize.ts'
import type { Normal, Seen } from './normalize.ts'
import type { Outcome, Stage } from './scenario.ts'

const kTimeout = 300

/** One connection that has served a request, and whose server has allowed no stream since. */
interface Site {
  readonly agent: TestAgent
  readonly origin: string
  readonly arrived: string[]
  readonly sessions: readonly ServerHttp2Session[]
  allow(streams: number): Promise<void>
  send(path: string, options?: Partial<RequestOptions>): Recorder
}

function allowOn(session: ServerHttp2Session, streams: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  session.settings({ maxConcurrentStreams: streams }, () => resolve())
  return within('the acknowledgement of SETTINGS', promise)
}

async function makeSite(stage: Stage, options: AgentOptions = {}): Promise<Site> {
  const arrived: string[] = []
  const sessions: ServerHttp2Session[] = []
  const server = await stage.tls({
    protocols: 'h2',
    onSession: (session) => sessions.push(session),
    onStream: (stream, { ':path': path }) => answer(stream, path as string, arrived),
  })
  const agent = await stage.agent({ connections: 1, headersTimeout: kTimeout, ...options })
  const { origin } = server
  const send: Site['send'] = (path, more) => dispatch(agent, { origin, path, ...more })
  const allow = (streams: number): Promise<void> =>
    allowOn(sessions[0] as ServerHttp2Session, streams)
  await send('/first').done
  await allow(0)
  return { agent, origin, arrived, sessions, allow, send }
}

function answer(stream: ServerHttp2Stream, path: string, arrived: string[]): void {
  let body = ''
  stream.setEncoding('latin1')
  stream.on('data', (text: string) => (body += text))
  stream.on('end', () => {
    arrived.push(`${path} ${body}`)
    stream.respond({ ':status': 200 })
    stream.end(body)
  })
}

/** undici tells nothing of a stream that it sends over HTTP/2. */
const bare = (recorder: Recorder): Seen => ({
  ...seen(recorder, { withoutRaw: true }),
  bodySent: '',
})
const errorOf = (recorder: Recorder): Normal => normalValue(recorder.error)

async function all(recorders: readonly Recorder[]): Promise<readonly Recorder[]> {
  await Promise.all(recorders.map(({ done }) => done))
  return recorders
}

const scenarios: Record<string, (stage: Stage) => Promise<Outcome>> = {
  'fails what waits, and asks a new connection next': async (stage) => {
    const site = await makeSite(stage)
    const gone = waitFor(site.agent, 'disconnect')
    const order: string[] = []
    const waiting = ['/a', '/b', '/c'].map((path) => {
      const recorder = site.send(path, { method: path === '/b' ? 'POST' : 'GET' })
      void recorder.done.then(() => order.push(path))
      return recorder
    })
    await all(waiting)
    const [, , error] = await gone
    await turns(2)
    const next = await exchange(site.agent, { origin: site.origin, path: '/next' })
    return {
      errors: waiting.map(errorOf),
      order,
      disconnect: normalValue(error),
      next: bare(next),
      arrived: site.arrived,
      connections: site.sessions.length,
    }
  },

  'sends what waits when more are allowed': async (stage) => {
    const site = await makeSite(stage)
    const body = (): Readable => Readable.from(['a', 'b', 'c'])
    const waiting = [
      site.send('/get'),
      site.send('/post', { method: 'POST', body: 'bytes' }),
      site.send('/stream', { method: 'PUT', body: body() }),
    ]
    await turns(3)
    await site.allow(1)
    await all(waiting)
    return {
      waiting: waiting.map(bare) as unknown as Normal,
      arrived: site.arrived,
      connections: site.sessions.length,
    }
  },

  'counts from the end of what runs': async (stage) => {
    const running = Promise.withResolvers<ServerHttp2Stream>()
    const sessions: ServerHttp2Session[] = []
    const server = await stage.tls({
      protocols: 'h2',
      onSession: (session) => sessions.push(session),
      onStream: (stream) => {
        stream.respond({ ':status': 200 })
        stream.write('part')
        running.resolve(stream)
      },
    })
    const agent = await stage.agent({ connections: 1, headersTimeout: kTimeout })
    const first = dispatch(agent, { origin: server.origin })
    await first.seen('onResponseData')
    await allowOn(sessions[0] as ServerHttp2Session, 0)
    const waits = dispatch(agent, { origin: server.origin, path: '/waits' })
    const begun = performance.now()
    await until('more than the timeout has passed', () => performance.now() > begun + 2 * kTimeout)
    const early = waits.terminalCalls
    ;(await running.promise).end()
    await first.done
    const ended = performance.now()
    await waits.done
    // Node's timers may be a millisecond early.
    expect(performance.now() - ended).toBeGreaterThan(kTimeout - 20)
    return { early, first: bare(first), waits: errorOf(waits), connections: sessions.length }
  },

  'lets go of what is aborted': async (stage) => {
    const site = await makeSite(stage, { headersTimeout: 60_000 })
    const abort = new AbortController()
    const { agent: dispatcher, origin } = site
    const gone = request(`${origin}/gone`, { dispatcher, signal: abort.signal }).then(
      () => 'answered',
      (error: unknown) => normalValue(error),
    )
    const stays = site.send('/stays')
    await turns(3)
    abort.abort(new Error('enough'))
    await site.allow(100)
    await stays.done
    const error = await within('the abort', gone)
    return { error, stays: bare(stays), arrived: site.arrived }
  },

  'lets close() wait for the end': async (stage) => {
    const site = await makeSite(stage)
    const waits = site.send('/waits')
    await within('close()', site.agent.close())
    return { waits: errorOf(waits), terminal: waits.terminalCalls }
  },

  'lets destroy() end it': async (stage) => {
    const site = await makeSite(stage)
    const waits = site.send('/waits')
    await turns(3)
    await within('destroy()', site.agent.destroy())
    await waits.done
    return { waits: errorOf(waits) }
  },

  "is not the request's own timeout": async (stage) => {
    const site = await makeSite(stage)
    const waiting = [
      site.send('/less', { headersTimeout: 1 }),
      site.send('/more', { headersTimeout: 60_000 }),
      site.send('/none', { headersTimeout: 0 }),
    ]
    await all(waiting)
    return waiting.map(errorOf)
  },

  'says so from the start': async (stage) => {
    const arrived: string[] = []
    const server = await stage.tls({
      protocols: 'h2',
      server: { settings: { maxConcurrentStreams: 0 } },
      onStream: () => {
        arrived.push('a request')
      },
    })
    const agent = await stage.agent({ connections: 1, headersTimeout: kTimeout })
    const waiting = ['GET', 'POST'].map((method) =>
      dispatch(agent, { origin: server.origin, method }),
    )
    await all(waiting)
    return { errors: waiting.map(errorOf), arrived }
  },
}

describe.runIf(hasBundledCurl)('HTTP/2, a server that allows no stream', () => {
  it.each(Object.entries(scenarios))('%s', async (_name, play) => {
    await both(play)
  })
})
