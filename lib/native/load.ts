import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NativeBinding } from './contract.ts'

let binding: NativeBinding | undefined

/**
 * Loads the addon, once a process or worker: from `DODICI_ADDON` (an absolute path), else from `build/release` or
 * `build/dev` of this package.
 */
export function loadBinding(): NativeBinding {
  binding ??= open(findAddon())
  return binding
}

// An addon that links the system's libcurl must not bind that to the OpenSSL and nghttp2 of Node's own executable.
function open(path: string): NativeBinding {
  const { RTLD_NOW, RTLD_DEEPBIND } = constants.dlopen
  const module = { exports: {} }
  process.dlopen(module, path, linksSystemCurl(path) ? RTLD_NOW | RTLD_DEEPBIND : RTLD_NOW)
  return module.exports as NativeBinding
}

// The build says so beside its output.
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
  // A bundle that is no ES module has none.
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

// The package's root lies two folders up from lib/native, and perhaps three from a build's output.
function builtAddons(folder: string): string[] {
  const roots = [join(folder, '../..'), join(folder, '../../..')]
  return roots.flatMap((root) =>
    ['release', 'dev'].map((build) => join(root, 'build', build, 'dodici.node')),
  )
}
