// Imports nothing, so that it may be evaluated before undici is.

const places = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) =>
  Symbol.for(name),
)

/**
 * Node's own fetch goes through the proxies of the environment: by `NODE_USE_ENV_PROXY=1` or `--use-env-proxy`, on the
 * command line or in `NODE_OPTIONS`, and there are some.
 */
export const usesEnvironmentProxies: boolean = places
  .map((place) => (globalThis as Record<symbol, unknown>)[place])
  .some((dispatcher) => dispatcher?.constructor.name === 'EnvHttpProxyAgent')

/** Node's fetch asks a proxy for a tunnel to plain http too: that of Node up to 24, whose undici is older than 8. */
export const tunnelsPlainHttp: boolean = Number.parseInt(process.versions['undici'] ?? '8', 10) < 8
