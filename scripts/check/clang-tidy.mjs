// Runs clang-tidy over core/ and addon/, with one process per core, and only over files that have changed since they
// last passed. A file's stamp is the hash of its text, of all our headers that it includes (Ninja knows them), of its
// flags and of the checks.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { capture, say, seconds } from '../support/run.mjs'
import { inRoot, root } from '../support/paths.mjs'

const build = inRoot('build/dev')
const stamps = join(build, 'clang-tidy')
const sayEveryMs = 15_000

/** Returns true if every file passes. REQUIRES: the dev preset is built. */
export async function runClangTidy() {
  mkdirSync(stamps, { recursive: true })
  const todo = (await stampedFiles()).filter(({ stamp }) => !existsSync(stamp))
  const start = performance.now()
  let done = 0
  let failed = 0
  const beat = setInterval(
    () => say(`clang-tidy: ${done} of ${todo.length} files… ${seconds(start)}`),
    sayEveryMs,
  )
  const waiting = [...todo]
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { code, output } = await tidy(next.file)
      done++
      if (code === 0) {
        writeFileSync(next.stamp, '')
      } else {
        failed++
        process.stdout.write(output)
      }
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  clearInterval(beat)
  return failed === 0
}

async function stampedFiles() {
  const commands = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8'))
  const headers = await headersByObject()
  const common = createHash('sha256').update(readFileSync(inRoot('.clang-tidy')))
  common.update((await capture('clang-tidy', ['--version'])) ?? '')
  return commands
    .filter(({ file }) => /^(core|addon)\//.test(relative(root, file)))
    .map(({ file, command, output }) => {
      const hash = common.copy().update(command)
      for (const input of [file, ...(headers.get(output) ?? [])]) hash.update(readFileSync(input))
      return { file, stamp: join(stamps, hash.digest('hex')) }
    })
}

/** `ninja -t deps` prints an object's name, and then its sources, indented. */
async function headersByObject() {
  const text = (await capture('ninja', ['-C', build, '-t', 'deps'])) ?? ''
  const headers = new Map()
  let current = []
  for (const line of text.split('\n')) {
    const object = /^(\S+): #deps/.exec(line)?.[1]
    if (object !== undefined) headers.set(object, (current = []))
    const path = line.startsWith('    ') ? line.trim() : ''
    const full = isAbsolute(path) ? path : resolve(build, path)
    if (path !== '' && /^(core|addon)\//.test(relative(root, full)) && existsSync(full))
      current.push(full)
  }
  return headers
}

function tidy(file) {
  return new Promise((done, fail) => {
    const child = spawn('clang-tidy', ['--quiet', '-p', build, file], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk))
    child.on('error', fail)
    child.on('close', (code) => done({ code, output }))
  })
}
