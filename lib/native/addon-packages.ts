import { createRequire } from 'node:module'

// What a bundle in the form of a CommonJS module has instead of `import.meta`.
declare const __filename: string

type MaybeUrl = { readonly url?: string }

/**
 * Gives the path of a platform's addon, by platform; each function throws when its package is not installed. undefined: a
 * bundle that does not know where it is.
 *
 * Each name is a literal, `require` is called by that name and made in one expression: so webpack and the tracers of standalone
 * servers see the packages.
 */
export function addonPackages(): Readonly<Record<string, () => string>> | undefined {
  if ((import.meta as MaybeUrl).url === undefined && typeof __filename === 'undefined') {
    return undefined
  }
  const require = createRequire((import.meta as MaybeUrl).url ?? __filename)
  return {
    'linux-x64-gnu': () => require('@dodici/linux-x64-gnu'),
    'linux-arm64-gnu': () => require('@dodici/linux-arm64-gnu'),
    'linux-x64-musl': () => require('@dodici/linux-x64-musl'),
    'linux-arm64-musl': () => require('@dodici/linux-arm64-musl'),
    'darwin-arm64': () => require('@dodici/darwin-arm64'),
    'darwin-x64': () => require('@dodici/darwin-x64'),
    'win32-x64': () => require('@dodici/win32-x64'),
  }
}
