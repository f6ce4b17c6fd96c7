// Node's flags. The last of each kind wins, and those of NODE_OPTIONS come first.
const flags = [...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/), ...process.execArgv]

function lastOf(...names: readonly string[]): string | undefined {
  return flags.findLast((flag) => names.includes(flag))
}

/** Whether OpenSSL finds the default certificates by itself. */
export const usesOpenSslStore: boolean = flags.includes('--use-openssl-ca')

/** Whether the system's certificates are among the default ones. */
export const usesSystemCas: boolean =
  (lastOf('--use-system-ca', '--no-use-system-ca') ??
    (process.env['NODE_USE_SYSTEM_CA'] === '1' ? '--use-system-ca' : '')) === '--use-system-ca'
