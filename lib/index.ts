export { Agent } from './api/agent.ts'
export { Client, Pool } from './api/pool.ts'
export type { ClientOptions, ClientStats, PoolOptions } from './api/pool.ts'
export type { OriginLike } from './origins/origin-url.ts'
export type { AgentOptions, H2Options } from './options/agent-options.ts'
export type { ProxyOptions } from './options/proxy.ts'
export type { OriginStats } from './api/origin-stats.ts'
export type { ConnectOptions } from './options/connect-options.ts'
export { setGlobalDispatcher } from './api/global-dispatcher.ts'
export { setLoopThreads } from './api/loop-threads.ts'

// The rest of undici that works over any dispatcher, so that one import is enough.
export {
  CloseEvent,
  DecoratorHandler,
  Dispatcher,
  ErrorEvent,
  EventSource,
  FormData,
  Headers,
  MessageEvent,
  RedirectHandler,
  Request,
  Response,
  RetryAgent,
  RetryHandler,
  WebSocket,
  cacheStores,
  connect,
  fetch,
  getGlobalDispatcher,
  interceptors,
  pipeline,
  request,
  stream,
  undiciErrors as errors,
  upgrade,
} from './compat/undici.ts'
