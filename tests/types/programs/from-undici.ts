// A program that was written for undici, with dodici's name where undici's was.
import undici, {
  Agent,
  BalancedPool,
  Client,
  Dispatcher,
  EnvHttpProxyAgent,
  FormData,
  H2CClient,
  Headers,
  MockAgent,
  Pool,
  ProxyAgent,
  Request,
  Response,
  RetryAgent,
  RoundRobinPool,
  SnapshotAgent,
  Socks5ProxyAgent,
  WebSocket,
  errors,
  fetch,
  getCookies,
  getGlobalDispatcher,
  interceptors,
  request,
  setGlobalDispatcher,
} from 'dodici'
import type { BodyInit, Cookie, HeadersInit, Interceptable, RequestInfo, RequestInit } from 'dodici'
import type * as Dodici from 'dodici'
import type * as Undici from 'undici'

// Each name is there.
type Missing = Exclude<keyof typeof Undici, keyof typeof Dodici>
const isMissing: [Missing] extends [never] ? false : Missing = false

const agentOptions: Agent.Options = { connections: 5, factory: (origin) => new Pool(origin) }
const poolOptions: Pool.Options = {
  connections: 2,
  factory: (origin, options) => new Client(origin, options),
}
const clientOptions: Client.Options = { pipelining: 1 }
const proxyOptions: ProxyAgent.Options = { uri: 'http://a.test', token: 'Bearer x' }
const envOptions: EnvHttpProxyAgent.Options = { noProxy: '*', httpProxy: 'http://a.test' }
const socksOptions: Socks5ProxyAgent.Options = { username: 'a', password: 'b' }
const h2cOptions: H2CClient.Options = { maxConcurrentStreams: 5, pipelining: 5 }
const roundOptions: RoundRobinPool.Options = { connections: 2, clientTtl: 5 }

const mock: MockAgent = new MockAgent({ agent: new Agent(agentOptions) })
const mocked: Interceptable = mock.get('http://a.test')
const scope = mocked.intercept({ path: '/' }).reply(200, 'ok')
const snapshotOptions: SnapshotAgent.Options = { mode: 'record', agent: new Agent() }

const dispatchers: Dispatcher[] = [
  new Pool('http://a.test', poolOptions),
  new Client('http://a.test', clientOptions),
  new ProxyAgent(proxyOptions),
  new ProxyAgent('http://a.test'),
  new EnvHttpProxyAgent(envOptions),
  new Socks5ProxyAgent('socks5://a.test', socksOptions),
  new H2CClient('http://a.test', h2cOptions),
  new RoundRobinPool('http://a.test', roundOptions),
  new BalancedPool(['http://a.test', 'http://b.test'], { connections: 5 }),
  new RetryAgent(new Agent().compose(interceptors.redirect({ maxRedirections: 2 }))),
  new SnapshotAgent(snapshotOptions),
  mock,
]
const balanced: BalancedPool = new BalancedPool('http://a.test').addUpstream('http://b.test')
const upstream = balanced.getUpstream('http://b.test')
const client = new Client('http://a.test')
client.pipelining = 0

setGlobalDispatcher(new Agent())
const body: BodyInit = new FormData()
const headers: HeadersInit = new Headers({ a: 'b' })
const init: RequestInit = {
  method: 'POST',
  body,
  headers,
  dispatcher: new Agent(),
}
const info: RequestInfo = new Request('http://a.test')
const response: Response = await fetch(info, init)
const { statusCode, body: data } = await request('http://a.test', {
  dispatcher: getGlobalDispatcher(),
})
const cookies: Record<string, string> = getCookies(new Headers({ cookie: 'a=b' }))
const cookie: Cookie = { name: 'a', value: 'b' }
const handler: Dispatcher.DispatchHandler = {
  onResponseError: (_controller, error) => console.log(error instanceof errors.UndiciError),
}
dispatchers[0]?.dispatch({ path: '/', method: 'GET' }, handler)
console.log(isMissing, scope, upstream?.stats, response.ok, statusCode, await data.text(), cookies)
console.log(
  dispatchers[0] instanceof Dispatcher,
  cookie,
  WebSocket.CONNECTING,
  undici.request === request,
  Response.error(),
)
