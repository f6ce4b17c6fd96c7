// Exports of undici that are passed on unchanged, and those that some supported versions of undici lack.
import type * as Undici from 'undici'
import { errors } from './undici.ts'
import * as undici from 'undici/index.js'

export type * from 'undici'
export {
  CloseEvent,
  DecoratorHandler,
  Dispatcher,
  ErrorEvent,
  EventSource,
  FormData,
  Headers,
  MessageEvent,
  MockAgent,
  MockClient,
  MockPool,
  RedirectHandler,
  Request,
  Response,
  RetryAgent,
  RetryHandler,
  WebSocket,
  WebSocketError,
  WebSocketStream,
  buildConnector,
  cacheStores,
  caches,
  connect,
  deleteCookie,
  errors,
  fetch,
  getCookies,
  getGlobalDispatcher,
  getGlobalOrigin,
  getSetCookies,
  interceptors,
  mockErrors,
  parseCookie,
  parseMIMEType,
  pipeline,
  serializeAMimeType,
  setCookie,
  setGlobalOrigin,
  stream,
  upgrade,
  util,
} from 'undici/index.js'

/** Whether undici's functions leave `dispatcher` in the options, where interceptors read it. Those of undici 7 do. */
export const leavesDispatcher: boolean = readLeavesDispatcher()

function readLeavesDispatcher(): boolean {
  let leaves = false
  const dispatcher = {
    dispatch(options: object) {
      leaves = 'dispatcher' in options
    },
  }
  void undici.request('http://localhost/', { dispatcher: dispatcher as never })
  return leaves
}

/**
 * Returns undici's export of this name. If the installed undici lacks it, calling or constructing it throws a
 * `NotSupportedError`.
 */
export function lateExport<Name extends keyof typeof Undici>(name: Name): (typeof Undici)[Name] {
  return name in undici ? undici[name] : missing(name)
}

function missing(name: string): never {
  return function () {
    throw new errors.NotSupportedError(`the installed undici has no ${name}`)
  } as never
}

export type Dispatcher1Wrapper = Undici.Dispatcher1Wrapper
export const Dispatcher1Wrapper: typeof Undici.Dispatcher1Wrapper = lateExport('Dispatcher1Wrapper')

export type MockCallHistory = Undici.MockCallHistory
export const MockCallHistory: typeof Undici.MockCallHistory = lateExport('MockCallHistory')

export type MockCallHistoryLog = Undici.MockCallHistoryLog
export const MockCallHistoryLog: typeof Undici.MockCallHistoryLog = lateExport('MockCallHistoryLog')

export type SnapshotAgent = Undici.SnapshotAgent
export const SnapshotAgent: typeof Undici.SnapshotAgent = lateExport('SnapshotAgent')

export const install: typeof Undici.install = lateExport('install')
export const ping: typeof Undici.ping = lateExport('ping')

/** The types that undici has under these names. */
export declare namespace MockCallHistory {
  export type FilterCallsOptions = Undici.MockCallHistory.FilterCallsOptions
  export type FilterCallsOperator = Undici.MockCallHistory.FilterCallsOperator
}

export declare namespace MockCallHistoryLog {
  export type MockCallHistoryLogProperties = Undici.MockCallHistoryLog.MockCallHistoryLogProperties
}

export declare namespace SnapshotAgent {
  export type Options = Undici.SnapshotAgent.Options
}
