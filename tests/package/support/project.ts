/** A program of somebody who installs dodici: a folder of its own, a package manager, and a PATH on which there is no compiler. */
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const tools = fileURLToPath(new URL('../tools/node_modules/', import.meta.url))

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder that lasts as long as the test file. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dodici-package-'))
  folders.push(folder)
  return folder
}

/** How each manager is told to install. */
const managers = {
  npm: [systemNpm(), 'install', '--no-audit', '--no-fund'],
  pnpm: ['pnpm/bin/pnpm.cjs', 'install', '--ignore-scripts', '--no-frozen-lockfile'],
  yarn: ['@yarnpkg/cli-dist/bin/yarn.js', 'install', '--no-immutable'],
} as const

function systemNpm(): string {
  const searched = (process.env['PATH'] ?? '').split(delimiter)
  const found = searched.map((folder) => join(folder, 'npm')).find((file) => existsSync(file))
  if (found === undefined) throw new Error('there is no npm on the PATH')
  // A link to its script. npm itself would say where the global packages of the first Node on the PATH are.
  return realpathSync(found)
}

export type Manager = keyof typeof managers

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A file of one of the tools' packages. */
export function toolFile(path: string): string {
  return join(tools, path)
}

export class Project {
  readonly folder = makeFolder()
  readonly #registry: string
  readonly #env: Record<string, string>

  /** `files`: text by name. */
  constructor(registry: string, files: Readonly<Record<string, string>> = {}) {
    this.#registry = registry
    const home = makeFolder()
    // The only program there is.
    symlinkSync(process.execPath, join(home, 'node'))
    this.#env = {
      PATH: home,
      HOME: home,
      npm_config_registry: registry,
      npm_config_cache: join(home, 'cache'),
      npm_config_update_notifier: 'false',
      YARN_NPM_REGISTRY_SERVER: registry.replace(/\/$/, ''),
      YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
      YARN_ENABLE_GLOBAL_CACHE: 'false',
      YARN_ENABLE_TELEMETRY: '0',
      // The tarballs are minutes old.
      YARN_NPM_MINIMAL_AGE_GATE: '0',
      YARN_NODE_LINKER: 'node-modules',
      ...extraCertificates(),
    }
    this.write(files)
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.folder, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
  }

  /** Installs `dependencies`; throws what the manager printed when it fails. */
  async install(
    dependencies: Readonly<Record<string, string>>,
    manager: Manager,
    more: readonly string[],
  ): Promise<void> {
    const manifest = { name: 'app', private: true, dependencies }
    this.write({ 'package.json': JSON.stringify(manifest) })
    const [script, ...args] = managers[manager]
    const { code, stdout, stderr } = await this.node([resolve(tools, script), ...args, ...more])
    if (code !== 0)
      throw new Error(`${manager} install from ${this.#registry}:\n${stdout}${stderr}`)
  }

  /** Runs Node, or another `program`, in the folder. */
  node(
    args: readonly string[],
    { program = process.execPath, env = {} }: { program?: string; env?: object } = {},
  ): Promise<Ran> {
    return run(program, args, { cwd: this.folder, env: { ...this.#env, ...env } })
  }

  /** Runs one of the tools by its file's path within its package. */
  tool(path: string, args: readonly string[]): Promise<Ran> {
    return this.node([toolFile(path), ...args])
  }
}

export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const ran = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ran.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (ran.stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...ran, code }))
  })
}

// What this machine needs to reach its own registry.
function extraCertificates(): Record<string, string> {
  const file = process.env['NODE_EXTRA_CA_CERTS']
  return file === undefined ? {} : { NODE_EXTRA_CA_CERTS: file }
}
