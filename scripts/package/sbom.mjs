// A list of what is linked into an addon, for tools that look for known faults: CycloneDX 1.6.
import { readLibraries } from '../bundled/versions.mjs'

/** `versions`: what was linked in, as in bundled.json: `{ version }` by name. */
export function sbomOf({ name, version, license }, versions) {
  const linked = readLibraries().filter((library) => library.name in versions)
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'library', name, version, licenses: [{ expression: license }] },
    },
    components: linked.map((library) => component(library, versions[library.name].version)),
  }
}

function component({ name, release, sha256 }, version) {
  const content = sha256[version]
  return {
    type: 'library',
    name,
    version,
    'bom-ref': `${name}@${version}`,
    ...(content !== undefined && { hashes: [{ alg: 'SHA-256', content }] }),
    externalReferences: [{ type: 'distribution', url: release.replaceAll('{version}', version) }],
  }
}
