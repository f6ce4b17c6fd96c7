/** Bad input: every invalid option or argument gets undici's error, with a message that names it. */
import { errors } from 'undici'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { agentKind, createAgent } from '../support/agents.ts'
import { useAgent } from '../support/fixtures.ts'
import { dispatch } from '../support/recorder.ts'
import type { RequestOptions } from '../support/recorder.ts'

const origin = 'http://127.0.0.1:1'
const bodyMessage =
  'body must be a string, a Buffer, a Readable stream, an iterable, or an async iterable'

const badOptions: [string, RequestOptions, string][] = [
  ['path missing', { path: undefined as never }, 'path must be a string'],
  ['path no string', { path: 5 as never }, 'path must be a string'],
  ['path without slash', { path: 'x' }, 'path must be an absolute URL or start with a slash'],
  ['path with a space', { path: '/a b' }, 'invalid request path'],
  ['path with a line break', { path: '/a\r\nx: y' }, 'invalid request path'],
  ['path beyond latin1', { path: '/\u{100}' }, 'invalid request path'],
  ['method missing', { method: undefined as never }, 'method must be a string'],
  ['method no token', { method: 'GE T' }, 'invalid request method'],
  ['method empty', { method: '' }, 'invalid request method'],
  ['upgrade no string', { upgrade: true }, 'upgrade must be a string'],
  ['upgrade no header value', { upgrade: 'a\nb' }, 'invalid upgrade header'],
  ['headersTimeout no number', { headersTimeout: 'x' as never }, 'invalid headersTimeout'],
  ['headersTimeout negative', { headersTimeout: -1 }, 'invalid headersTimeout'],
  ['headersTimeout infinite', { headersTimeout: Infinity }, 'invalid headersTimeout'],
  ['bodyTimeout no number', { bodyTimeout: {} as never }, 'invalid bodyTimeout'],
  ['bodyTimeout NaN', { bodyTimeout: Number.NaN }, 'invalid bodyTimeout'],
  ['reset no boolean', { reset: 1 as never }, 'invalid reset'],
  ['expectContinue no boolean', { expectContinue: 1 as never }, 'invalid expectContinue'],
  ['throwOnError', { throwOnError: false }, 'invalid throwOnError'],
  [
    'maxRedirections',
    { maxRedirections: 3 },
    'maxRedirections is not supported, use the redirect interceptor',
  ],
  ['typeOfService', { typeOfService: 256 }, 'typeOfService must be an integer between 0 and 255'],
  ['body a number', { body: 5 as never }, bodyMessage],
  ['headers a string', { headers: 'x' as never }, 'headers must be an object or an array'],
  ['headers odd', { headers: ['a'] }, 'headers array must be even'],
  [
    'headers of triples',
    { headers: new Set([['a', 'b', 'c']]) as never },
    'headers must be in key-value pair format',
  ],
  ['a header name no token', { headers: { 'a b': 'c' } }, 'invalid header key'],
  ['a header name empty', { headers: { '': 'c' } }, 'invalid header key'],
  ['a header value with a line break', { headers: { 'X-A': 'b\r\nc: d' } }, 'invalid X-A header'],
  ['a header value with NUL', { headers: { 'x-a': 'b\0' } }, 'invalid x-a header'],
  ['a header value beyond latin1', { headers: { 'x-a': '\u{100}' } }, 'invalid x-a header'],
  ['a header value an object', { headers: { 'x-a': {} as never } }, 'invalid x-a header'],
  ['nested in an array', { headers: { 'x-a': [{}] as never } }, 'invalid x-a header'],
  [
    'transfer-encoding',
    { headers: { 'Transfer-Encoding': 'x' } },
    'invalid transfer-encoding header',
  ],
  ['keep-alive', { headers: { 'keep-alive': 'x' } }, 'invalid keep-alive header'],
  ['upgrade', { headers: { Upgrade: 'x' } }, 'invalid upgrade header'],
  ['connection', { headers: { connection: 'a b' } }, 'invalid connection header'],
  ['host as an array', { headers: { host: ['a'] } }, 'invalid host header'],
  ['host twice', { headers: ['host', 'a', 'Host', 'b'] }, 'duplicate host header'],
]

describe('dispatch() refuses', () => {
  it.each(badOptions)('%s', async (_name, options, message) => {
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin, ...options })
    expect(recorder.names).toEqual(['onResponseError'])
    const call = recorder.call('onResponseError')
    expect(call?.duringDispatch).toBe(true)
    expect(call?.args[0]).toBeNull()
    expect(recorder.error).toBeInstanceOf(errors.InvalidArgumentError)
    expect(recorder.error).toMatchObject({ code: 'UND_ERR_INVALID_ARG', message })
  })

  it('expect as a header, with NotSupportedError', async () => {
    const agent = await useAgent()
    const { error } = dispatch(agent, { origin, headers: { expect: '100-continue' } })
    expect(error).toBeInstanceOf(errors.NotSupportedError)
    expect(error).toMatchObject({
      code: 'UND_ERR_NOT_SUPPORTED',
      message: 'expect header not supported',
    })
  })

  it('query beside a query in the path', async () => {
    const agent = await useAgent()
    const { error } = dispatch(agent, { origin, path: '/?a=1', query: { b: 2 } })
    expect(error?.message).toBe(
      'Query params cannot be passed when url already contains "?" or "#".',
    )
  })
})

const badOrigins: [string, unknown, object][] = [
  ['none', undefined, { message: 'opts.origin must be a non-empty string or URL.' }],
  ['an empty one', '', { message: 'opts.origin must be a non-empty string or URL.' }],
  ['an object', {}, { message: 'opts.origin must be a non-empty string or URL.' }],
  ['an unparsable one', 'nonsense', { code: 'ERR_INVALID_URL', name: 'TypeError' }],
  ['another protocol', 'ftp://a.test', { message: /^Invalid URL protocol/ }],
  ['one with a path', 'http://a.test/x', { message: 'invalid url' }],
  ['one with a query', 'http://a.test/?x', { message: 'invalid url' }],
  ['one with a hash', 'http://a.test/#x', { message: 'invalid url' }],
]

describe('an origin', () => {
  it.each(badOrigins)('%s is refused', async (_name, bad, expected) => {
    const agent = await useAgent()
    const recorder = dispatch(agent, { origin: bad as never })
    expect(recorder.names).toEqual(['onResponseError'])
    const { message, ...rest } = expected as { message?: string | RegExp }
    expect(recorder.error).toMatchObject(rest)
    if (message !== undefined) expect(recorder.error?.message).toMatch(message)
  })

  it('beyond maxOrigins is refused', async () => {
    const agent = await useAgent({ maxOrigins: 1 })
    dispatch(agent, { origin: 'http://127.0.0.1:1' })
    const { error } = dispatch(agent, { origin: 'http://127.0.0.1:2' })
    expect(error).toBeInstanceOf(errors.MaxOriginsReachedError)
    expect(error?.code).toBe('UND_ERR_MAX_ORIGINS_REACHED')
  })
})

describe('options that are not an object', () => {
  it.each([null, undefined, 5, 'x'])('%s are refused', async (options) => {
    const agent = await useAgent()
    let seen: Error | undefined
    const handler = { onResponseError: (_controller: unknown, error: Error) => (seen = error) }
    expect(agent.dispatch(options as never, handler as never)).toBe(false)
    expect(seen).toBeInstanceOf(errors.InvalidArgumentError)
    expect(seen?.message).toBe('opts must be an object.')
  })
})

const badAgents: [string, object, string][] = [
  ['connections', { connections: -1 }, 'invalid connections'],
  ['headersTimeout', { headersTimeout: -1 }, 'headersTimeout must be a positive integer or zero'],
  ['bodyTimeout', { bodyTimeout: 1.5 }, 'bodyTimeout must be a positive integer or zero'],
  ['keepAliveTimeout', { keepAliveTimeout: 0 }, 'invalid keepAliveTimeout'],
  ['keepAliveMaxTimeout', { keepAliveMaxTimeout: 0 }, 'invalid keepAliveMaxTimeout'],
  [
    'keepAliveTimeoutThreshold',
    { keepAliveTimeoutThreshold: 'x' },
    'invalid keepAliveTimeoutThreshold',
  ],
  ['maxHeaderSize', { maxHeaderSize: 0 }, 'invalid maxHeaderSize'],
  ['maxResponseSize', { maxResponseSize: -2 }, 'maxResponseSize must be a positive number'],
  [
    'maxRequestsPerClient',
    { maxRequestsPerClient: -1 },
    'maxRequestsPerClient must be a positive number',
  ],
  ['localAddress', { localAddress: 'x' }, 'localAddress must be valid string IP address'],
  ['socketPath', { socketPath: 5 }, 'invalid socketPath'],
  ['allowH2', { allowH2: 'yes' }, 'allowH2 must be a valid boolean value'],
  [
    'maxConcurrentStreams',
    { maxConcurrentStreams: 0 },
    'maxConcurrentStreams must be a positive integer, greater than 0',
  ],
  ['keepAlive', { keepAlive: true }, 'unsupported keepAlive, use pipelining=0 instead'],
  [
    'socketTimeout',
    { socketTimeout: 1 },
    'unsupported socketTimeout, use headersTimeout & bodyTimeout instead',
  ],
]

describe('an option of the agent', () => {
  it.each(badAgents)('%s that is wrong is refused', async (_name, options, message) => {
    const error = await createAgent(options).then(
      // undici checks most of them when an origin is first used.
      (agent) => dispatch(agent, { origin }).error,
      (thrown: unknown) => thrown as Error,
    )
    expect(error).toBeInstanceOf(errors.InvalidArgumentError)
    expect(error?.message).toBe(message)
  })

  it.each([
    ['factory', { factory: 5 }, 'factory must be a function.'],
    ['connect', { connect: 5 }, 'connect must be a function or an object'],
    ['maxOrigins', { maxOrigins: 0 }, 'maxOrigins must be a number greater than 0'],
  ])('%s is refused by the constructor', async (_name, options, message) => {
    await expect(createAgent(options as never)).rejects.toMatchObject({
      code: 'UND_ERR_INVALID_ARG',
      message,
    })
  })

  it.runIf(agentKind === 'dodici').each([
    ['signal', { signal: 'x' }, 'signal must be an AbortSignal'],
    ['loopThreads', { loopThreads: 0 }, 'loopThreads must be a positive integer'],
    // undici's Agent never checks this one.
    ['connectTimeout', { connectTimeout: -1 }, 'invalid connectTimeout'],
  ])('%s is checked here', async (_name, options, message) => {
    await expect(createAgent(options as never)).rejects.toMatchObject({
      code: 'UND_ERR_INVALID_ARG',
      message,
    })
  })

  it.runIf(agentKind === 'dodici').each([
    ['a connect function', { connect: () => {} }],
    [
      'checkServerIdentity for a proxy of the environment',
      { connect: { checkServerIdentity() {} } },
    ],
  ])('%s together with a proxy is refused, never ignored', async (_name, options) => {
    vi.stubEnv('https_proxy', 'http://localhost:1')
    onTestFinished(() => void vi.unstubAllEnvs())
    const given = { proxy: 'env', ...options }
    await expect(createAgent(given as never)).rejects.toBeInstanceOf(errors.NotSupportedError)
  })

  it('that is unknown is ignored', async () => {
    const agent = await createAgent({ somethingElse: 1 } as never)
    expect(agent.closed).toBe(false)
    await agent.destroy()
  })
})
