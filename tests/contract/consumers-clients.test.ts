/** Popular clients that use fetch, unmodified, over the agent, with servers that speak enough of their protocols. */
import type { ServerResponse } from 'node:http'
import {
  ApolloClient,
  ApolloLink,
  gql as apolloGql,
  HttpLink,
  InMemoryCache,
} from '@apollo/client/core'
import Anthropic, { NotFoundError } from '@anthropic-ai/sdk'
import { GraphQLClient } from 'graphql-request'
import ky from 'ky'
import OpenAI, { APIConnectionError, APIConnectionTimeoutError } from 'openai'
import { Dispatcher1Wrapper } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fetch as ownFetch, install } from '../../lib/index.ts'
import { agentKind } from '../support/agents.ts'
import { useAgent } from '../support/fixtures.ts'
import { useApi } from '../support/json-api.ts'
import type { Answer } from '../support/json-api.ts'
import { protocols } from '../support/protocols.ts'
import { installed } from '../support/installed.ts'
import { until } from '../support/wait.ts'

type Fetch = typeof globalThis.fetch

// What wraps undici's own Agent for Node's fetch speaks no HTTP/2.
const fetchProtocols = protocols.filter(
  (protocol) => agentKind === 'dodici' || protocol !== 'HTTP/2',
)

/** Node's own fetch; and ours, given to the client or put in place of Node's. */
const fetches =
  agentKind === 'dodici' ? (['node', 'ours', 'installed'] as const) : (['node'] as const)

const table = fetchProtocols.flatMap((protocol) =>
  fetches.map((through) => ({ protocol, through })),
)

/** What a program writes to use the agent: the rest is the client's own. */
async function useFetch(through: (typeof fetches)[number]): Promise<Fetch> {
  const agent = await useAgent()
  if (through === 'ours') {
    const own = ownFetch as unknown as Fetch
    return (url, init) => own(url, { ...init, dispatcher: agent } as object)
  }
  if (through === 'installed') onTestFinished(installed(install))
  const dispatcher = agentKind === 'dodici' ? agent : new Dispatcher1Wrapper(agent)
  return (url, init) => fetch(url, { ...init, dispatcher } as object)
}

function events(response: ServerResponse, list: readonly [string | undefined, unknown][]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const [first, ...rest] = list.map(([event, data]) => {
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`
  })
  // In two pieces; the second begins within an event.
  const second = rest.join('')
  response.write(`${first}${second.slice(0, 20)}`, () => response.end(second.slice(20)))
}

describe.each(table)('openai over $protocol, fetch: $through', ({ protocol, through }) => {
  const chunk = (content: string): object => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  })
  const messages = [{ role: 'user' as const, content: 'grüß dich' }]

  it('completes, with its headers and body, and tries again after 429', async () => {
    const api = await useApi(protocol, (_call, response, index) => {
      if (index === 0) {
        response.writeHead(429, { 'retry-after-ms': '1' }).end()
        return undefined
      }
      return { id: 'c', choices: [{ index: 0, message: { role: 'assistant', content: 'hallo' } }] }
    })
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: `${api.origin}/v1`,
      fetch: await useFetch(through),
    })
    const completion = await client.chat.completions.create({ model: 'm', messages })
    expect(completion.choices[0]?.message.content).toBe('hallo')
    expect(api.calls.map(({ url }) => url)).toEqual(Array(2).fill('/v1/chat/completions'))
    expect(api.calls[1]).toMatchObject({
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: { model: 'm', messages },
    })
  })

  it('streams', async () => {
    const api = await useApi(protocol, (_call, response) =>
      events(response, [
        [undefined, chunk('one ')],
        [undefined, chunk('two ')],
        [undefined, chunk('drei ü')],
        [undefined, '[DONE]'],
      ]),
    )
    const client = new OpenAI({ apiKey: 'k', baseURL: api.origin, fetch: await useFetch(through) })
    const stream = await client.chat.completions.create({ model: 'm', messages, stream: true })
    let text = ''
    for await (const part of stream) text += part.choices[0]?.delta.content ?? ''
    expect(text).toBe('one two drei ü')
  })

  it('leaving the stream frees the server', async () => {
    const api = await useApi(protocol, (_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(chunk('one'))}\n\n`)
      return undefined
    })
    const client = new OpenAI({ apiKey: 'k', baseURL: api.origin, fetch: await useFetch(through) })
    const stream = await client.chat.completions.create({ model: 'm', messages, stream: true })
    for await (const part of stream) {
      expect(part.choices[0]?.delta.content).toBe('one')
      break
    }
    await until('the server saw it', () => api.cut.length === 1)
  })

  it('uploads a file', async () => {
    const api = await useApi(protocol, () => ({ id: 'file-1', object: 'file' }))
    const client = new OpenAI({ apiKey: 'k', baseURL: api.origin, fetch: await useFetch(through) })
    const file = new File(['{"a":1}\n'], 'a.jsonl')
    expect((await client.files.create({ file, purpose: 'batch' })).id).toBe('file-1')
    expect(api.calls[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(api.calls[0]?.body).toContain('filename="a.jsonl"')
    expect(api.calls[0]?.body).toContain('{"a":1}\n')
  })

  it('reports a lost connection, and a timeout', async () => {
    const api = await useApi(protocol, () => undefined)
    const options = { apiKey: 'k', maxRetries: 0, fetch: await useFetch(through) }
    const lost = new OpenAI({ ...options, baseURL: 'http://127.0.0.1:2' })
    await expect(lost.models.list()).rejects.toBeInstanceOf(APIConnectionError)
    const slow = new OpenAI({ ...options, baseURL: api.origin, timeout: 100 })
    await expect(slow.models.list()).rejects.toBeInstanceOf(APIConnectionTimeoutError)
  })
})

describe.each(table)(
  '@anthropic-ai/sdk over $protocol, fetch: $through',
  ({ protocol, through }) => {
    const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [] }
    const usage = { input_tokens: 1, output_tokens: 1 }
    const ask = {
      model: 'm',
      max_tokens: 10,
      messages: [{ role: 'user' as const, content: 'hi' }],
    }

    it('gets a message', async () => {
      const api = await useApi(protocol, () => ({
        ...message,
        content: [{ type: 'text', text: 'hallo' }],
        usage,
      }))
      const client = new Anthropic({
        apiKey: 'k',
        baseURL: api.origin,
        fetch: await useFetch(through),
      })
      const { content } = await client.messages.create(ask)
      expect(content).toEqual([{ type: 'text', text: 'hallo' }])
      expect(api.calls[0]).toMatchObject({
        url: '/v1/messages',
        headers: { authorization: 'Bearer k' },
      })
    })

    it('streams', async () => {
      const delta = (text: string): [string, object] => [
        'content_block_delta',
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
      ]
      const api = await useApi(protocol, (_call, response) =>
        events(response, [
          ['message_start', { type: 'message_start', message: { ...message, usage } }],
          [
            'content_block_start',
            { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
          ],
          delta('one '),
          delta('zwö'),
          ['content_block_stop', { type: 'content_block_stop', index: 0 }],
          [
            'message_delta',
            {
              type: 'message_delta',
              delta: { stop_reason: 'end_turn' },
              usage: { output_tokens: 2 },
            },
          ],
          ['message_stop', { type: 'message_stop' }],
        ]),
      )
      const client = new Anthropic({
        apiKey: 'k',
        baseURL: api.origin,
        fetch: await useFetch(through),
      })
      const stream = client.messages.stream(ask)
      const texts: string[] = []
      stream.on('text', (text) => texts.push(text))
      expect((await stream.finalMessage()).stop_reason).toBe('end_turn')
      expect(texts).toEqual(['one ', 'zwö'])
    })

    it('maps an error of the server to its class', async () => {
      const api = await useApi(protocol, (_call, response) => {
        response.statusCode = 404
        return { type: 'error', error: { type: 'not_found_error', message: 'no such model' } }
      })
      const client = new Anthropic({
        apiKey: 'k',
        baseURL: api.origin,
        fetch: await useFetch(through),
      })
      await expect(client.messages.create(ask)).rejects.toBeInstanceOf(NotFoundError)
    })
  },
)

describe.each(table)('ky over $protocol, fetch: $through', ({ protocol, through }) => {
  it('does JSON, search parameters, retries and hooks', async () => {
    const api = await useApi(protocol, ({ url }, response, index) => {
      if (index === 0) response.statusCode = 503
      return { url }
    })
    const seen: number[] = []
    const client = ky.create({
      fetch: await useFetch(through),
      prefix: api.origin,
      retry: { limit: 2, delay: () => 1 },
      hooks: { afterResponse: [({ response }) => void seen.push(response.status)] },
    })
    const answer = await client.get('x', { searchParams: { a: 'ü' } }).json()
    expect(answer).toEqual({ url: '/x?a=%C3%BC' })
    expect(seen).toEqual([503, 200])
    await client.put('y', { json: { b: 1 } })
    expect(api.calls.at(-1)).toMatchObject({ method: 'PUT', url: '/y', body: { b: 1 } })
  })

  it('reports an HTTP error, and progress of a download', async () => {
    const api = await useApi(protocol, ({ url }, response) => {
      if (url === '/missing') {
        response.statusCode = 404
        return {}
      }
      response.setHeader('content-length', '100000')
      response.end('x'.repeat(100_000))
      return undefined
    })
    const client = ky.create({ fetch: await useFetch(through), prefix: api.origin })
    await expect(client.get('missing')).rejects.toMatchObject({ name: 'HTTPError' })
    let transferred = 0
    const onDownloadProgress = (progress: { transferredBytes: number }): void => {
      transferred = progress.transferredBytes
    }
    expect(await client.get('big', { onDownloadProgress }).text()).toHaveLength(100_000)
    expect(transferred).toBe(100_000)
  })
})

describe.each(table)('GraphQL over $protocol, fetch: $through', ({ protocol, through }) => {
  const answer: Answer = ({ body }) => {
    const { query, variables } = body as { query: string; variables: object }
    return query.includes('broken')
      ? { errors: [{ message: 'broken' }] }
      : { data: { hero: { __typename: 'Hero', id: '1', name: JSON.stringify(variables) } } }
  }

  it('graphql-request asks, with variables, and reports errors', async () => {
    const api = await useApi(protocol, answer)
    const client = new GraphQLClient(`${api.origin}/graphql`, { fetch: await useFetch(through) })
    const document = 'query Q($id: ID!) { hero(id: $id) { id name } }'
    const { hero } = await client.request<{ hero: { name: string } }>(document, { id: 'é' })
    expect(hero.name).toBe('{"id":"é"}')
    await expect(client.request('query { broken }')).rejects.toThrow('broken')
  })

  it('Apollo Client asks, and answers the second time from its cache', async () => {
    const api = await useApi(protocol, answer)
    const client = new ApolloClient({
      link: ApolloLink.from([
        new HttpLink({ uri: `${api.origin}/graphql`, fetch: await useFetch(through) }),
      ]),
      cache: new InMemoryCache(),
    })
    const query = apolloGql`
      query Q($id: ID!) {
        hero(id: $id) {
          id
          name
        }
      }
    `
    const ask = (): Promise<unknown> => client.query({ query, variables: { id: '1' } })
    expect(await ask()).toMatchObject({ data: { hero: { name: '{"id":"1"}' } } })
    await ask()
    expect(api.calls).toHaveLength(1)
    client.stop()
  })
})
