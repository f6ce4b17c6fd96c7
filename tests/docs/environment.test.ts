/** docs/environment.md has every variable that the code reads. */
import { describe, expect, it } from 'vitest'
import { projectFiles, read } from '../architecture/support.ts'

const page = read('docs/environment.md')

/** The ways in which the sources read a variable. */
const reads = [
  /\benv\['(\w+)'\]/g,
  /\b([A-Z][A-Z_]+)(?:: \w+)?(?: = '[^']*')?(?=[^{}\n]*\} = process\.env)/g,
  /\bgetenv\("(\w+)"\)/g,
]

describe('docs/environment.md', () => {
  it('has all variables that the code reads', () => {
    const sources = projectFiles(/^(lib|core\/src|addon)\/.*\.(ts|h|cpp)$/).map(read)
    const names = sources.flatMap((source) =>
      reads.flatMap((pattern) => [...source.matchAll(pattern)].map(([, name = '']) => name)),
    )
    const expected = ['DODICI_DEBUG', 'DODICI_LOOP_THREADS', 'SSL_CERT_DIR', 'no_proxy']
    expect(names).toEqual(expect.arrayContaining(expected))
    expect(
      names.filter((name) => !page.includes(`\`${name}\``) && name !== 'NODE_OPTIONS'),
    ).toEqual([])
  })
})
