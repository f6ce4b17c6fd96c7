// Prepares the addon for its package: moves its symbols into a file of their own, and checks it before it is packed.
import { copyFileSync, statSync } from 'node:fs'
import { capture, runLogged, StepFailed } from '../support/run.mjs'
import { logOf } from '../support/paths.mjs'
import { binutil } from '../support/targets.mjs'
import { glibcFloor, mostBytes } from './platforms.mjs'

/**
 * Writes `addon` without symbols to `to`, and its debug information to `debug`, which debuggers find by its build id.
 * `target` is what the addon is built for, if that isn't this machine.
 */
export async function strip(addon, { to, debug, target }) {
  const run = (title, command, args) => runLogged({ title, command, args, log: logOf('package') })
  await run('keeping the symbols', binutil('objcopy', target), ['--only-keep-debug', addon, debug])
  copyFileSync(addon, to)
  await run('stripping the addon', binutil('strip', target), ['--strip-unneeded', to])
}

/** Fails unless the file runs wherever packages for `libc` (`glibc` or `musl`) do, and is as small as promised. */
export async function checkAddon(file, libc) {
  await (libc === 'musl' ? checkMusl(file) : checkGlibc(file))
  const { size } = statSync(file)
  if (size > mostBytes)
    throw new StepFailed(`${file} has ${size} bytes; the limit is ${mostBytes}.`)
}

async function checkGlibc(file) {
  const newest = await newestGlibc(file)
  if (compare(newest, glibcFloor) > 0) {
    throw new StepFailed(
      `${file} needs GLIBC_${newest}; packages must run on ${glibcFloor} and newer. It was linked against this machine's ` +
        'C library, because Debian 11’s could not be downloaded.',
    )
  }
}

// musl's dynamic linker answers to this name, whatever the name of its file is.
async function checkMusl(file) {
  const dynamic = (await capture('readelf', ['--wide', '--dynamic', file])) ?? ''
  const needed = [...dynamic.matchAll(/NEEDED.*\[(.+)\]/g)].map(([, library]) => library)
  if (needed.join() !== 'libc.so') {
    throw new StepFailed(
      `${file} needs ${needed.join(', ')}; packages for musl may need only libc.so.`,
    )
  }
}

/** Returns the newest version of glibc that a symbol of the file needs. */
async function newestGlibc(file) {
  // objdump reads only files of its own architecture.
  const needs = await capture('readelf', ['--version-info', file])
  if (needs === undefined) throw new StepFailed(`readelf can’t read ${file}.`)
  const versions = [...needs.matchAll(/Name: GLIBC_([\d.]+)/g)].map(([, version]) => version)
  return versions.sort(compare).at(-1) ?? '0'
}

function compare(a, b) {
  return a.localeCompare(b, 'en', { numeric: true })
}
