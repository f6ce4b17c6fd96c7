import { createRequire } from 'node:module'

// A bundle in the form of a CommonJS module has this instead of `import.meta`.
declare const __filename: string

type MaybeUrl = { readonly url?: string }

/**
 * Returns a function for each platform, which returns the path of its addon, or throws if its package is not installed. Returns
 * undefined in a bundle that does not know where its file is.
 *
 * Webpack and the tracers of standalone servers only see the packages because each name is a literal, the function is called
 * `require`, and one expression makes it.
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
  }
}
