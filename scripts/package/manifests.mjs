// package.json of each package, made from the checkout's package.json, without what only development needs.
import { readFileSync } from 'node:fs'
import { inRoot } from '../support/paths.mjs'
import { platforms } from './platforms.mjs'

const own = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
const { version, license, repository, homepage, bugs, engines, publishConfig } = own
const shared = { license, repository, homepage, bugs, engines, publishConfig }

/** For the package that programs import. Each platform's addon is optional: a package manager installs the one that fits. */
export function mainManifest() {
  const { devDependencies: _dev, scripts: _scripts, allowScripts: _allowed, ...rest } = own
  const made = Object.keys(platforms).filter((name) => platforms[name].made)
  const addons = made.map((name) => [`@dodici/${name}`, version])
  return { ...rest, optionalDependencies: Object.fromEntries(addons) }
}

/** The only code of a platform package. It exports the addon's path, in a form that makes tracers include the addon. */
export const pathModule = "module.exports = require.resolve('./dodici.node')\n"

/** For the package with the addon for `name`. */
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
    // Otherwise pnpm and Yarn's PnP keep the package in an archive, from which an addon can't be loaded.
    preferUnplugged: true,
  }
}
