/** A server of many small objects, and the two ways in which loaders load them. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Dispatcher } from 'undici'
import { Agent, type AgentOptions } from '../../lib/index.ts'

export interface Site extends AsyncDisposable {
  url(index: number): string
  urls(count: number): string[]
  /** the paths that were asked for */
  readonly asked: string[]
  running(): number
  most(): number
  connections(): number
}

/** Answers `/n` with `n`, unless `onRequest` does otherwise and returns true. */
export async function site(
  onRequest: (path: string, response: http.ServerResponse, answer: () => void) => boolean = () =>
    false,
): Promise<Site> {
  const asked: string[] = []
  let running = 0
  let most = 0
  let connections = 0
  const server = http.createServer(({ url = '' }, response) => {
    asked.push(url)
    most = Math.max(most, ++running)
    response.on('close', () => running--)
    const answer = (): void => void response.end(url.slice(1))
    if (!onRequest(url, response, answer)) answer()
  })
  server.on('connection', (socket) => {
    connections++
    socket.on('error', () => {}).on('close', () => connections--)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = (index: number): string => `${origin}/${index}`
  return {
    url,
    urls: (count) => Array.from({ length: count }, (_, index) => url(index)),
    asked,
    running: () => running,
    most: () => most,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Loaders work natively over an Agent, and by `request()` over one with an interceptor. */
export const ways: readonly [name: string, make: (options?: AgentOptions) => OwnedDispatcher][] = [
  ['natively', (options) => owned(new Agent(options))],
  [
    'by request()',
    (options) => {
      const agent = new Agent(options)
      return owned(
        agent,
        agent.compose((dispatch) => dispatch),
      )
    },
  ],
]

export interface OwnedDispatcher extends AsyncDisposable {
  readonly dispatcher: Dispatcher
  readonly agent: Agent
}

function owned(agent: Agent, dispatcher: Dispatcher = agent): OwnedDispatcher {
  return { agent, dispatcher, [Symbol.asyncDispose]: () => agent.destroy() }
}

export async function all<Item>(loader: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of loader) items.push(item)
  return items
}
