// A program that uses all kinds of dispatchers.
import {
  Agent,
  BalancedPool,
  Client,
  EnvHttpProxyAgent,
  Pool,
  ProxyAgent,
  RetryAgent,
} from 'undici'
import { Dispatcher, interceptors, RoundRobinPool } from 'undici'

const [, , origin = '', proxy = ''] = process.argv
const log = (...values: unknown[]): void => console.log(JSON.stringify(values))

class Counting extends Agent {
  count = 0

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    this.count += 1
    return super.dispatch(options, handler)
  }
}

const counting = new Counting()
const made: [string, Dispatcher][] = [
  ['Agent', new Agent({ maxOrigins: 2 })],
  ['Agent with a factory', new Agent({ factory: (url, options) => new Pool(url, options) })],
  ['an own class', counting],
  ['Client', new Client(origin)],
  ['Pool', new Pool(origin, { connections: 2 })],
  ['BalancedPool', new BalancedPool([origin])],
  ['RoundRobinPool', new RoundRobinPool(origin, { connections: 2 })],
  ['ProxyAgent', new ProxyAgent(proxy)],
  ['ProxyAgent with a tunnel', new ProxyAgent({ uri: proxy, proxyTunnel: true })],
  ['EnvHttpProxyAgent', new EnvHttpProxyAgent({ httpProxy: proxy, noProxy: '' })],
  ['EnvHttpProxyAgent, excepted', new EnvHttpProxyAgent({ httpProxy: proxy, noProxy: '*' })],
  ['RetryAgent', new RetryAgent(new Agent())],
  ['composed', new Agent().compose(interceptors.dump(), interceptors.redirect())],
  ['composed Pool', new Pool(origin).compose(interceptors.retry())],
]

for (const [name, dispatcher] of made) {
  const isDispatcher = dispatcher instanceof Dispatcher
  const { statusCode, body } = await dispatcher.request({ origin, path: '/a', method: 'GET' })
  const { url } = (await body.json().catch(() => ({ url: 'dumped' }))) as { url: string }
  await dispatcher.close()
  const { closed } = dispatcher as Agent
  const [error] = await Promise.allSettled([
    dispatcher.request({ origin, path: '/late', method: 'GET' }),
  ])
  const { code } = (error as { reason?: { code?: string } }).reason ?? {}
  log(name, isDispatcher, statusCode, url, closed, code)
}
log(counting.count)
