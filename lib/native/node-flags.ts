// Of Node's command line: the last one of each kind counts, and NODE_OPTIONS comes first.
const flags = [...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/), ...process.execArgv]

function lastOf(...names: readonly string[]): string | undefined {
  return flags.findLast((flag) => names.includes(flag))
}

/** OpenSSL finds the default certificates by itself. */
export const usesOpenSslStore: boolean = flags.includes('--use-openssl-ca')

/** The system's certificates are among the default ones. */
export const usesSystemCas: boolean =
  (lastOf('--use-system-ca', '--no-use-system-ca') ??
    (process.env['NODE_USE_SYSTEM_CA'] === '1' ? '--use-system-ca' : '')) === '--use-system-ca'
