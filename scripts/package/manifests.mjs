// package.json of each package, made from the checkout's own: what concerns development stays here.
import { readFileSync } from 'node:fs'
import { inRoot } from '../support/paths.mjs'
import { platforms } from './platforms.mjs'

const own = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
const { version, license, repository, homepage, bugs, engines, publishConfig } = own
const shared = { license, repository, homepage, bugs, engines, publishConfig }

/** Of the package that programs import. Each platform's addon is optional: a package manager installs the one that fits. */
export function mainManifest() {
  const { devDependencies: _dev, scripts: _scripts, allowScripts: _allowed, ...rest } = own
  const made = Object.keys(platforms).filter((name) => platforms[name].made)
  const addons = made.map((name) => [`@dodici/${name}`, version])
  return { ...rest, optionalDependencies: Object.fromEntries(addons) }
}

/** The platform package's only code: its value is the addon's path. Tracers understand it, and take the addon along. */
export const pathModule = "module.exports = require.resolve('./dodici.node')\n"

/** Of the package with the addon for `name`. */
export function platformManifest(name) {
  const { os, cpu, libc } = platforms[name]
  return {
    name: `@dodici/${name}`,
    version,
    description: `The native part of dodici for ${name}. Install dodici instead.`,
    ...shared,
    os: [os],
    cpu: [cpu],
    ...(libc !== undefined && { libc: [libc] }),
    main: 'addon.cjs',
    files: ['addon.cjs', 'dodici.node', 'bundled.json', 'THIRD-PARTY-NOTICES'],
    // pnpm and Yarn's PnP would keep it in an archive, and an addon can't be loaded from there.
    preferUnplugged: true,
  }
}
