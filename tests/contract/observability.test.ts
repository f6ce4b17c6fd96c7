/** OpenTelemetry's instrumentation of undici over the agent, and undici's channels themselves. */
import * as diagnostics from 'node:diagnostics_channel'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { TextMapPropagator } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import * as undici from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { fetch } from '../../lib/index.ts'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1 } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import { until } from '../support/wait.ts'

/** W3C trace context, as far as a client needs it. */
const propagator: TextMapPropagator = {
  inject: (context, carrier, setter) => {
    const span = trace.getSpanContext(context)
    if (span) setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-01`)
  },
  extract: (context) => context,
  fields: () => ['traceparent'],
}

const exporter = new InMemorySpanExporter()
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
const instrumentation = new UndiciInstrumentation({
  headersToSpanAttributes: { requestHeaders: ['x-asked'], responseHeaders: ['x-told'] },
})

beforeAll(() => {
  trace.setGlobalTracerProvider(provider)
  propagation.setGlobalPropagator(propagator)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  instrumentation.setTracerProvider(provider)
  instrumentation.enable()
})
beforeEach(() => exporter.reset())
afterAll(async () => {
  instrumentation.disable()
  await provider.shutdown()
  for (const api of [trace, propagation, context]) api.disable()
})

describe.each(protocols)('@opentelemetry/instrumentation-undici over %s', (protocol) => {
  async function theSpan(): Promise<ReadableSpan> {
    await until('a span has ended', () => exporter.getFinishedSpans().length > 0)
    const [span, another] = exporter.getFinishedSpans()
    expect(another).toBeUndefined()
    return span as ReadableSpan
  }

  it('makes a span for a request, whose identity reaches the server', async () => {
    const received: (string | string[] | undefined)[] = []
    const { origin } = await useProtocol(protocol, async (request, response) => {
      await bodyOf(request)
      received.push(request.headers['traceparent'])
      response.writeHead(201, { 'x-told': 'hush' }).end('made')
    })
    const dispatcher = await useAgent()
    const { body } = await undici.request(`${origin}/path?q=1`, {
      dispatcher,
      method: 'POST',
      headers: { 'user-agent': 'tests', 'x-asked': 'nicely' },
      body: 'content',
    })
    await body.text()
    const span = await theSpan()
    const { kind, name, attributes, status } = span
    expect({ kind, name, status }).toEqual({
      kind: SpanKind.CLIENT,
      name: 'POST',
      status: { code: SpanStatusCode.UNSET },
    })
    const { hostname, port, protocol: scheme } = new URL(origin)
    expect(attributes).toMatchObject({
      'http.request.method': 'POST',
      'url.full': `${origin}/path?q=1`,
      'url.path': '/path',
      'url.query': '?q=1',
      'url.scheme': scheme.slice(0, -1),
      'server.address': hostname,
      'server.port': Number(port),
      'user_agent.original': 'tests',
      'http.request.header.x-asked': ['nicely'],
      // undici publishes HTTP/2's headers in another shape than the instrumentation reads.
      ...(agentKind === 'dodici' && { 'http.response.header.x-told': ['hush'] }),
      'http.response.status_code': 201,
    })
    const { traceId, spanId } = span.spanContext()
    expect(received).toEqual([`00-${traceId}-${spanId}-01`])
  })

  it('names the protocol', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => void response.end('ok'))
    const dispatcher = await useAgent()
    // The protocol of an origin is known from its first response on.
    for (let i = 0; i < 2; i += 1) {
      exporter.reset()
      await (await undici.request(origin, { dispatcher })).body.text()
    }
    const { attributes } = await theSpan()
    expect(attributes['network.protocol.version']).toBe(protocol === 'HTTP/2' ? '2' : '1.1')
  })

  it("is the child of the program's own span, through fetch", async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.writeHead(404).end('no')
    })
    const dispatcher = await useAgent()
    const parent = provider.getTracer('tests').startSpan('parent')
    await context.with(trace.setSpan(context.active(), parent), async () => {
      await (await undici.fetch(origin, { dispatcher })).text()
    })
    const { parentSpanContext, status, attributes } = await theSpan()
    expect(parentSpanContext?.spanId).toBe(parent.spanContext().spanId)
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(attributes['error.type']).toBe('404')
    parent.end()
  })

  it.runIf(agentKind === 'dodici')(
    "is the same through dodici's fetch as through undici's",
    async () => {
      const { origin } = await useProtocol(protocol, async (request, response) => {
        const body = await bodyOf(request)
        if (request.url === '/moved') response.writeHead(307, { location: '/there?q=1' }).end()
        else if (request.url === '/cut') response.write('some', () => response.destroy())
        else response.writeHead(201, { 'x-told': 'hush' }).end(body)
      })
      const spansOf = async (fetch: typeof undici.fetch): Promise<unknown[]> => {
        exporter.reset()
        const dispatcher = await useAgent()
        const ask = async (path: string, init: undici.RequestInit): Promise<void> => {
          await fetch(`${origin}${path}`, { dispatcher, ...init })
            .then((response) => response.text())
            .catch(() => {})
        }
        const headers = { 'User-Agent': 'tests', 'X-Asked': 'nicely' }
        await ask('/path', { headers })
        await ask('/moved', { method: 'POST', body: 'text', headers })
        await ask('/path', { method: 'PUT', body: new Blob(['blob']) })
        await ask('/cut', {})
        await ask('/silent', { signal: AbortSignal.abort() })
        await until('all spans have ended', () => exporter.getFinishedSpans().length === 5)
        return exporter.getFinishedSpans().map(({ name, kind, attributes, status, events }) => {
          const errors = events.map((event) => event.name)
          return [name, kind, attributes, status.code, errors]
        })
      }
      const theirs = await spansOf(undici.fetch)
      expect(await spansOf(fetch)).toEqual(theirs)
      expect(theirs[0]).toMatchObject([
        'GET',
        SpanKind.CLIENT,
        { 'user_agent.original': 'tests', 'http.request.header.x-asked': ['nicely'] },
        SpanStatusCode.UNSET,
        [],
      ])
    },
  )

  it('ends spans of requests that fail', async () => {
    const { origin } = await useProtocol(protocol, (request) => void request.socket.destroy())
    const dispatcher = await useAgent()
    await expect(undici.request(origin, { dispatcher })).rejects.toBeInstanceOf(Error)
    const { status, events } = await theSpan()
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(events.map(({ name }) => name)).toEqual(['exception'])
  })

  it('ends spans of requests that are aborted', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.write('some')
    })
    const dispatcher = await useAgent()
    const abort = new AbortController()
    const { body } = await undici.request(origin, { dispatcher, signal: abort.signal })
    const reading = body.text()
    abort.abort()
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
    expect((await theSpan()).attributes['http.response.status_code']).toBe(200)
  })
})

describe("undici's channels", () => {
  interface Message {
    readonly request?: object
    readonly connectParams?: object
    readonly socket?: object
    readonly error?: Error & { code?: string }
  }

  /** Names of all messages from now on, in order, and the messages. */
  function useChannels(names: readonly string[]): [name: string, message: Message][] {
    const seen: [string, Message][] = []
    for (const name of names) {
      const listener = (message: unknown): void => void seen.push([name, message as Message])
      diagnostics.subscribe(`undici:${name}`, listener)
      onTestFinished(() => void diagnostics.unsubscribe(`undici:${name}`, listener))
    }
    return seen
  }

  const ofConnections = ['beforeConnect', 'connected', 'connectError'].map((n) => `client:${n}`)
  const ofRequests = ['create', 'bodySent', 'headers', 'trailers', 'error'].map(
    (name) => `request:${name}`,
  )

  it('report a connection and its destination', async () => {
    const seen = useChannels([...ofConnections, 'client:sendHeaders', ...ofRequests])
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent()
    const { body } = await agent.request({ origin: server.origin, path: '/', method: 'GET' })
    await body.text()
    const names = seen.map(([name]) => name)
    expect(names.toSorted()).toEqual(
      [
        'request:create',
        'client:beforeConnect',
        'client:connected',
        'client:sendHeaders',
        'request:bodySent',
        'request:headers',
        'request:trailers',
      ].toSorted(),
    )
    expect(names[0]).toBe('request:create')
    expect(names.indexOf('client:connected')).toBeGreaterThan(names.indexOf('client:beforeConnect'))
    expect(names.slice(-2)).toEqual(['request:headers', 'request:trailers'])
    const connected = seen.find(([name]) => name === 'client:connected')?.[1]
    expect(connected?.connectParams).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      hostname: '127.0.0.1',
      protocol: 'http:',
      port: String(server.port),
      version: 'h1',
    })
    expect(connected?.socket).toBeTypeOf('object')
  })

  it('report that a connection failed before its request fails', async () => {
    const seen = useChannels([...ofConnections, ...ofRequests])
    const agent = await useAgent()
    const request = agent.request({ origin: 'http://127.0.0.1:1', path: '/', method: 'GET' })
    await expect(request).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(seen.map(([name]) => name)).toEqual([
      'request:create',
      'client:beforeConnect',
      'client:connectError',
      'request:error',
    ])
    const [, , failed, error] = seen.map(([, message]) => message)
    expect(failed?.connectParams).toMatchObject({ hostname: '127.0.0.1', port: '1' })
    expect(failed?.error?.code).toBe('ECONNREFUSED')
    expect(error?.error).toBe(failed?.error)
  })

  it('carry the content type', async () => {
    const seen = useChannels(['request:create'])
    const server = await useHttp1((_request, response) => void response.end('ok'))
    const agent = await useAgent()
    const headers = { 'Content-Type': 'text/x', 'x-a': '1' }
    const { origin } = server
    await (
      await agent.request({ origin, path: '/', method: 'POST', headers, body: 'x' })
    ).body.dump()
    expect(seen[0]?.[1].request).toMatchObject({ contentType: 'text/x' })
  })
})
