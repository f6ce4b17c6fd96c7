// All of undici that lib/ uses, looked up once, when dodici is loaded. No other file imports values of undici, but
// undici-exports.ts, which hands on the rest.
//
// By its file's name, because Bun has a module of its own under the name `undici`, in which much of it is missing.

// First of all: undici may put an Agent of its own there when it is loaded.
export { tunnelsPlainHttp, usesEnvironmentProxies } from './node-proxy.ts'
import {
  errors as undiciErrors,
  Headers as UndiciHeaders,
  Request as UndiciRequest,
  Response as UndiciResponse,
} from 'undici/index.js'

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

// What releases of undici 7 and early ones of undici 8 do not have. As undici 8.12's own.
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

/** The error classes that requests end with. */
export const errors: Errors = { ...(laterErrors as unknown as Errors), ...undiciErrors }

/** undici's classes of the web, which Node has under the same names. */
export const undiciWeb: {
  readonly Headers: typeof UndiciHeaders
  readonly Response: typeof UndiciResponse
  readonly Request: typeof Request
} = {
  Headers: UndiciHeaders,
  Response: UndiciResponse,
  Request: UndiciRequest as unknown as typeof Request,
}
