// All that lib/ uses of undici, looked up once, when dodici is loaded. Only undici-exports.ts, which passes on the
// rest, imports values of undici as well.
//
// The import names a file, because Bun has a module of its own called `undici`, which lacks much of it.

// This must come first: undici may set a global dispatcher of its own when it is loaded.
export { tunnelsPlainHttp, usesEnvironmentProxies } from './node-proxy.ts'
import {
  errors as undiciErrors,
  Headers as UndiciHeaders,
  Request as UndiciRequest,
  Response as UndiciResponse,
} from 'undici/index.js'
import * as undiciHeaders from 'undici/lib/web/fetch/headers.js'
import * as undiciRequests from 'undici/lib/web/fetch/request.js'

export {
  buildConnector,
  Agent as UndiciAgent,
  BalancedPool as UndiciBalancedPool,
  Client as UndiciClient,
  Dispatcher,
  EnvHttpProxyAgent as UndiciEnvHttpProxyAgent,
  Headers as UndiciHeaders,
  Pool as UndiciPool,
  ProxyAgent as UndiciProxyAgent,
  setGlobalDispatcher as setUndiciDispatcher,
  errors as undiciErrors,
} from 'undici/index.js'

type Errors = typeof undiciErrors
const { UndiciError } = undiciErrors

// Classes that undici 7 and early releases of undici 8 lack. They are like those of undici 8.12.
const laterErrors = {
  MaxOriginsReachedError: class MaxOriginsReachedError extends UndiciError {
    override name = 'MaxOriginsReachedError'
    override code = 'UND_ERR_MAX_ORIGINS_REACHED'

    constructor(message = '') {
      super(message || 'Maximum allowed origins reached')
    }
  },

  ProxyConnectionError: class ProxyConnectionError extends UndiciError {
    override name = 'ProxyConnectionError'
    override code = 'UND_ERR_PRX_CONN'
    override cause: unknown

    constructor(cause: unknown, message = '') {
      super(message || 'Proxy Connection failed')
      this.cause = cause
    }
  },

  Socks5ProxyError: class Socks5ProxyError extends UndiciError {
    override name = 'Socks5ProxyError'
    override code: string

    constructor(message = '', code = '') {
      super(message || 'SOCKS5 proxy error')
      this.code = code || 'UND_ERR_SOCKS5'
    }
  },
}

/** undici's error classes, complete in all supported versions. */
export const errors: Errors = { ...(laterErrors as unknown as Errors), ...undiciErrors }

/** undici's web classes; Node has others of the same names. */
export const undiciWeb: {
  readonly Headers: typeof UndiciHeaders
  readonly Response: typeof UndiciResponse
  readonly Request: typeof Request
} = {
  Headers: UndiciHeaders,
  Response: UndiciResponse,
  Request: UndiciRequest as unknown as typeof Request,
}

/** The parts of undici's Request that fetch() reads. */
export interface UndiciRequestState {
  readonly url: URL
  readonly method: string
  readonly headersList: { readonly entriesList: Iterable<[name: string, value: string]> }
  readonly body: {
    readonly stream: ReadableStream<Uint8Array>
    /** what it was made from; null for a stream */
    readonly source: unknown
    readonly length: number | null
  } | null
  readonly redirect: Request['redirect']
  readonly cache: Request['cache']
}

/** Returns undefined for a Request of another copy of undici, and for releases that do not tell. */
export function undiciRequestState(request: Request): UndiciRequestState | undefined {
  return told(undiciRequests.getRequestState, request) as UndiciRequestState | undefined
}

/** Returns the dispatcher that a Request was given. */
export function undiciRequestDispatcher(request: Request): unknown {
  return told(undiciRequests.getRequestDispatcher, request)
}

/** Returns headers of undici in their order and spelling. Returns undefined as above. */
export function undiciHeaderEntries(headers: object): Iterable<unknown> | undefined {
  const list = told(undiciHeaders.getHeadersList, headers) as
    | { entriesList: Iterable<unknown> }
    | undefined
  return list?.entriesList
}

function told(read: ((object: object) => unknown) | undefined, object: object): unknown {
  try {
    return read?.(object)
  } catch {
    return undefined
  }
}
