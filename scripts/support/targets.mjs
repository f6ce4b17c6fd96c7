// The architectures that this machine can build for with Debian's cross compilers, besides its own.
import { readFileSync } from 'node:fs'
import { inRoot } from './paths.mjs'
import { StepFailed } from './run.mjs'

/** By Node's name: Debian's triplet, OpenSSL's name, and what runs their programs here. */
const crossTargets = {
  arm64: {
    triplet: 'aarch64-linux-gnu',
    openssl: 'linux-aarch64',
    emulator: 'qemu-aarch64-static',
  },
}

/**
 * Returns undefined for this machine's own architecture; fails if there is no cross compiler for `arch`. Its `toolchain` is a
 * file for CMake.
 */
export function targetOf(arch = process.arch) {
  if (arch === process.arch) return undefined
  const known = crossTargets[arch]
  if (known === undefined) {
    const possible = [process.arch, ...Object.keys(crossTargets)]
    throw new StepFailed(`there is no cross build for ${arch}, only for ${possible.join(', ')}.`)
  }
  return { arch, ...known, toolchain: inRoot('cmake', `linux-${arch}.cmake`) }
}

/** What makes libraries for a target differ, for their cache key. Empty for this machine's own architecture. */
export function describeTarget(target) {
  return target === undefined ? '' : readFileSync(target.toolchain, 'utf8')
}

/** The name of a program of binutils that reads files of the target. */
export function binutil(name, target) {
  return target === undefined ? name : `${target.triplet}-${name}`
}
