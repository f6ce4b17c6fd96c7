/** HTTP/2: a stream that its server resets, with each code and at each stage of the response: undici's Agent and ours. */
import { describe, expect, it } from 'vitest'
import { dispatch } from '../support/recorder.ts'
import type { HandlerMethod } from '../support/recorder.ts'
import { FrameFlag, FrameType, H2Code, field } from '../support/servers/h2-frames.ts'
import type { H2Peer } from '../support/servers/h2-frames.ts'
import { alone, both } from './both.ts'
import { seen } from './normalize.ts'
import type { Normal, Seen } from './normalize.ts'
import type { Outcome, Stage } from './scenario.ts'

interface Progress {
  readonly send: (peer: H2Peer, stream: number) => void
  /** What the client has been called with when it has come. */
  readonly called?: HandlerMethod
}

const length = field('content-length', '9')
const interim = field(':status', '103')

const stages: Record<string, Progress> = {
  'before the head': { send: () => {} },
  'behind an interim head': {
    send: (peer, stream) => {
      peer.send(FrameType.headers, FrameFlag.endHeaders, stream, interim)
    },
    called: 'onResponseStart',
  },
  'behind a head with content-length': {
    send: (peer, stream) => peer.respond(stream, 0, length),
    called: 'onResponseStart',
  },
  'in a body with content-length': {
    send: (peer, stream) => {
      peer.respond(stream, 0, length)
      peer.data(stream, 'part')
    },
    called: 'onResponseData',
  },
}

const withoutLength: Record<string, Progress> = {
  'behind a head': { send: (peer, stream) => peer.respond(stream), called: 'onResponseStart' },
  'in a body': {
    send: (peer, stream) => {
      peer.respond(stream)
      peer.data(stream, 'part')
    },
    called: 'onResponseData',
  },
}

const { cancel, noError, refusedStream: _sentAgain, http11Required: _soToo, ...faults } = H2Code
const codes = [noError, cancel, ...Object.values(faults), 99]

async function run(
  stage: Stage,
  { send, called }: Progress,
  code: number,
  method: string,
): Promise<Seen> {
  const resets = Promise.withResolvers<void>()
  const server = await stage.h2Frames(async (peer) => {
    const stream = await peer.request()
    if (method === 'POST') {
      await peer.frame('the body', ({ type }) => type === FrameType.data)
    }
    send(peer, stream)
    await resets.promise
    peer.reset(stream, code)
  })
  const agent = await stage.agent()
  const body = method === 'POST' ? { body: 'body' } : {}
  const recorder = dispatch(agent, { origin: server.origin, method, ...body })
  if (called) await recorder.seen(called)
  resets.resolve()
  await recorder.done
  const { calls, ...rest } = seen(recorder, { withoutRaw: true })
  // Ours says so of the final head only.
  return { ...rest, calls: calls.filter((call) => (call as { call: string }).call !== 'started') }
}

const lastCall = (outcome: Outcome): Normal | undefined => (outcome as Seen).calls.at(-1)

describe.each(['GET', 'POST'])('HTTP/2, a stream of %s that is reset', (method) => {
  describe.each(Object.entries(stages))('%s', (stage, progress) => {
    // Where a length is missed, libcurl takes NO_ERROR for the end of the connection.
    const same = codes.filter((code) => code !== noError || !stage.includes('length'))
    it.each(same)('with the code %d', async (code) => {
      const outcome = await both((play) => run(play, progress, code, method))
      expect(lastCall(outcome)).toMatchObject({ call: 'error' })
    })
  })

  describe.each(Object.entries(withoutLength))('%s without a length', (_stage, progress) => {
    it.each(codes.filter((code) => code !== cancel))('with the code %d', async (code) => {
      await both((stage) => run(stage, progress, code, method))
    })

    // On purpose otherwise than undici: what was cancelled is not whole.
    it('with CANCEL', async () => {
      const ours = await alone('dodici', (stage) => run(stage, progress, cancel, method))
      expect(lastCall(ours)).toMatchObject({ error: { code: 'ERR_HTTP2_STREAM_ERROR' } })
      const undicis = await alone('undici', (stage) => run(stage, progress, cancel, method))
      expect(lastCall(undicis)).toMatchObject({ call: 'end' })
    })
  })
})
