/** request() by dispatchers around an Agent, and by mocks. */
import { gzipSync } from 'node:zlib'
import { interceptors, MockAgent, RetryAgent, type Dispatcher } from 'undici'
import { outcome, told, type Sent, type SentRow } from '../row.ts'

const row = (name: string, send: SentRow['send'], answer?: SentRow['answer']): SentRow => ({
  group: 'sent',
  name,
  send,
  ...(answer && { answer }),
})

/** Dispatchers around the Agent, and over none. */
const wrappers: [string, (stage: Sent) => Dispatcher][] = [
  ['a RetryAgent', ({ dispatcher }) => new RetryAgent(dispatcher)],
  ['the dump interceptor', ({ dispatcher }) => dispatcher.compose(interceptors.dump())],
  ['the retry interceptor', ({ dispatcher }) => dispatcher.compose(interceptors.retry())],
  ['the cache interceptor', ({ dispatcher }) => dispatcher.compose(interceptors.cache())],
  ['the decompress interceptor', ({ dispatcher }) => dispatcher.compose(interceptors.decompress())],
  [
    'the deduplicate interceptor',
    ({ dispatcher }) => dispatcher.compose(interceptors.deduplicate()),
  ],
  [
    'an interceptor of the program\u2019s own',
    ({ dispatcher }) =>
      dispatcher.compose(
        (dispatch) => (options, handler) =>
          dispatch({ ...options, headers: { 'x-mine': '1' } }, handler),
      ),
  ],
]

export const wrappedRows: SentRow[] = [
  ...wrappers.map(([name, wrap]) =>
    row(`by ${name}`, async (stage) =>
      told(await stage.request(stage.origin, { dispatcher: wrap(stage) })),
    ),
  ),
  row(
    'by the redirect interceptor',
    async ({ request, origin, dispatcher }) => {
      const redirecting = dispatcher.compose(interceptors.redirect({ maxRedirections: 2 }))
      const { statusCode, context, body } = await request(origin, { dispatcher: redirecting })
      const { history } = context as { history: URL[] }
      return {
        statusCode,
        history: history.map(({ pathname }) => pathname),
        text: await body.text(),
      }
    },
    (request, response) =>
      request.url === '/'
        ? response.writeHead(302, { location: '/to' }).end('x')
        : response.end('there'),
  ),
  row(
    'by the responseError interceptor',
    async ({ request, origin, dispatcher }) =>
      outcome(() =>
        request(origin, { dispatcher: dispatcher.compose(interceptors.responseError()) }),
      ),
    (_request, response) => response.writeHead(404).end('none'),
  ),
  row(
    'by the decompress interceptor, of gzip',
    async ({ request, origin, dispatcher }) =>
      (
        await request(origin, { dispatcher: dispatcher.compose(interceptors.decompress()) })
      ).body.text(),
    (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(5000))),
  ),
  row(
    'by the retry interceptor, of what breaks off',
    async ({ request, origin, dispatcher }) => {
      const retrying = dispatcher.compose(interceptors.retry({ maxRetries: 2, minTimeout: 1 }))
      const { statusCode, body } = await request(origin, { dispatcher: retrying })
      return { statusCode, text: await body.text() }
    },
    (() => {
      const asked = new WeakMap<object, number>()
      return (request, response) => {
        const { server } = request.socket as unknown as { server?: object }
        const key = server ?? request.socket
        const times = (asked.get(key) ?? 0) + 1
        asked.set(key, times)
        if (times === 1) response.writeHead(503).end('busy')
        else response.end('at last')
      }
    })(),
  ),
  row('by a MockAgent', async ({ request }) => {
    const mock = new MockAgent()
    mock.disableNetConnect()
    mock
      .get('http://mocked.test')
      .intercept({ path: '/x', method: 'POST', body: 'hi' })
      .reply(201, { a: 1 }, { headers: { 'x-a': '1' }, trailers: { 'x-b': '2' } })
    try {
      const found = await request('http://mocked.test/x', {
        dispatcher: mock,
        method: 'POST',
        body: 'hi',
      })
      const missing = await outcome(() => request('http://mocked.test/y', { dispatcher: mock }))
      return { found: await told(found), missing }
    } finally {
      await mock.close()
    }
  }),
  row('by a MockAgent that replies with an error', async ({ request }) => {
    const mock = new MockAgent()
    mock.get('http://mocked.test').intercept({ path: '/' }).replyWithError(new RangeError('mine'))
    try {
      return await outcome(() => request('http://mocked.test/', { dispatcher: mock }))
    } finally {
      await mock.close()
    }
  }),
]
