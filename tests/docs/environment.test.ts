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

const sources = projectFiles(/^(lib|core\/src|addon)\/.*\.(ts|h|cpp)$/).map(read)
const names = sources.flatMap((source) =>
  reads.flatMap((pattern) => [...source.matchAll(pattern)].map(([, name = '']) => name)),
)

describe('docs/environment.md', () => {
  it('has all variables that the code reads', () => {
    const expected = ['DODICI_DEBUG', 'DODICI_LOOP_THREADS', 'SSL_CERT_DIR', 'no_proxy']
    expect(names).toEqual(expect.arrayContaining(expected))
    const missing = names.filter((name) => !page.includes(`\`${name}\``))
    expect(missing.filter((name) => name !== 'NODE_OPTIONS')).toEqual([])
  })

  it('has no variables of dodici’s own but those', () => {
    const own = [...page.matchAll(/`(DODICI_\w+)`/g)].map(([, name = '']) => name)
    expect(own.length).toBeGreaterThan(4)
    expect(own.filter((name) => !names.includes(name))).toEqual([])
  })
})
