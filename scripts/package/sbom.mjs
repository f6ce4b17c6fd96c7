// The libraries linked into an addon, as CycloneDX 1.6, for tools that look for known vulnerabilities.
import { readLibraries } from '../bundled/versions.mjs'

/** `versions` has a `{ version }` by library name, as bundled.json has it. */
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
  // The release's own tarball and Debian's may differ in packing.
  const pinned = sha256[version] ?? []
  return {
    type: 'library',
    name,
    version,
    'bom-ref': `${name}@${version}`,
    ...(pinned.length > 0 && { hashes: pinned.map((content) => ({ alg: 'SHA-256', content })) }),
    externalReferences: [{ type: 'distribution', url: release.replaceAll('{version}', version) }],
  }
}
