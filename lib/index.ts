export { Agent } from './agent.ts'
export { Client, Pool } from './pool.ts'
export type { ClientOptions, ClientStats, PoolOptions } from './pool.ts'
export type { OriginLike } from './dispatch/origin-url.ts'
export type { AgentOptions, H2Options } from './agent-options.ts'
export type { ProxyOptions } from './proxy.ts'
export type { OriginStats } from './agent-state.ts'
export type { ConnectOptions } from './connect-options.ts'
export { setGlobalDispatcher } from './global-dispatcher.ts'
export { setLoopThreads } from './loop-threads.ts'

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
  errors,
  fetch,
  getGlobalDispatcher,
  interceptors,
  pipeline,
  request,
  stream,
  upgrade,
} from 'undici'
