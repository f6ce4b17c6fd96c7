/**
 * HTTP/1.1 servers that send too much, too early or too late: bytes with the id of one request must never be the
 * response to another. Where undici is compared, it runs first, on its own server.
 */
import { describe, expect, it, onTestFailed } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { random, seedOf } from '../support/random.ts'
import { Recorder } from '../support/recorder.ts'
import type { Peer } from '../support/servers/raw.ts'
import { timeFactor } from '../support/time-factor.ts'
import { turns, within } from '../support/wait.ts'

const kRounds = timeFactor > 1 ? 8 : 20
const seed = seedOf('desynchronisation')
const strayBody = 'stray'
/** A client that reads this as a response shows it. */
const stray = `HTTP/1.1 200 OK\r\nx-id: stray\r\ncontent-length: 5\r\n\r\n${strayBody}`

interface Asked {
  readonly id: string
  readonly method: string
  readonly body: string
}

/** How the server answers a request, with extra bytes. Returns what it does once the client has its response. */
type Trouble = (peer: Peer, asked: Asked) => Promise<(() => Promise<void>) | void>

const head = (id: string, more: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\nx-id: ${id}\r\n${more}\r\n`
const whole = ({ id, method }: Asked): string =>
  head(id, `content-length: ${id.length}\r\n`) + (method === 'HEAD' ? '' : id)

type Place = (peer: Peer, answer: string, more: string) => ReturnType<Trouble>

/** Where the unasked bytes come. */
const places: readonly (readonly [string, Place])[] = [
  ['in the same record', (peer, answer, more) => peer.deliver(answer + more)],
  ['in the same segment', (peer, answer, more) => peer.deliverTogether([answer, more])],
  [
    'in a segment of their own',
    async (peer, answer, more) => {
      await peer.deliver(answer)
      await peer.deliver(more)
    },
  ],
  [
    'on the idle connection',
    async (peer, answer, more) => {
      await peer.deliver(answer)
      return () => peer.deliver(more)
    },
  ],
]

const bodyless =
  (answer: (asked: Asked) => string, more: string) =>
  (place: Place): Trouble =>
  (peer, asked) =>
    place(peer, answer(asked), more)

/** What is said, at each of the places. */
const kinds: readonly (readonly [string, (place: Place) => Trouble])[] = [
  ['an answer to nothing', bodyless(whole, stray)],
  [
    'an answer to nothing behind chunks',
    (place) => (peer, asked) => {
      const { id, method } = asked
      const body = method === 'HEAD' ? '' : `${id.length.toString(16)}\r\n${id}\r\n0\r\n\r\n`
      return place(peer, head(id, 'transfer-encoding: chunked\r\n') + body, stray)
    },
  ],
  ['the answer a second time', (place) => (peer, asked) => place(peer, whole(asked), whole(asked))],
  ['garbage', bodyless(whole, '\0\x01garbage\r\n\r\n\r\nHTTP/1.1\r\n\r\n')],
  ['an interim answer', bodyless(whole, 'HTTP/1.1 103 Early Hints\r\nx-id: stray\r\n\r\n')],
  ['half an answer', bodyless(whole, 'HTTP/1.1 200 OK\r\nx-id: stray\r\n')],
  [
    'a body behind 204',
    bodyless(({ id }) => head(id, `content-length: ${stray.length}\r\n`, '204 No Content'), stray),
  ],
  [
    'chunks behind 204',
    bodyless(
      ({ id }) => head(id, 'transfer-encoding: chunked\r\n', '204 No Content'),
      `5\r\n${strayBody}\r\n0\r\n\r\n${stray}`,
    ),
  ],
  [
    'a body behind 304',
    bodyless(
      ({ id }) => head(id, `content-length: ${stray.length}\r\n`, '304 Not Modified'),
      stray,
    ),
  ],
  [
    'chunks behind 304',
    bodyless(
      ({ id }) => head(id, 'transfer-encoding: chunked\r\n', '304 Not Modified'),
      `5\r\n${strayBody}\r\n0\r\n\r\n${stray}`,
    ),
  ],
  ['more than content-length', bodyless(whole, 'more')],
]

interface Tally {
  /** Responses that belonged to another request. */
  readonly mixed: string[]
  readonly failed: Record<string, number>
  /** Requests that did not end once. */
  readonly unended: string[]
}

/** Requests one after the other, each with its id; every second one causes trouble. */
async function talk(
  kind: AgentKind,
  tls: boolean,
  trouble: Trouble,
  options: TalkOptions = {},
): Promise<Tally> {
  const draws = random(seed, 4)
  const troubled = new Set<string>()
  /** What the server has sent of its own accord has arrived; what it gives back it does when the client has its answer. */
  const served = new Map<string, PromiseWithResolvers<(() => Promise<void>) | void>>()
  const arrived = new Map<string, () => void>()
  const server = await useRaw(
    async (peer) => {
      for (;;) {
        const requestHead = await peer.head()
        const [, method = '', id = ''] = /^(\w+) \/(\S*)/.exec(requestHead) ?? []
        const length = Number(/content-length: *(\d+)/i.exec(requestHead)?.[1] ?? 0)
        arrived.get(id)?.()
        if (options.early && troubled.has(id)) {
          served.get(id)?.resolve(await trouble(peer, { id, method, body: '' }))
          await peer.read(length)
          continue
        }
        const asked = { id, method, body: await peer.read(length) }
        const answering = troubled.has(id) ? trouble(peer, asked) : peer.deliver(whole(asked))
        served.get(id)?.resolve(await answering)
      }
    },
    { tls, seam: tls },
  )
  const agent = await useAgent({ connections: 1, headersTimeout: 2000, bodyTimeout: 2000 }, kind)
  const tally: Tally = { mixed: [], failed: {}, unended: [] }
  for (let round = 0; round < kRounds * 2; round += 1) {
    const isTroubled = round % 2 === 0
    const id = `${isTroubled ? 'troubled' : 'clean'}-${round}`
    if (isTroubled) troubled.add(id)
    const method = isTroubled
      ? draws.pick(options.methods ?? ['GET', 'POST', 'HEAD'])
      : draws.pick(['GET', 'POST', 'HEAD'])
    const body =
      method === 'POST' ? 'x'.repeat(isTroubled ? (options.upload ?? 10) : 10) : undefined
    const recorder = new Recorder()
    const serving = Promise.withResolvers<(() => Promise<void>) | void>()
    served.set(id, serving)
    if (isTroubled && options.abort)
      arrived.set(id, () => recorder.controller?.abort(new Error('left')))
    const request = { origin: server.origin, path: `/${id}`, method, ...(body && { body }) }
    agent.dispatch(request, recorder)
    const ended = await within('its end', recorder.done, 6000).then(
      () => true,
      () => false,
    )
    if (!ended) {
      tally.unended.push(id)
      break
    }
    // Bytes that come after the next request was sent look like its response.
    if (!recorder.error) await (await within('the server to be done', serving.promise))?.()
    if (draws.chance(0.5)) await turns(3)
    judge(tally, id, recorder)
  }
  await agent.destroy()
  await server.close()
  return tally
}

interface TalkOptions {
  readonly methods?: readonly string[]
  /** The trouble comes before the body of the request was read. */
  readonly early?: boolean
  readonly upload?: number
  /** The client leaves its troubled requests when they have arrived. */
  readonly abort?: boolean
}

function judge(tally: Tally, id: string, recorder: Recorder): void {
  const { error, terminalCalls } = recorder
  if (terminalCalls !== 1) tally.unended.push(`${id}: ${terminalCalls} ends`)
  const finals = recorder.calls.filter(
    ({ name, args }) => name === 'onResponseStart' && Number(args[1]) >= 200,
  )
  const ids = finals.map(({ args }) => (args[2] as { 'x-id'?: string })['x-id'])
  const foreign = ids.filter((each) => each !== id)
  if (foreign.length > 0) tally.mixed.push(`${id} was told ${foreign.join()}`)
  if (recorder.text !== '' && !id.startsWith(recorder.text))
    tally.mixed.push(`${id} was given '${recorder.text}'`)
  if (error) {
    const what = `${id.split('-')[0]}: ${error.code ?? error.name}`
    tally.failed[what] = (tally.failed[what] ?? 0) + 1
  }
}

/** How dodici fares. `DODICI_TEST_VERBOSE=1` shows how undici does. */
async function ourTally(tls: boolean, trouble: Trouble, options?: TalkOptions): Promise<Tally> {
  if (process.env['DODICI_TEST_VERBOSE'] === '1') return (await compare(tls, trouble, options)).ours
  const ours = await talk('dodici', tls, trouble, options)
  onTestFailed(() => console.log(JSON.stringify(ours, null, 1)))
  return ours
}

async function compare(
  tls: boolean,
  trouble: Trouble,
  options?: TalkOptions,
): Promise<{ undici: Tally; ours: Tally }> {
  const undici = await talk('undici', tls, trouble, options)
  const ours = await talk('dodici', tls, trouble, options)
  const words = JSON.stringify({ undici, ours }, null, 1)
  if (process.env['DODICI_TEST_VERBOSE'] === '1') console.log(words)
  else onTestFailed(() => console.log(words))
  return { undici, ours }
}

function expectNothingMixed({ mixed, unended }: Tally): void {
  expect(mixed).toEqual([])
  expect(unended).toEqual([])
}

describe.each([
  ['TCP', false],
  ['TLS', true],
])('over %s', (_transport, tls) => {
  describe.each(places)('bytes %s', (_place, place) => {
    it.each(kinds)('that are %s answer nothing', async (_kind, trouble) => {
      const ours = await ourTally(tls, trouble(place))
      expectNothingMixed(ours)
    })

    it('that are the body of an answer to HEAD answer nothing', async () => {
      const trouble: Trouble = (peer, { id }) =>
        place(peer, head(id, `content-length: ${stray.length}\r\n`), stray)
      const ours = await ourTally(tls, trouble, { methods: ['HEAD'] })
      expectNothingMixed(ours)
    })
  })

  // Nobody can distinguish that from a response; a client that does not reuse such a connection need not.
  it.each([
    ['HEAD', '200 OK', ['HEAD']],
    ['204 with a length', '204 No Content', ['GET', 'POST']],
  ])(
    'a body of %s that waits for the next request answers it no more often than with undici',
    async (_name, status, methods) => {
      const trouble: Trouble = async (peer, { id }) => {
        await peer.deliver(head(id, `content-length: ${stray.length}\r\n`, status))

        void peer.head().then(
          () => peer.deliver(stray),
          () => {},
        )
      }
      const { undici, ours } = await compare(tls, trouble, { methods })
      expect(ours.mixed.length).toBeLessThanOrEqual(undici.mixed.length)
      expect(ours.unended).toEqual([])
    },
  )

  it.each([10, 300_000])(
    'an answer before the end of an upload of %i bytes belongs to that request',
    async (upload) => {
      const trouble: Trouble = (peer, asked) => peer.deliver(whole(asked))
      const ours = await ourTally(tls, trouble, { methods: ['POST'], early: true, upload })
      expectNothingMixed(ours)
      expect(ours.failed).toEqual({})
    },
  )

  it('an answer before the end of an upload, and another behind it, never go to the next request', async () => {
    const trouble: Trouble = (peer, asked) => peer.deliver(whole(asked) + stray)
    const options = { methods: ['POST'], early: true, upload: 300_000 }
    const ours = await ourTally(tls, trouble, options)
    expectNothingMixed(ours)
  })

  it('the right answer follows a flood of interim answers', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(50)
    const trouble: Trouble = (peer, asked) => peer.deliver(early + whole(asked))
    const ours = await ourTally(tls, trouble)
    expectNothingMixed(ours)
    expect(ours.failed).toEqual({})
  })

  it('the answer to an abandoned request never goes to the next one', async () => {
    const trouble: Trouble = async (peer, asked) => {
      await turns(2)
      await peer.deliver(whole(asked))
    }
    const ours = await ourTally(tls, trouble, { abort: true })
    expectNothingMixed(ours)
  })
})
