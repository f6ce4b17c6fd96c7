// What this machine can build for besides itself: Linux on arm64 by Debian's cross compiler, and Linux with musl by zig.
import { readFileSync } from 'node:fs'
import { inRoot } from './paths.mjs'
import { StepFailed } from './run.mjs'

/** How the names of zig's tools begin; scripts/setup/zig-tools.mjs makes them. */
const zigTools = (triplet) => inRoot('build/zig', triplet)

/**
 * By their names in commands and presets: the platform's package; how the names of the compiler's programs begin, and those of
 * binutils that read its files; OpenSSL's name; the purpose for scripts/setup; what runs its programs here, if this machine can't.
 */
const targets = {
  arm64: {
    platform: 'linux-arm64-gnu',
    triplet: 'aarch64-linux-gnu',
    tools: 'aarch64-linux-gnu',
    binutils: 'aarch64-linux-gnu-',
    openssl: 'linux-aarch64',
    purpose: 'arm64',
    emulator: 'qemu-aarch64-static',
  },
  'x64-musl': {
    platform: 'linux-x64-musl',
    triplet: 'x86_64-linux-musl',
    tools: zigTools('x86_64-linux-musl'),
    binutils: '',
    openssl: 'linux-x86_64',
    purpose: 'zig',
  },
  'arm64-musl': {
    platform: 'linux-arm64-musl',
    triplet: 'aarch64-linux-musl',
    tools: zigTools('aarch64-linux-musl'),
    // binutils for arm64 come with Debian's cross compiler.
    binutils: 'aarch64-linux-gnu-',
    openssl: 'linux-aarch64',
    purpose: 'arm64',
    emulator: 'qemu-aarch64-static',
  },
}

/** The names that targetOf() knows besides this machine's. */
export const targetNames = Object.keys(targets)

/** Returns undefined for this machine's own kind; fails if it can't build for `name`. `toolchain` is a file for CMake. */
export function targetOf(name = process.arch) {
  if (name === process.arch) return undefined
  const known = targets[name]
  if (known === undefined) {
    const possible = [process.arch, ...targetNames].join(', ')
    throw new StepFailed(`this machine can't build for ${name}, only for ${possible}.`)
  }
  const usesZig = known.tools !== known.triplet
  return { name, usesZig, ...known, toolchain: inRoot('cmake', `linux-${name}.cmake`) }
}

/** The name of the package with the target's addon. */
export function platformOf(target) {
  return target?.platform ?? `linux-${process.arch}-gnu`
}

/** The preset of a kind, such as `release`, for the target. */
export function presetOf(kind, target) {
  return target === undefined ? kind : `${kind}-${target.name}`
}

/** The target of a preset. */
export function targetOfPreset(preset) {
  const name = preset.split('-').slice(1).join('-')
  return name === '' ? undefined : targetOf(name)
}

/** What makes libraries for a target differ, for their cache key. Empty for this machine's own kind. */
export function describeTarget(target) {
  return target === undefined ? '' : readFileSync(target.toolchain, 'utf8')
}

/** The name of a program of binutils that reads files of the target. */
export function binutil(name, target) {
  return `${target?.binutils ?? ''}${name}`
}
