// A program that uses the rest of undici.
import * as undici from 'undici'
import { Agent, MockAgent, RetryAgent, cacheStores, fetch, interceptors, request } from 'undici'

const [, , origin = ''] = process.argv
const log = (...values: unknown[]): void => console.log(JSON.stringify(values))

const mock = new MockAgent({ agent: new Agent() })
mock.get('http://mocked.test').intercept({ path: '/' }).reply(200, { mocked: true }).times(2)
const answer = await fetch('http://mocked.test/', { dispatcher: mock })
log(await answer.json(), mock.pendingInterceptors().length)
const real = await request(`${origin}/real`, { dispatcher: mock })
log(((await real.body.json()) as { url: string }).url)
await mock.close()

let tries = 0
const flaky = new Agent().compose((dispatch) => (options, handler) => {
  tries += 1
  return dispatch({ ...options, path: tries < 3 ? '/503' : '/fine' }, handler)
})
const retrying = new RetryAgent(flaky, { minTimeout: 1, maxRetries: 5 })
const retried = await retrying.request({ origin, path: '/', method: 'GET' })
log(retried.statusCode, tries)
await retrying.close()

const store = new cacheStores.MemoryCacheStore()
const caching = new Agent().compose(interceptors.cache({ store }))
for (const index of [1, 2]) {
  const { body, headers } = await caching.request({ origin, path: '/cached', method: 'GET' })
  log(index, ((await body.json()) as { count: number }).count, 'age' in headers)
}
await caching.close()

const headers = new undici.Headers()
undici.setCookie(headers, { name: 'a', value: 'b', httpOnly: true })
log(undici.getSetCookies(headers), undici.getCookies(new undici.Headers({ cookie: 'c=d' })))
const type = undici.parseMIMEType('text/html; charset=utf-8')
log(type === 'failure' ? type : undici.serializeAMimeType(type))
log(undici.util.headerNameToString(Buffer.from('Content-Type')))
undici.setGlobalOrigin('http://origin.test')
log(String(undici.getGlobalOrigin()))
log(await undici.caches.has('none'), typeof undici.install, typeof undici.buildConnector({}))
log(new undici.mockErrors.MockNotMatchedError('x').code, undici.default.request === request)
