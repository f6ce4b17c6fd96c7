import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NativeBinding } from './contract.ts'

let binding: NativeBinding | undefined

/**
 * Loads the addon, once per process or worker: from `DODICI_ADDON` (an absolute path), or else from `build/release` or
 * `build/dev` of this package.
 */
export function loadBinding(): NativeBinding {
  binding ??= open(findAddon())
  return binding
}

// If the addon links the system's libcurl, RTLD_DEEPBIND keeps that from binding to the OpenSSL and nghttp2 in Node.
function open(path: string): NativeBinding {
  const { RTLD_NOW, RTLD_DEEPBIND } = constants.dlopen
  const module = { exports: {} }
  process.dlopen(module, path, linksSystemCurl(path) ? RTLD_NOW | RTLD_DEEPBIND : RTLD_NOW)
  return module.exports as NativeBinding
}

// The build leaves a note beside its output.
function linksSystemCurl(path: string): boolean {
  const note = join(dirname(path), 'dodici.build.json')
  return existsSync(note) && /"curl":\s*"system"/.test(readFileSync(note, 'utf8'))
}

function findAddon(): string {
  const given = process.env['DODICI_ADDON']
  if (given) {
    if (!isAbsolute(given)) {
      throw new Error(`DODICI_ADDON must be an absolute path, not "${given}"`)
    }
    return given
  }
  // import.meta.url is undefined in a CommonJS bundle.
  const { url } = import.meta as { readonly url?: string }
  const candidates = url === undefined ? [] : builtAddons(dirname(fileURLToPath(url)))
  const found = candidates.find((path) => existsSync(path))
  if (found === undefined) {
    throw new Error(
      candidates.length === 0
        ? "dodici's addon is not part of a bundle: set DODICI_ADDON to the path of a dodici.node."
        : `dodici's addon is not built: none of ${candidates.join(', ')} exists. ` +
            'Run "npm run build", or set DODICI_ADDON to the path of a dodici.node.',
    )
  }
  return found
}

// The package's root is two folders above lib/native, or three above the output of a user's build.
function builtAddons(folder: string): string[] {
  const roots = [join(folder, '../..'), join(folder, '../../..')]
  return roots.flatMap((root) =>
    ['release', 'dev'].map((build) => join(root, 'build', build, 'dodici.node')),
  )
}
