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
