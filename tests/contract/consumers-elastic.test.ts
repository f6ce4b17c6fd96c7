/** The transport of Elasticsearch's client, over the agent. */
import { Transport, UndiciConnection, WeightedConnectionPool } from '@elastic/transport'
import { describe, expect, it } from 'vitest'
import { useAgent } from '../support/fixtures.ts'
import { useApi } from '../support/json-api.ts'
import { protocols } from '../support/protocols.ts'

describe.each(protocols)('@elastic/transport over %s', (protocol) => {
  /** Its connections are undici Pools unless they are told of something else with a request(). */
  async function useTransport(origin: string): Promise<Transport> {
    const dispatcher = await useAgent()
    const connectionPool = new WeightedConnectionPool({
      Connection: UndiciConnection,
      agent: () =>
        dispatcher.compose((dispatch) => (options, handler) => {
          return dispatch({ ...options, origin }, handler)
        }),
    })
    connectionPool.addConnection(origin)
    return new Transport({ connectionPool, maxRetries: 1 })
  }

  it('searches, sends NDJSON in bulk, and tries again after 502', async () => {
    const api = await useApi(protocol, ({ url }, response, index) => {
      response.setHeader('x-elastic-product', 'Elasticsearch')
      if (index === 0) response.statusCode = 502
      return { url }
    })
    const transport = await useTransport(api.origin)
    const found = await transport.request({
      method: 'POST',
      path: '/i/_search',
      querystring: { q: 'ü' },
      body: { query: { match_all: {} } },
    })
    expect(found).toEqual({ url: '/i/_search?q=%C3%BC' })
    expect(api.calls[1]?.body).toEqual({ query: { match_all: {} } })
    const bulkBody = [{ index: {} }, { a: 1 }]
    await transport.request({ method: 'POST', path: '/_bulk', bulkBody })
    expect(api.calls[2]?.headers['content-type']).toContain('application/x-ndjson')
  })

  it('streams, and reports what the server and the connection say', async () => {
    const api = await useApi(protocol, ({ url }, response) => {
      response.setHeader('x-elastic-product', 'Elasticsearch')
      if (url === '/missing') response.statusCode = 404
      if (url === '/silent') return undefined
      return { url }
    })
    const transport = await useTransport(api.origin)
    const body = await transport.request<AsyncIterable<Buffer>>(
      { method: 'GET', path: '/stream' },
      { asStream: true },
    )
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(Buffer.from(chunk))
    expect(Buffer.concat(chunks).toString()).toBe('{"url":"/stream"}')
    const missing = transport.request({ method: 'GET', path: '/missing' })
    await expect(missing).rejects.toMatchObject({ name: 'ResponseError', statusCode: 404 })
    const silent = transport.request(
      { method: 'GET', path: '/silent' },
      { requestTimeout: 100, maxRetries: 0 },
    )
    await expect(silent).rejects.toMatchObject({ name: 'TimeoutError' })
    const refused = (await useTransport('http://127.0.0.1:2')).request(
      { method: 'GET', path: '/' },
      { maxRetries: 0 },
    )
    await expect(refused).rejects.toMatchObject({ name: 'ConnectionError' })
  })
})
