import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import type { NativeBinding } from './contract.ts'
import { faultOfElf, libcOfElf } from './elf-check.ts'
import { findAddon, type FoundAddon } from './find-addon.ts'
import { currentLibc, currentPlatform } from './platform.ts'
import { version } from './version.ts'

let binding: NativeBinding | undefined
let failure: Error | undefined

/** Loads the addon, once per process or worker. If that fails, the error says what was tried and what helps. */
export function loadBinding(): NativeBinding {
  const error = bindingError()
  if (error !== undefined) {
    throw error
  }
  return binding as NativeBinding
}

/** Returns the error that loadBinding() throws; undefined if there is an addon. */
export function bindingError(): Error | undefined {
  if (binding === undefined && failure === undefined) {
    try {
      binding = open(findAddon())
    } catch (error) {
      failure = error as Error
    }
  }
  return failure
}

function open({ path, source }: FoundAddon): NativeBinding {
  const loaded = orFault(path, source)
  if (typeof loaded.Client !== 'function') {
    throw unloadable(path, source, "it is an addon, but not dodici's")
  }
  if (loaded.dodici !== version) {
    throw unloadable(path, source, `it belongs to dodici ${loaded.dodici}, not to ${version}`)
  }
  return loaded
}

function orFault(path: string, source: string): NativeBinding {
  const { RTLD_NOW, RTLD_DEEPBIND } = constants.dlopen
  const module = { exports: {} }
  try {
    const fault = process.platform === 'linux' ? faultOfElf(path) : undefined
    if (fault !== undefined) {
      throw new Error(fault)
    }
    // If the addon uses the system's libcurl, that must not bind to the OpenSSL and nghttp2 in Node's executable.
    link(module, path, linksSystemCurl(path) ? RTLD_NOW | RTLD_DEEPBIND : RTLD_NOW)
  } catch (cause) {
    throw unloadable(path, source, (cause as Error).message, cause)
  }
  return module.exports as NativeBinding
}

function link(module: object, path: string, flags: number): void {
  try {
    process.dlopen(module, path, flags)
  } catch (error) {
    const libc = process.platform === 'linux' ? libcOfElf(path) : undefined
    if (libc === undefined || libc === currentLibc()) {
      throw error
    }
    throw new Error(`it is made for ${libc}`, { cause: error })
  }
}

function unloadable(path: string, source: string, why: string, cause?: unknown): Error {
  const text =
    `dodici ${version} can't load its addon ${path} (${source}) on this platform (${currentPlatform().words}): ${why}. ` +
    'Install the package again, or build from source and set DODICI_ADDON to the path of its dodici.node.'
  // Programs check for Node's codes, such as ERR_DLOPEN_DISABLED.
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  return Object.assign(new Error(text, { cause }), code !== undefined && { code })
}

// The build writes this file beside the addon.
function linksSystemCurl(path: string): boolean {
  const note = join(dirname(path), 'dodici.build.json')
  return existsSync(note) && /"curl":\s*"system"/.test(readFileSync(note, 'utf8'))
}
