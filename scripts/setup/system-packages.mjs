// Installs the Debian packages that building and testing need. It looks for files, so that nothing runs if nothing is
// missing, and other distributions work if the same things are installed under other names.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { capture, runLogged, say, StepFailed } from '../support/run.mjs'
import { logOf } from '../support/paths.mjs'

const inPath = (...commands) =>
  commands.every((command) => searchPath().some((folder) => existsSync(join(folder, command))))
const header = (name) =>
  existsSync(join('/usr/include', name)) || existsSync(join('/usr/local/include', name))
/** Debian puts machine-dependent headers in a folder named after the machine. */
const headerOfTheMachine = (name) =>
  existsSync('/usr/include') &&
  readdirSync('/usr/include').some((folder) => existsSync(join('/usr/include', folder, name)))

/** Installs the first of `packages` that apt knows. `for` names the purposes that need it; without it, building does. */
const needs = [
  { packages: ['build-essential'], there: () => inPath('g++', 'gcc', 'make') },
  { packages: ['cmake'], there: () => inPath('cmake') },
  { packages: ['ninja-build'], there: () => inPath('ninja') },
  { packages: ['perl'], there: () => inPath('perl') },
  { packages: ['patch'], there: () => inPath('patch') },
  { packages: ['pkg-config'], there: () => inPath('pkg-config') },
  { packages: ['xz-utils'], there: () => inPath('xz') },
  { packages: ['openssl'], for: ['test', 'demo'], there: () => inPath('openssl') },
  { packages: ['libboost1.81-dev', 'libboost-dev'], there: () => boostVersion() >= 108_100 },
  { packages: ['libgtest-dev'], for: ['test'], there: () => header('gtest/gtest.h') },
  { packages: ['libgmock-dev'], for: ['test'], there: () => header('gmock/gmock.h') },
  { packages: ['libbenchmark-dev'], for: ['test'], there: () => header('benchmark/benchmark.h') },
  { packages: ['nginx-light', 'nginx'], for: ['test'], there: () => inPath('nginx') },
  { packages: ['caddy'], for: ['test'], there: () => inPath('caddy') },
  {
    packages: ['libcurl4-openssl-dev'],
    for: ['system'],
    there: () => header('curl/curl.h') || headerOfTheMachine('curl/curl.h'),
  },
  { packages: ['libssl-dev'], for: ['system'], there: () => header('openssl/ssl.h') },
  { packages: ['tinyproxy-bin', 'tinyproxy'], for: ['test'], there: () => inPath('tinyproxy') },
  { packages: ['microsocks'], for: ['test'], there: () => inPath('microsocks') },
  { packages: ['curl'], for: ['bulk'], there: () => inPath('curl') },
  { packages: ['aria2'], for: ['bulk'], there: () => inPath('aria2c') },
  {
    packages: ['g++-aarch64-linux-gnu'],
    for: ['arm64'],
    there: () => inPath('aarch64-linux-gnu-g++'),
  },
  { packages: ['qemu-user-static'], for: ['arm64'], there: () => inPath('qemu-aarch64-static') },
  { packages: ['valgrind'], for: ['valgrind'], there: () => inPath('valgrind') },
  { packages: ['clang'], for: ['fuzz'], there: () => inPath('clang++') },
  {
    packages: ['libclang-rt-14-dev', 'libclang-rt-dev'],
    for: ['fuzz'],
    there: () => fuzzerRuntime('/usr/lib'),
  },
  { packages: ['clang-format'], for: ['check'], there: () => inPath('clang-format') },
  { packages: ['clang-tidy'], for: ['check'], there: () => inPath('clang-tidy') },
]

/** Installs what building and `purposes` lack, or fails with the command that installs it. */
export async function ensureSystemPackages(purposes) {
  const missing = needs.filter(
    (need) =>
      (need.for === undefined || need.for.some((each) => purposes.includes(each))) && !need.there(),
  )
  if (missing.length === 0) return
  const firstNames = missing.map(({ packages }) => packages[0]).join(' ')
  const elevate = await asRoot()
  if (elevate === undefined || !inPath('apt-get')) {
    throw new StepFailed(
      `missing on this machine: ${firstNames} (Debian’s package names).\n` +
        `Install them and run the same command again: sudo apt-get install ${firstNames}`,
    )
  }
  say(`Installing missing system packages: ${firstNames}`)
  await apt(elevate, 'reading apt’s lists', ['update'])
  const names = await Promise.all(missing.map(({ packages }) => firstKnown(packages)))
  // Installed packages must not be removed; the machine's owner must decide conflicts.
  const install = ['install', '--yes', '--no-install-recommends', '--no-remove', ...names]
  await withoutServiceStarts(() => apt(elevate, 'installing system packages', install))
  const still = missing.filter((need) => !need.there())
  if (still.length > 0) {
    throw new StepFailed(
      `installed, yet not found: ${still.map(({ packages }) => packages[0]).join(' ')}. See ${logOf('apt')}.`,
    )
  }
}

function apt([command, ...before], title, args) {
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  return runLogged({
    title,
    command,
    args: [...before, ...options, ...args],
    env,
    log: logOf('apt'),
  })
}

async function asRoot() {
  if (process.getuid?.() === 0) return ['apt-get']
  return (await capture('sudo', ['-n', 'true'])) === undefined
    ? undefined
    : ['sudo', '-n', 'apt-get']
}

async function firstKnown(packages) {
  for (const name of packages) {
    const policy = await capture('apt-cache', ['policy', name], {
      env: { ...process.env, LC_ALL: 'C' },
    })
    if (/Candidate: (?!\(none\))/.test(policy ?? '')) return name
  }
  return packages[0]
}

/** Tests and benchmarks start nginx and Caddy themselves, but their packages would also start services on port 80. */
async function withoutServiceStarts(work) {
  const policy = '/usr/sbin/policy-rc.d'
  const shield = process.getuid?.() === 0 && !existsSync(policy)
  if (shield) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await work()
  } finally {
    if (shield) rmSync(policy, { force: true })
  }
}

function boostVersion() {
  const file = ['/usr/include', '/usr/local/include']
    .map((base) => join(base, 'boost/version.hpp'))
    .find(existsSync)
  return file === undefined
    ? 0
    : Number(/#define BOOST_VERSION (\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0)
}

/** clang keeps its runtimes in a folder named after its version; they are in a separate package. */
function fuzzerRuntime(folder) {
  const versions = readdirSync(folder).filter((name) => name.startsWith('llvm-'))
  return versions.some((version) => {
    const clang = join(folder, version, 'lib/clang')
    return (
      existsSync(clang) &&
      readdirSync(clang, { recursive: true }).some((file) => /libclang_rt\.fuzzer\b/.test(file))
    )
  })
}

function searchPath() {
  // Debian installs nginx in sbin, which an ordinary user's PATH does not contain.
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
}
