import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addonPackages } from './addon-packages.ts'
import { currentPlatform } from './platform.ts'

/** An addon's file. `source` says how it was found, in words for an error. */
export interface FoundAddon {
  readonly path: string
  readonly source: string
}

/**
 * Finds the addon's file: `DODICI_ADDON`, else the build of this checkout, else the platform's package. Throws an error
 * that says what was tried.
 */
export function findAddon(): FoundAddon {
  const given = process.env['DODICI_ADDON']
  if (given) {
    if (!isAbsolute(given)) {
      throw new Error(`DODICI_ADDON must be an absolute path, not "${given}"`)
    }
    return { path: given, source: 'DODICI_ADDON' }
  }
  const built = builtAddon()
  return built === undefined ? packagedAddon() : { path: built, source: 'built here' }
}

function packagedAddon(): FoundAddon {
  const packages = addonPackages()
  if (packages === undefined) {
    throw new Error(
      "dodici's addon is not part of a bundle: set DODICI_ADDON to the path of a dodici.node.",
    )
  }
  const { name, words } = currentPlatform()
  const resolve = packages[name]
  if (resolve === undefined) {
    const names = Object.keys(packages).join(', ')
    throw new Error(
      `dodici has no addon for this platform (${words}); there are addons for ${names}. ${waysOut}`,
    )
  }
  const source = `@dodici/${name}`
  try {
    return { path: resolve(), source }
  } catch (cause) {
    throw new Error(
      `dodici found no addon for this platform (${words}). Tried: DODICI_ADDON, which is not set; the package ${source}, ` +
        'which is not installed. npm leaves it out with --omit=optional, and where a lock file was made on another platform ' +
        `by an old npm: "npm install ${source}" adds it. ${waysOut}`,
      { cause },
    )
  }
}

const waysOut =
  'Other ways: set DODICI_ADDON to the path of a dodici.node that you built from source, or DODICI_FALLBACK=undici to run ' +
  'on undici itself, without the native part.'

// Exists in a checkout only, whose root is two folders up from lib/native and from dist/native.
function builtAddon(): string | undefined {
  const { url } = import.meta as { readonly url?: string }
  if (url === undefined) {
    return undefined
  }
  const root = join(dirname(fileURLToPath(url)), '../..')
  const built = ['release', 'dev'].map((preset) => join(root, 'build', preset, 'dodici.node'))
  return built.find((path) => existsSync(path))
}
