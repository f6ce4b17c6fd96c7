/** Differences of undici's diagnostics channels: which messages come when, and their contents. */
import { channel } from 'node:diagnostics_channel'
import { exchange } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'

const channels = {
  create: 'request:create',
  beforeConnect: 'client:beforeConnect',
  connected: 'client:connected',
  sendHeaders: 'client:sendHeaders',
  headers: 'request:headers',
} as const

type Name = keyof typeof channels

interface Message {
  readonly connector?: unknown
  readonly connectParams: { readonly servername: string | null; readonly version?: string }
  readonly socket: { readonly remoteAddress?: string; readonly alpnProtocol?: string }
  readonly request: { readonly headers: readonly Normal[] }
  readonly response: { readonly headers: object }
  readonly headers: string
}

/** The messages of one request over TLS, in order. */
async function messages(
  stage: Stage,
  protocols: 'h1' | 'h2',
  options: RequestOptions = {},
): Promise<[Name, Message][]> {
  const server = await stage.tls({
    protocols,
    onRequest: (_request, response) => void response.end('ok'),
  })
  const agent = await stage.agent()
  const seen: [Name, Message][] = []
  const stops = (Object.keys(channels) as Name[]).map((name) => {
    const of = channel(`undici:${channels[name]}`)
    const listener = (message: unknown): unknown => seen.push([name, message as Message])
    of.subscribe(listener)
    return () => of.unsubscribe(listener)
  })
  try {
    await exchange(agent, { origin: server.origin, ...options })
    return seen
  } finally {
    for (const stop of stops) stop()
  }
}

/** The contents of one message of a request. */
function has(
  name: string,
  of: Name,
  look: (message: Message) => Normal,
  undici: Normal,
  dodici: Normal,
  request: { readonly over?: 'h1' | 'h2'; readonly options?: RequestOptions } = {},
): Difference {
  const play = async (stage: Stage): Promise<Normal> => {
    const all = await messages(stage, request.over ?? 'h1', request.options)
    const message = all.find(([each]) => each === of)?.[1]
    return message === undefined ? 'no message' : look(message)
  }
  return { row: '- Diagnostics channels:', name, play, undici, dodici }
}

export const diagnosticsDifferences: readonly Difference[] = [
  {
    row: '- Diagnostics channels:',
    name: 'their order',
    play: async (stage) => (await messages(stage, 'h1')).map(([name]) => name),
    undici: ['create', 'beforeConnect', 'connected', 'sendHeaders', 'headers'],
    dodici: ['create', 'sendHeaders', 'beforeConnect', 'connected', 'headers'],
  },
  has(
    'the connector',
    'beforeConnect',
    ({ connector }) => typeof connector,
    'function',
    'undefined',
  ),
  has(
    'the servername of a request that names one',
    'beforeConnect',
    ({ connectParams }) => connectParams.servername,
    'localhost',
    null,
    { options: { servername: 'localhost' } },
  ),
  has(
    "the socket's address",
    'connected',
    ({ socket }) => socket.remoteAddress ?? null,
    '127.0.0.1',
    null,
  ),
  has(
    'the version',
    'connected',
    ({ connectParams }) => connectParams.version ?? null,
    'h2',
    null,
    {
      over: 'h2',
    },
  ),
  has('timeouts of a request', 'create', ({ request }) => 'headersTimeout' in request, true, false),
  has(
    'several values of a header',
    'create',
    ({ request }) => request.headers,
    ['x-a', ['1', '2']],
    ['x-a', '1', 'x-a', '2'],
    { options: { headers: { 'x-a': ['1', '2'] } } },
  ),
  has(
    'the text of a head over HTTP/2',
    'sendHeaders',
    ({ headers }) => headers.includes('GET / HTTP/1.1'),
    false,
    true,
    { over: 'h2' },
  ),
  has(
    'the headers of a response over HTTP/2',
    'headers',
    ({ response }) => Array.isArray(response.headers),
    false,
    true,
    { over: 'h2' },
  ),
]
