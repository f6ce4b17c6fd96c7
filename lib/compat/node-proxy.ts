// This file has no imports, so that it can be evaluated before undici.

const places = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) =>
  Symbol.for(name),
)

/**
 * Whether Node's own fetch uses the environment's proxies: `NODE_USE_ENV_PROXY=1` or `--use-env-proxy` is set, on the
 * command line or in `NODE_OPTIONS`, and there are proxies.
 */
export const usesEnvironmentProxies: boolean = places
  .map((place) => (globalThis as Record<symbol, unknown>)[place])
  .some((dispatcher) => dispatcher?.constructor.name === 'EnvHttpProxyAgent')

/** Whether Node's fetch uses a tunnel for plain http too, as in Node up to 24, whose undici is older than 8. */
export const tunnelsPlainHttp: boolean = Number.parseInt(process.versions['undici'] ?? '8', 10) < 8
